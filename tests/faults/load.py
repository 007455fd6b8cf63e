"""Visitors who read and decide all the time, and a book of what each was told."""

import http.client
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

from tests.faults.instance import Answer, ask, get, until

POLICY = "/privatuma-politika/"
PAGES = ("/", POLICY, "/kontakti/", "/sikdatnes/", "/en/privacy-policy/", "/en/cookies/")
NAMED = re.compile(r"__Host-consent=[^;]*\brecord=([0-9a-f-]{36})")
DISCLOSURE = re.compile(r'name="disclosure" value="([0-9a-f]{64})"')
# What says that nothing was decided. 0 is a connection that broke: then a visitor cannot know.
NOT_DECIDED = {0, 502, 503, 504}
# How the pages begin that decisions under load come from.
MARKED = "/page/"
# Seconds between two requests of one visitor, so that a machine of two processors does other things too.
PAUSE = 0.04


@dataclass
class Press:
    """One decision of one visitor. ``mark`` is the page it came from, by which its record is found again.

    ``record`` is what the answer's cookie names; empty where there was none.
    """

    mark: str
    status: int
    record: str = ""


def disclosure(port: int) -> str:
    """The words that the banner shows now."""
    found = DISCLOSURE.search(get(port, POLICY).text)
    assert found, "there is a banner"
    return found[1]


def decide(
    port: int, decision: str, words: str, mark: str, *, cookie: str = "", address: str = "/sikdatnes/"
) -> Answer:
    """Press a button of the banner. Raises OSError or HTTPException."""
    body = f"decision={decision}&" + urlencode({"disclosure": words, "next": mark})
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-User": "?1",
        "User-Agent": mark,  # a browser of its own: no press is another's repetition
        "Cookie": cookie,
    }
    return ask(port, "POST", address, body, headers)


def cookie_of(answer: Answer) -> str:
    """What the browser sends from now on."""
    values: list[str] = answer.headers.get_all("Set-Cookie", [])
    return next((value.partition(";")[0] for value in values if NAMED.search(value)), "")


@dataclass
class Load:
    """Bounded by ``stop``, which the ``with`` statement calls; the visitors of one thread follow each other.

    ``ports`` are taken in turn. With ``presses_again`` everybody holds a cookie, and presses once more after an answer
    that decides nothing: then the same press must not count twice.
    """

    ports: tuple[int, ...]
    presses_again: bool = False
    readers: int = 2
    deciders: int = 3
    presses: list[Press] = field(default_factory=list)
    pages: list[tuple[str, int, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __enter__(self) -> "Load":
        self.words = disclosure(self.ports[0])
        self.over = threading.Event()
        kinds: list[Callable[[], None]] = [self._read] * self.readers + [self._decide] * self.deciders
        self.threads = [threading.Thread(target=self._run, args=(kind,), daemon=True) for kind in kinds]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def go_on(self, presses: int = 40) -> None:
        """Until so many more decisions, and as many page views, were answered with success."""
        decided, read = self.decided + presses, self.read + presses
        until(
            lambda: (
                self.problems
                or ((not self.deciders or self.decided >= decided) and (not self.readers or self.read >= read))
            ),
            f"{presses} more answers; so far {self.statuses}",
        )

    @property
    def decided(self) -> int:
        """How many decisions were answered with success."""
        return sum(bool(press.record) for press in list(self.presses))

    @property
    def read(self) -> int:
        """How many page views were answered with success."""
        return sum(status == 200 for _path, status, _problem in list(self.pages))

    @property
    def statuses(self) -> Counter[int]:
        """What the decisions were answered with."""
        return Counter(press.status for press in list(self.presses))

    def _run(self, kind: Callable[[], None]) -> None:
        try:
            kind()
        except Exception as problem:
            self.problems.append(repr(problem))

    def _read(self) -> None:
        ports = cycle(self.ports)
        for path in cycle(PAGES):
            if self.over.wait(PAUSE):
                return
            try:
                answer = get(next(ports), path)
                whole = "</html>" in answer.text
                self.pages.append((path, answer.status, "" if whole else "cut off"))
            except (OSError, http.client.HTTPException) as problem:
                self.pages.append((path, 0, repr(problem)))

    def _decide(self) -> None:
        ports, cookie = cycle(self.ports), ""
        for decision in cycle(("accept_all", "reject_all")):
            if self.over.wait(PAUSE):
                return
            mark = f"{MARKED}{uuid.uuid4()}/"
            answer = self._press(next(ports), decision, mark, cookie)
            cookie = cookie_of(answer) if answer and self.presses_again else ""

    def _press(self, port: int, decision: str, mark: str, cookie: str) -> Answer | None:
        """Once; again and again with a cookie by which a repetition is known."""
        while True:
            answer = self._pressed(port, decision, mark, cookie)
            status = answer.status if answer else 0
            is_decided = status not in NOT_DECIDED
            if is_decided or not (self.presses_again and cookie) or self.over.is_set():
                record = NAMED.search(cookie_of(answer)) if answer and status == 303 else None
                self.presses.append(Press(mark, status, record[1] if record else ""))
                return answer if record else None
            time.sleep(PAUSE)

    def _pressed(self, port: int, decision: str, mark: str, cookie: str) -> Answer | None:
        try:
            return decide(port, decision, self.words, mark, cookie=cookie)
        except (OSError, http.client.HTTPException):
            return None


def assert_nothing_lost_or_doubled(load: Load, outcome: dict[str, Any]) -> None:
    """Whatever was answered with success is there, once; nothing is there that nobody decided; and the log holds."""
    assert not load.problems
    by_mark: dict[str, list[str]] = {press.mark: [] for press in load.presses}
    for record in outcome["records"]:
        if record["path"].startswith(MARKED):
            by_mark[record["path"]].append(record["id"])
    doubled = {mark: found for mark, found in by_mark.items() if len(found) > 1}
    assert not doubled, f"{len(doubled)} presses made more than one record"
    lost = [press for press in load.presses if press.record and by_mark[press.mark] != [press.record]]
    assert not lost, f"{len(lost)} of {load.decided} decisions were answered with success and are not there"
    claimed = [press for press in load.presses if press.status == 303 and not press.record]
    assert not claimed, "a redirect of a decision names its record"
    odd = Counter(press.status for press in load.presses if press.status != 303 and press.status not in NOT_DECIDED)
    assert not odd, f"no other answers than success and a server that is away: {odd}"
    assert outcome["log"]["records"] == len(outcome["records"])
    assert outcome["log"]["waiting"] == 0
    assert outcome["integrity"] == ["ok"]


def assert_every_page_was_there(load: Load) -> None:
    """As a whole, whoever asked."""
    failed = [page for page in load.pages if page[1:] != (200, "")]
    assert not failed, f"{len(failed)} of {len(load.pages)} page views failed, such as {failed[0]}"
