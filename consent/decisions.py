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


def event(given: Collection[str], refused: Collection[str], allowed_before: Collection[str]) -> ConsentRecord.Event:
    """What the record says happened, whatever was pressed: ending grants without giving a new one is a withdrawal.

    ``given`` is what the visitor said yes to under the words on the screen, be it once more.
    """
    if given and not refused:
        return Event.GIVEN
    if set(refused) & set(allowed_before) and set(given) <= set(allowed_before):
        return Event.WITHDRAWN
    return Event.PARTLY_GIVEN if given else Event.REFUSED
