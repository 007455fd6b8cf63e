"""What a visitor has chosen, as every page, the Content-Security-Policy and the scripts see it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from consent import services
from consent.services import Service

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(Enum):
    """Where one category stands. Only GRANTED lets anything run."""

    UNDECIDED = "undecided"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True)
class StoredChoice:
    """A committed decision as the signed cookie carries it.

    ``grants`` maps each category the visitor was asked for to yes or no; ``decided_at`` is in UTC.
    """

    record_id: uuid.UUID
    subject_id: uuid.UUID
    decided_at: datetime
    grants: Mapping[str, bool]


def lifetime() -> timedelta:
    """How long a decision holds, given or refused alike: 182 days."""
    return timedelta(seconds=settings.COOKIE_CONSENT_MAX_AGE)


def state_of(category: str, choice: StoredChoice | None, now: datetime) -> State:
    """The one rule from facts to state. A category that the choice does not name was never asked for: undecided."""
    if choice is None or category not in choice.grants:
        return State.UNDECIDED
    if now >= choice.decided_at + lifetime():
        return State.EXPIRED
    return State.GRANTED if choice.grants[category] else State.REFUSED


@dataclass(frozen=True)
class Consent:
    """The visitor's consent on this request: immutable, computed without a database query."""

    choice: StoredChoice | None = None
    now: datetime = field(default_factory=timezone.now)

    @cached_property
    def states(self) -> dict[str, State]:
        """The state of each offered category, in display order."""
        return {category: state_of(category, self.choice, self.now) for category in services.offered_categories()}

    @cached_property
    def granted(self) -> tuple[str, ...]:
        """The categories whose services may run in this answer."""
        return self._in(State.GRANTED)

    @cached_property
    def refused(self) -> tuple[str, ...]:
        """The categories the visitor said no to."""
        return self._in(State.REFUSED)

    @property
    def services(self) -> tuple[Service, ...]:
        """The services that may run in this answer."""
        return services.of_categories(self.granted)

    @property
    def ended_services(self) -> tuple[Service, ...]:
        """The services the visitor has decided about that may not run: refused, expired, or no longer offered."""
        decided = self.choice.grants if self.choice else {}
        return tuple(s for s in services.ALL_SERVICES if s.category in decided and s not in self.services)

    @property
    def must_ask(self) -> bool:
        """Whether a category is offered that the visitor has not decided, or decided too long ago."""
        return any(state in {State.UNDECIDED, State.EXPIRED} for state in self.states.values())

    @property
    def decided(self) -> bool:
        """Whether a decision on every offered category stands."""
        return bool(self.states) and not self.must_ask

    def _in(self, state: State) -> tuple[str, ...]:
        return tuple(category for category, its_state in self.states.items() if its_state is state)


class ConsentRequest(HttpRequest):
    """A request that ``consent.middleware`` has passed; for type checkers only."""

    consent: Consent
