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

from consent import registry, services
from consent.services import Service
from ossnet_site.from_settings import from_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class State(Enum):
    """Where one category stands. Only GRANTED lets anything run."""

    UNDECIDED = "undecided"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Answer:
    """The visitor's yes or no to one category, when it was given (UTC), and for which scope (``registry.Category``).

    ``despite_gpc`` is true when the browser sent Global Privacy Control with it: then it counts for more than the
    signal.
    """

    granted: bool
    decided_at: datetime
    scope: str = ""
    despite_gpc: bool = False


@dataclass(frozen=True)
class StoredChoice:
    """What the visitor's consent records say, as the signed cookie carries it.

    ``answers`` holds each category that the visitor was asked for.
    """

    record_id: uuid.UUID
    subject_id: uuid.UUID
    answers: Mapping[str, Answer]


@from_settings
def lifetime() -> timedelta:
    """How long a decision holds, given or refused alike: 182 days."""
    return timedelta(seconds=settings.COOKIE_CONSENT_MAX_AGE)


def state_of(answer: Answer | None, now: datetime, scope: str | None) -> State:
    """The one rule from facts to state. A category without an answer was never asked for: undecided.

    ``scope`` is that of the category now, None when it cannot be known. A grant lapses with its scope; a refusal
    covers whatever comes.
    """
    if answer is None or (answer.granted and scope is None):
        return State.UNDECIDED
    if now >= answer.decided_at + lifetime() or (answer.granted and answer.scope != scope):
        return State.EXPIRED
    return State.GRANTED if answer.granted else State.REFUSED


@dataclass(frozen=True)
class Consent:
    """The visitor's consent on this request: immutable, computed from the cookie, the clock and the signal.

    ``gpc`` is whether the browser sent Global Privacy Control. ``scopes`` answers what each category stands for now,
    asked only for a visitor who granted something.
    """

    choice: StoredChoice | None = None
    now: datetime = field(default_factory=timezone.now)
    gpc: bool = False
    scopes: Callable[[], Mapping[str, str]] = registry.scopes

    @cached_property
    def states(self) -> dict[str, State]:
        """The state of each offered category, in display order."""
        return self.own_states | dict.fromkeys(self.by_signal, State.REFUSED)

    @cached_property
    def own_states(self) -> dict[str, State]:
        """The same by the visitor's decisions alone, without the signal."""
        scopes = self.scopes() if any(answer.granted for answer in self.answers.values()) else {}
        return {
            category: state_of(self.answers.get(category), self.now, scopes.get(category))
            for category in services.offered_categories()
        }

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The visitor's answers, whatever has become of them."""
        return self.choice.answers if self.choice else {}

    @cached_property
    def by_signal(self) -> tuple[str, ...]:
        """The categories that Global Privacy Control refuses: all that were not decided while it was sent."""
        if not self.gpc:
            return ()
        stands = {State.GRANTED, State.REFUSED}
        despite = {category for category, answer in self.answers.items() if answer.despite_gpc}
        return tuple(c for c, state in self.own_states.items() if not (state in stands and c in despite))

    @cached_property
    def allowed(self) -> tuple[str, ...]:
        """The categories, offered or not, to which the visitor's yes has neither lapsed nor been overtaken."""
        standing = {State.GRANTED, State.UNDECIDED}  # undecided: an answer whose scope is not known at the moment
        return tuple(
            category
            for category, answer in self.answers.items()
            if answer.granted and self.own_states.get(category, State.UNDECIDED) in standing
        )

    @cached_property
    def granted(self) -> tuple[str, ...]:
        """The categories whose services may run in this answer."""
        return self._in(State.GRANTED)

    @cached_property
    def refused(self) -> tuple[str, ...]:
        """The categories the visitor said no to."""
        return self._in(State.REFUSED)

    @property
    def key(self) -> str:
        """All that one visitor's page may differ by from another's, such as "granted,refused,refused by signal"."""
        return ",".join(
            f"{state.value} by signal" if category in self.by_signal else state.value
            for category, state in self.states.items()
        )

    @property
    def changes_at(self) -> datetime | None:
        """When the clock alone changes the state next: an answer lapses. None when it cannot."""
        lapses = [answer.decided_at + lifetime() for answer in self.answers.values()]
        return min((moment for moment in lapses if moment > self.now), default=None)

    @property
    def services(self) -> tuple[Service, ...]:
        """The services that may run in this answer."""
        return services.of_categories(self.granted)

    @property
    def ended_services(self) -> tuple[Service, ...]:
        """The services the visitor has answered about that may not run: refused, expired, or no longer offered."""
        running = {service.slug for service in self.services}
        unknown = {category for category in self.allowed if self.states.get(category) is State.UNDECIDED}
        return tuple(
            service
            for service in services.ALL_SERVICES
            if service.category in self.answers.keys() - unknown and service.slug not in running
        )

    @property
    def idle_services(self) -> tuple[Service, ...]:
        """All services that may not run, once there is nothing left to ask: the same for everybody in one state."""
        return () if self.must_ask else tuple(s for s in services.ALL_SERVICES if s not in self.services)

    @cached_property
    def undecided(self) -> tuple[str, ...]:
        """The categories to ask for: not decided yet, too long ago, or for something else."""
        return self._in(State.UNDECIDED, State.EXPIRED)

    @property
    def must_ask(self) -> bool:
        """Whether there is a category to ask for."""
        return bool(self.undecided)

    @property
    def decided(self) -> bool:
        """Whether a decision of the visitor on any offered category stands."""
        stands = {State.GRANTED, State.REFUSED}
        return any(state in stands and category not in self.by_signal for category, state in self.states.items())

    def _in(self, *wanted: State) -> tuple[str, ...]:
        return tuple(category for category, state in self.states.items() if state in wanted)


class ConsentRequest(HttpRequest):
    """A request that ``consent.middleware`` has passed; for type checkers only."""

    consent: Consent
