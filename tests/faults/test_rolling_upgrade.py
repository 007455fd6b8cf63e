"""The previous release and this one side by side on one database, brought up to date while visitors decide."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import previous
from tests.faults.conftest import Site, environment
from tests.faults.database import Postgres
from tests.faults.front import front
from tests.faults.instance import Instance
from tests.faults.load import Load, assert_every_page_was_there, assert_nothing_lost_or_doubled
from tests.faults.programs import ROOT

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("postgresql")]


@pytest.fixture(scope="module")
def old_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its files."""
    return previous.unpack(tmp_path_factory.mktemp("previous"))


@pytest.fixture
def site(server: Postgres, old_release: Path, tmp_path: Path) -> Site:
    """A site whose database is as the previous release left it."""
    site = Site(environment(server.copy("template1", "upgraded")), tmp_path)
    previous.bring_up_to_date(old_release, previous.environment_of(site.env))
    return site


def test_both_releases_serve_on_one_database_while_it_is_upgraded(
    site: Site, old_release: Path, run: Callable[..., Instance]
) -> None:
    old_site = Site(previous.environment_of(site.env), site.folder)
    old = run(old_site, workers=1, root=old_release)
    new = run(site, workers=1, begins=False)
    with front(old.port, new.port) as nginx:
        with Load((nginx.port,), presses_again=True) as load:
            load.go_on()
            previous.bring_up_to_date(ROOT, site.env)
            load.go_on()
            new.start()
            load.go_on(80)
            nginx.leave_to(new.port)
            old.stop()
            load.go_on()
        counts = nginx.answered_by()
    assert counts[old.port] > 40
    assert counts[new.port] > 40
    assert_nothing_lost_or_doubled(load, site.inside("outcome"))
    assert load.statuses.keys() == {303}, "no visitor saw an error"
    assert_every_page_was_there(load)
    assert "Traceback" not in old.said() + new.said()
