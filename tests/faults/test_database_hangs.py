"""PostgreSQL hangs under the site: it accepts and says nothing. Stored pages go on, and all is well when it goes on."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.faults.conftest import Site
from tests.faults.database import Postgres
from tests.faults.instance import Answer, Instance, get, until
from tests.faults.load import (
    POLICY,
    Load,
    assert_every_page_was_there,
    assert_nothing_lost_or_doubled,
    cookie_of,
    decide,
    disclosure,
)

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("frozen")]

PAGES = ("/", POLICY, "/kontakti/", "/privatuma-politika/versijas/", "/sikdatnes/", "/en/", "/en/cookies/")
# Seconds. The look takes 1.5 and connecting 3; without an end to both nothing would be answered at all.
A_FEW = 12


class Frozen:
    """All processes of a server, which stand still."""

    def __init__(self, server: Postgres) -> None:
        self.server, self.stopped = server, list[int]()

    def freeze(self) -> None:
        """The postmaster first, so that nobody comes after."""
        postmaster = int(Path(f"{self.server.data}/postmaster.pid").read_text().split("\n")[0])
        self._stop(postmaster)
        for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
            self._stop(int(child))

    def _stop(self, process: int) -> None:
        os.kill(process, signal.SIGSTOP)
        self.stopped.append(process)

    def thaw(self) -> None:
        """As if nothing had been."""
        for process in self.stopped:
            os.kill(process, signal.SIGCONT)
        self.stopped = []


@pytest.fixture
def frozen(server: Postgres) -> Iterator[Frozen]:
    frozen = Frozen(server)
    yield frozen
    frozen.thaw()


def timed(ask: Callable[[], Answer]) -> tuple[float, Answer]:
    """What was said, and the seconds that it took."""
    begun = time.monotonic()
    answer = ask()
    return time.monotonic() - begun, answer


def test_with_a_database_that_hangs_stored_pages_go_on_and_nothing_is_claimed(
    on_postgresql: Site, run: Callable[..., Instance], frozen: Frozen
) -> None:
    instance = run(on_postgresql, workers=1)
    words = disclosure(instance.port)
    granted = {"Cookie": cookie_of(decide(instance.port, "accept_all", words, "/accepted/"))}
    before = {path: get(instance.port, path).text for path in PAGES}
    assert get(instance.port, POLICY, **granted).runs_services
    frozen.freeze()
    until(lambda: not get(instance.port, POLICY, **granted).runs_services, "no service")
    took = []
    for path in islice(cycle(PAGES), 60):
        seconds, answer = timed(lambda path=path: get(instance.port, path))  # type: ignore[misc]
        assert (answer.status, answer.text) == (200, before[path])
        took.append(seconds)
        time.sleep(0.1)
    assert max(took) < A_FEW
    assert instance.status("/healthz/live") == 200
    assert instance.status("/healthz/ready") == 503
    seconds, answer = timed(lambda: decide(instance.port, "reject_all", words, "/silent/"))
    assert answer.status == 503
    assert not cookie_of(answer), "nothing is claimed"
    assert seconds < A_FEW
    frozen.thaw()
    until(lambda: instance.status("/healthz/ready") == 200, "ready")
    until(lambda: get(instance.port, POLICY, **granted).runs_services, "services run again")
    until(lambda: decide(instance.port, "reject_all", words, "/again/").status == 303, "a decision")
    assert "Traceback" not in instance.said()
    assert {record["path"] for record in on_postgresql.inside("outcome")["records"]} == {"/accepted/", "/again/"}


def test_a_database_that_hangs_under_load_holds_up_no_page_for_long_and_loses_no_decision(
    on_postgresql: Site, run: Callable[..., Instance], frozen: Frozen
) -> None:
    """More visitors decide at once than a process has threads: each would hold one for ever."""
    instance = run(on_postgresql, workers=1)
    with Load((instance.port,), deciders=8) as load:
        load.go_on()
        frozen.freeze()
        read = load.read
        until(lambda: load.statuses[503] > 10 and load.read > read + 40, "decisions that say so, and pages")
        frozen.thaw()
        load.go_on()
    assert_nothing_lost_or_doubled(load, on_postgresql.inside("outcome"))
    assert load.statuses.keys() <= {303, 503}, "every press has an answer"
    assert_every_page_was_there(load)
    assert "Traceback" not in instance.said()
