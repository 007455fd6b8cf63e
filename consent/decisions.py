"""A decision as a pure function: from what the visitor pressed and ticked to a yes or no per category."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from consent.models import ConsentRecord

Event = ConsentRecord.Event
Control = ConsentRecord.Control


class Decision(StrEnum):
    """The values of the form's field ``decision``."""

    ACCEPT_ALL = "accept_all"
    REJECT_ALL = "reject_all"
    SAVE = "save"
    WITHDRAW = "withdraw"


# These speak of what the banner asked for; the others of everything.
OF_THE_BANNER = {Decision.ACCEPT_ALL, Decision.REJECT_ALL}
CONTROLS = {
    Decision.ACCEPT_ALL: Control.BANNER_ACCEPT,
    Decision.REJECT_ALL: Control.BANNER_REJECT,
    Decision.SAVE: Control.SETTINGS,
    Decision.WITHDRAW: Control.WITHDRAWAL,
}


def grants(decision: Decision, ticked: Collection[str], offered: Sequence[str]) -> dict[str, bool]:
    """A yes or no for each offered category. A category that was not ticked is refused."""
    if decision is Decision.ACCEPT_ALL:
        return dict.fromkeys(offered, True)
    if decision is Decision.SAVE:
        return {category: category in ticked for category in offered}
    return dict.fromkeys(offered, False)


def event(decided: dict[str, bool], granted_before: Collection[str]) -> ConsentRecord.Event:
    """What the record says happened, whatever was pressed. Ending grants and giving none is a withdrawal."""
    if all(decided.values()) and decided:
        return Event.GIVEN
    new = [category for category, granted in decided.items() if granted and category not in granted_before]
    ended = [category for category, granted in decided.items() if not granted and category in granted_before]
    if ended and not new:
        return Event.WITHDRAWN
    return Event.PARTLY_GIVEN if any(decided.values()) else Event.REFUSED
