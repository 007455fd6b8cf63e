"""The clock of the machine is put forward and back by an hour while visitors read and decide."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.faults.conftest import Site
from tests.faults.instance import Instance, get, until
from tests.faults.load import (
    MARKED,
    POLICY,
    Load,
    assert_every_page_was_there,
    assert_nothing_lost_or_doubled,
    cookie_of,
    decide,
    disclosure,
)

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("sqlite")]
HOUR = 3600
HALF_A_YEAR = 182 * 24 * HOUR


class Clock:
    """What the processes of a site take for the time; like any step of a clock it leaves the monotonic one alone."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.step(0)

    def step(self, seconds: int) -> None:
        """To so many seconds from the true time."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self.file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


def difference(one: str, other: str) -> float:
    """Seconds between two headers ``Date``."""
    return (parsedate_to_datetime(one) - parsedate_to_datetime(other)).total_seconds()


def test_an_hour_forward_and_back_fails_no_visitor_and_extends_no_consent(
    on_sqlite: Site, clock: Clock, run: Callable[..., Instance]
) -> None:
    lapsing = on_sqlite.inside("cookie_that_lapses", "30")["cookie"]
    on_sqlite.env["CLOCK_FILE"] = str(clock.file)
    instance = run(on_sqlite, options=("--config", "tests/faults/clocked.py"))
    port, began = instance.port, get(instance.port, "/").headers["Date"]

    def is_at(hours: int) -> Callable[[], bool]:
        return lambda: abs(difference(get(port, "/").headers["Date"], began) - hours * HOUR) < HOUR / 2

    def says(*, is_granted: bool) -> Callable[[], bool]:
        """Whichever of the processes answers."""
        return lambda: all(get(port, POLICY, Cookie=lapsing).runs_services is is_granted for _time in range(20))

    words = disclosure(port)
    mine = cookie_of(decide(port, "accept_all", words, "/mine/"))
    assert says(is_granted=True)(), "it lapses in half an hour"
    with Load((port,)) as load:
        load.go_on()
        for hours in (1, 0, -1, 0):
            clock.step(hours * HOUR)
            until(is_at(hours), f"the clock at {hours} hours")
            until(says(is_granted=hours < 1), "a choice that lapsed runs nothing, and only then")
            again = decide(port, "accept_all", words, "/again/", cookie=mine)
            assert again.status == 303
            assert cookie_of(again) == mine, "a choice that stands is not renewed by saying it again"
            assert get(port, POLICY, Cookie=mine).runs_services
            load.go_on()
    outcome = on_sqlite.inside("outcome")
    own = [record["path"] for record in outcome["records"] if not record["path"].startswith(MARKED)]
    assert own == ["/mine/"], "nothing was recorded again"
    assert {record["seconds"] for record in outcome["records"]} == {HALF_A_YEAR}
    assert_nothing_lost_or_doubled(load, outcome)
    assert load.statuses.keys() == {303}
    assert_every_page_was_there(load)
    assert "Traceback" not in instance.said()
