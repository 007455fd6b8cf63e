"""The pages of a list that may hold millions of rows: counting stops a little beyond what is looked at."""

import re
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.functional import cached_property

AHEAD = 100  # pages that the list offers beyond the one that is looked at
DEEPEST = 1_000_000  # page; no database takes an offset without end
DIGITS = re.compile("[0-9]{1,18}")


class NearbyPaginator(Paginator):  # type: ignore[type-arg] # takes no parameter while the program runs
    """Counts only as far as the pages that it offers, so that a page costs the same however many rows follow.

    ``page`` is the one that is asked for, as the address has it.
    """

    def __init__(self, rows: QuerySet[Any], per_page: int, page: str) -> None:
        super().__init__(rows, per_page)
        self.rows = rows
        number = int(page) if DIGITS.fullmatch(page) else 1
        self.most = (min(max(number, 1), DEEPEST) + AHEAD) * per_page

    @cached_property
    def found(self) -> int:
        """How many rows there are, but one more than the pages hold at most."""
        # The order decides nothing here. The database stops at the limit.
        return self.rows.order_by()[: self.most + 1].count()

    @cached_property
    def count(self) -> int:
        """How many rows the pages hold."""
        return min(self.found, self.most)

    @property
    def is_cut(self) -> bool:
        """Whether rows follow that were not counted."""
        return self.found > self.most

    @property
    def in_words(self) -> str:
        """The count with its thousands apart."""
        return str(number_format(self.count, use_l10n=True, force_grouping=True))
