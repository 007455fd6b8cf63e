"""``kill -9`` of any process of the site, and of all, while visitors decide."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import Site
from tests.faults.instance import Instance
from tests.faults.load import Load, assert_nothing_lost_or_doubled

pytestmark = pytest.mark.faults
ENGINES = ("postgresql", "sqlite")


@pytest.fixture(params=[pytest.param(engine, marks=pytest.mark.xdist_group(engine)) for engine in ENGINES])
def site(request: pytest.FixtureRequest) -> Site:
    site: Site = request.getfixturevalue(f"on_{request.param}")
    return site


def test_what_was_answered_before_a_kill_is_there_and_nothing_twice(site: Site, run: Callable[..., Instance]) -> None:
    instance = run(site)
    with Load((instance.port,)) as load:
        load.go_on()
        instance.kill_worker()
        load.go_on()
        instance.kill_master()
        instance.start()  # as a service manager does
        load.go_on()
        instance.kill_all()
        instance.start()
        load.go_on()
    assert_nothing_lost_or_doubled(load, site.inside("outcome"))
    assert load.decided >= 160
    assert "Traceback" not in instance.said()
