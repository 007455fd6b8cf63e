"""Three instances of the site behind nginx: one is killed and comes back, and no visitor notices."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import Site
from tests.faults.front import front
from tests.faults.instance import Instance, until
from tests.faults.load import Load, assert_every_page_was_there, assert_nothing_lost_or_doubled

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("postgresql")]


def test_one_of_three_is_killed_and_comes_back_and_no_visitor_notices(
    on_postgresql: Site, run: Callable[..., Instance]
) -> None:
    instances = [run(on_postgresql, workers=1, waits=False) for _number in range(3)]
    for instance in instances:
        instance.wait()
    victim = instances[1]
    with front(*(instance.port for instance in instances)) as nginx:
        with Load((nginx.port,), presses_again=True) as load:
            load.go_on()
            victim.kill_all()
            load.go_on()
            before = nginx.answered_by()[victim.port]
            victim.start()
            until(lambda: nginx.answered_by()[victim.port] > before + 5, "requests for the one that came back")
        counts = nginx.answered_by()
    assert all(counts[instance.port] for instance in instances)
    assert_every_page_was_there(load)
    assert_nothing_lost_or_doubled(load, on_postgresql.inside("outcome"))
    assert {press.status for press in load.presses} <= {303, 503}
    assert not any("Traceback" in instance.said() for instance in instances)
