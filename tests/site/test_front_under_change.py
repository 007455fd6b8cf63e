"""Whatever happens in whatever order, the front never answers with a page of another state or of other content.

Two processes with the front on share one database with a third one, in which staff work and which says how the page
must look: it renders anew, on a copy of the database, for the same visitor and moment. A change of the content may be
unknown to the others for two seconds; then the copy from before the change counts as right, too. Decisions and
everything that the clock does must show at once.
"""

import base64
import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import brotli
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.environment import child_environment

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
# Seconds since 1970. Not before the database's own clock, by which it lets nobody call back what has taken effect.
START = float(int(time.time()) + 3600)
UNKNOWN_FOR = 2.0  # seconds
LIFETIME = 182 * 24 * 60 * 60
ADDRESSES = [
    "/", "/en/contacts/", "/privatuma-politika/", "/en/privacy-policy/", "/privatuma-politika/versijas/",
    "/privatuma-politika/versijas/1/", "/privatuma-politika/versijas/3/", "/privatuma-politika/versijas/3/izmainas/",
    "/sikdatnes/", "/en/cookies/", "/none/",
]  # fmt: skip
CATEGORIES = ["analytics", "facebook", "hotjar"]
# Added by the front, or different for what it compresses.
OF_THE_FRONT = {"etag", "content-length", "content-encoding", "vary"}
WHICH = st.integers(0, 1)
WHO = st.integers(0, 3)


class Process:
    """A worker, see ``tests.site.worker``."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.site.worker"],
            cwd=ROOT,
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, "the worker failed; its error is above"
        return json.loads(answer)

    def end(self) -> None:
        self.process.communicate()
        assert self.process.returncode == 0


class Visitor:
    """A browser: its consent cookie, other cookies, and whether it sends the signal."""

    def __init__(self, *, sends_gpc: bool, others: str) -> None:
        self.cookie, self.others, self.sends_gpc = "", others, sends_gpc

    def headers(self) -> dict[str, str]:
        cookies = "; ".join(filter(None, [self.cookie, self.others]))
        return ({"HTTP_COOKIE": cookies} if cookies else {}) | ({"HTTP_SEC_GPC": "1"} if self.sends_gpc else {})


class Page:
    """An answer, unpacked."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.pairs = [(name, value) for name, value in answer["headers"] if name.lower() not in OF_THE_FRONT]
        unpack = {"br": brotli.decompress, "gzip": gzip.decompress}
        encoding = dict(answer["headers"]).get("Content-Encoding", "")
        self.body = unpack.get(encoding, bytes)(base64.b64decode(answer["body"])).decode()
        self.status = answer["status"]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Page) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"{self.status} {self.pairs}\n{self.body[:3000]}"


class Machine(RuleBasedStateMachine):
    """Visitors, staff and the clock, in any order."""

    servers: list[Process]
    truth: Process
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.database = f"{self.folder.name}/site.sqlite3"
        copy(str(self.template), self.database)
        self.now = self.monotonic = START
        self.copies = 0
        self.snapshot = self.copied()
        self.replaced: list[tuple[float, str]] = []  # when a snapshot ceased to be the truth
        self.effects: list[float] = []
        self.visitors = [
            Visitor(sends_gpc=False, others=""),
            Visitor(sends_gpc=False, others="theme=dark"),
            Visitor(sends_gpc=True, others=""),
            Visitor(sends_gpc=False, others="_ga=GA1; _hjSession_1=x; extra7=y"),
        ]
        for server in self.servers:
            self.ask(server, "view", anew=True, facts={"front": True, "PATH_INFO": "/"})

    def ask(self, process: Process, do: str, database: str = "", **request: Any) -> Any:
        return process.ask(do=do, at=self.now, monotonic=self.monotonic, database=database or self.database, **request)

    def copied(self) -> str:
        self.copies += 1
        name = f"{self.folder.name}/{self.copies}.sqlite3"
        copy(self.database, name)
        return name

    def staff(self, do: str, **facts: Any) -> Any:
        """Change the content, from a process that serves nobody."""
        result = self.ask(self.truth, do, facts=facts)
        self.replaced.append((self.monotonic, self.snapshot))
        self.snapshot = self.copied()
        return result

    def right(self, facts: dict[str, Any]) -> list[Page]:
        """How the answer may look: as the content is, or as it was up to two seconds ago."""
        old = [snapshot for since, snapshot in self.replaced if self.monotonic - since <= UNKNOWN_FOR]
        return [
            Page(self.ask(self.truth, "view", database=snapshot, facts={"front": False, **facts}))
            for snapshot in [self.snapshot, *old]
        ]

    def seen(self, server: int, visitor: int, address: str, **more: str) -> Page:
        facts = {"PATH_INFO": address, **self.visitors[visitor].headers(), **more}
        page = Page(self.ask(self.servers[server], "view", facts={"front": True, **facts}))
        right = self.right(facts)
        assert page in right, f"{address} for visitor {visitor}: {page}\n\n instead of {right[0]}"
        return page

    @rule(server=WHICH, visitor=WHO, address=st.sampled_from(ADDRESSES), accepts=st.sampled_from(["", "gzip", "br"]))
    def look(self, server: int, visitor: int, address: str, accepts: str) -> None:
        self.seen(server, visitor, address, HTTP_ACCEPT_ENCODING=accepts)

    @rule(visitor=WHO, address=st.sampled_from(ADDRESSES[:5]))
    def look_everywhere(self, visitor: int, address: str) -> None:
        for server in (0, 1, 0):
            self.seen(server, visitor, address)

    @rule(
        server=WHICH,
        visitor=WHO,
        decision=st.sampled_from(["accept_all", "accept_all", "reject_all", "save", "withdraw"]),
        ticked=st.sets(st.sampled_from(CATEGORIES)),
    )
    def decide(self, server: int, visitor: int, decision: str, ticked: set[str]) -> None:
        address = "/" if decision == "accept_all" else "/sikdatnes/"
        page = self.seen(server, visitor, address)
        shown = re.search(r'name="disclosure" value="(\w+)"', page.body)
        form = [("decision", decision), ("disclosure", shown[1] if shown else ""), ("next", "/")]
        form += [("category", category) for category in sorted(ticked) if decision == "save"]
        answer = self.ask(
            self.servers[server],
            "view",
            facts={
                "front": True, "PATH_INFO": "/sikdatnes/", "REQUEST_METHOD": "POST", "body": urlencode(form),
                "HTTP_SEC_FETCH_SITE": "same-origin", **self.visitors[visitor].headers(),
            },
        )  # fmt: skip
        lately = any(self.monotonic - since <= UNKNOWN_FOR for since, _snapshot in self.replaced)
        assert answer["status"] == 303 or (answer["status"] == 409 and (lately or not shown)), answer
        for name, value in answer["headers"]:
            if name == "Set-Cookie" and value.strip().startswith("consent="):
                self.visitors[visitor].cookie = value.strip().partition(";")[0]
        for each in (server, 1 - server):
            self.seen(each, visitor, "/")

    @rule(after=st.sampled_from([0, 2, 3600, 5 * 86400]), is_material=st.booleans())
    def publish(self, after: int, is_material: bool) -> None:
        if effect := self.staff("publish", after=after, is_material=is_material):
            self.effects.append(effect)

    @rule()
    def call_back(self) -> None:
        self.staff("cancel")

    @rule(
        what=st.sampled_from(["wording", "end grants", "declare", "remove"]),
        category=st.sampled_from(CATEGORIES),
        number=st.integers(0, 9),
    )
    def edit_the_registry(self, what: str, category: str, number: int) -> None:
        self.staff("edit", what=what, category=category, number=number)

    @rule(seconds=st.sampled_from([0.001, 0.4, 0.999, 1.0, 1.5, 2.001, 3600.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.monotonic += seconds

    @precondition(lambda self: self.effects)
    @rule(days=st.sampled_from([0, 30]), visitor=WHO, address=st.sampled_from(ADDRESSES), data=st.data())
    def wait_for_an_effect(self, days: int, visitor: int, address: str, data: st.DataObject) -> None:
        effect = data.draw(st.sampled_from(self.effects))
        self.look_around(effect + days * 86400, visitor, address)

    @rule(visitor=WHO, address=st.sampled_from(ADDRESSES[:3]))
    def wait_until_a_choice_lapses(self, visitor: int, address: str) -> None:
        for moment in re.findall(r"\d{4}-\d\d-\d\dT[\d:.+]+", self.visitors[visitor].cookie)[:1]:
            self.look_around(datetime.fromisoformat(moment).timestamp() + LIFETIME, visitor, address)

    def look_around(self, moment: float, visitor: int, address: str) -> None:
        """Just before the moment and at it; nobody looks at the stamp in between."""
        for before in (0.001, 0.0):
            self.wait_until(moment - before)
            for server in (0, 1):
                self.seen(server, visitor, address)

    def wait_until(self, moment: float) -> None:
        if moment > self.now:
            self.monotonic += moment - self.now
            self.now = moment

    @rule(seconds=st.sampled_from([1.0, 3600.0, 86400.0]))
    def put_the_clock_back(self, seconds: float) -> None:
        """The monotonic clock goes on; after two seconds all must be well."""
        self.now = max(START, self.now - seconds)
        self.monotonic += UNKNOWN_FOR + 0.001
        self.now += UNKNOWN_FOR + 0.001

    def teardown(self) -> None:
        self.folder.cleanup()


def copy(source: str, target: str) -> None:
    """What another connection has committed, as a database of its own."""
    before, after = sqlite3.connect(source), sqlite3.connect(target)
    before.backup(after)
    before.close()
    after.close()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[Machine]]:
    template = tmp_path_factory.mktemp("template") / "site.sqlite3"
    processes = [Process() for _number in range(3)]
    processes[0].ask(do="prepare", at=START - 86400, monotonic=0, database=str(template), anew=True)
    Machine.template, Machine.truth, Machine.servers = template, processes[0], processes[1:]
    yield Machine
    for process in processes:
        process.end()


def test_no_visitor_ever_gets_a_page_of_another_state(machine: type[Machine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5,
            derandomize="FRONT_SEED" not in os.environ,  # set: other sequences each time
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
