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
    """The visitor's yes or no to one category, when it was given (UTC), and for which scope (``registry.Category``)."""

    granted: bool
    decided_at: datetime
    scope: str = ""


@dataclass(frozen=True)
class StoredChoice:
    """What the visitor's latest consent record says, as the signed cookie carries it.

    ``answers`` holds each category that the visitor was asked for. ``despite_gpc`` is true when the browser sent Global
    Privacy Control with the decision, which then counts for more than the signal.
    """

    record_id: uuid.UUID
    subject_id: uuid.UUID
    answers: Mapping[str, Answer]
    despite_gpc: bool = False


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
        signal = dict.fromkeys(self.own_states, State.REFUSED) if self.gpc else {}
        return self.own_states | signal | self._explicit

    @cached_property
    def own_states(self) -> dict[str, State]:
        """The same by the visitor's decisions alone, without the signal."""
        answers = self.choice.answers if self.choice else {}
        scopes = self.scopes() if any(answer.granted for answer in answers.values()) else {}
        return {
            category: state_of(answers.get(category), self.now, scopes.get(category))
            for category in services.offered_categories()
        }

    @property
    def _explicit(self) -> dict[str, State]:
        """What holds against the signal: decisions that were made while the browser sent it."""
        if not (self.choice and self.choice.despite_gpc):
            return {}
        return {c: state for c, state in self.own_states.items() if state in {State.GRANTED, State.REFUSED}}

    @property
    def signalled(self) -> bool:
        """Whether Global Privacy Control decides a category, as a refusal."""
        return self.gpc and self._explicit.keys() != self.own_states.keys()

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
        """What makes one visitor's page differ from another's, such as "granted,refused,refused" or "… by signal"."""
        return ",".join(state.value for state in self.states.values()) + (" by signal" if self.signalled else "")

    @property
    def services(self) -> tuple[Service, ...]:
        """The services that may run in this answer."""
        return services.of_categories(self.granted)

    @property
    def ended_services(self) -> tuple[Service, ...]:
        """The services the visitor has decided about that may not run: refused, expired, or no longer offered."""
        decided = self.choice.answers if self.choice else {}
        running = self.services
        unknown = [category for category in self.undecided if category in decided]
        return tuple(
            service
            for service in services.ALL_SERVICES
            if service.category in decided and service.category not in unknown and service not in running
        )

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
        """Whether a decision of the visitor on every offered category stands."""
        return bool(self.states) and not self.must_ask and not self.signalled

    def _in(self, *wanted: State) -> tuple[str, ...]:
        return tuple(category for category, state in self.states.items() if state in wanted)


class ConsentRequest(HttpRequest):
    """A request that ``consent.middleware`` has passed; for type checkers only."""

    consent: Consent
