"""The shared store goes away and comes back: everything works, and a limit is a limit all the while."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from tests.benchmarks.servers import free_port
from tests.faults import programs
from tests.faults.conftest import Site
from tests.faults.instance import Instance, until
from tests.faults.load import (
    Load,
    assert_every_page_was_there,
    assert_nothing_lost_or_doubled,
    cookie_of,
    decide,
    disclosure,
)

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("sqlite")]


class Store:
    """Redis on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()

    def start(self) -> None:
        """Until it answers; what it had counted is gone."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(
            ["redis-server", *options], executable=programs.redis(), stdout=subprocess.DEVNULL
        )
        until(self.answers, "the store")

    def answers(self) -> bool:
        """Whether it is there."""
        with suppress(redis.ConnectionError):
            return bool(self.client().ping())
        return False

    def client(self) -> redis.Redis:
        """A connection for one question."""
        return redis.Redis(port=self.port)

    def kill(self) -> None:
        """At once."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    store.start()
    yield store
    store.kill()


def test_without_the_shared_store_everything_works(on_sqlite: Site, store: Store, run: Callable[..., Instance]) -> None:
    on_sqlite.env["RATE_LIMIT_STORE"] = f"redis://127.0.0.1:{store.port}/0"
    instance = run(on_sqlite)
    with Load((instance.port,)) as load:
        load.go_on()
        assert store.client().dbsize(), "it is the store that counts"
        store.kill()
        load.go_on()
        store.start()
        until(lambda: store.client().dbsize(), "the store counts again")
        load.go_on()
    assert_nothing_lost_or_doubled(load, on_sqlite.inside("outcome"))
    assert load.statuses.keys() == {303}, "no visitor noticed"
    assert_every_page_was_there(load)
    assert "Traceback" not in instance.said()


def test_without_the_shared_store_a_limit_is_a_limit(
    on_sqlite: Site, store: Store, run: Callable[..., Instance]
) -> None:
    on_sqlite.env["RATE_LIMIT_STORE"] = f"redis://127.0.0.1:{store.port}/0"
    on_sqlite.env["RATE_LIMIT_DECISIONS"] = "5/day"
    instance = run(on_sqlite)
    words = disclosure(instance.port)

    def statuses(decision: str = "accept_all") -> list[int]:
        return [decide(instance.port, decision, words, f"/{number}/").status for number in range(20)]

    cookie = cookie_of(decide(instance.port, "accept_all", words, "/first/"))
    assert statuses() == [303] * 4 + [429] * 16
    store.kill()
    away = statuses()
    assert set(away) == {303, 429}
    assert away.count(303) <= 10, "each of the two processes counts for itself"
    assert away[-1] == 429
    refused = decide(instance.port, "reject_all", words, "/", cookie=cookie)
    assert refused.status == 429
    assert "google" not in refused.headers["Content-Security-Policy"], "a no counts beyond any limit"
    assert "__Host-consent=" in refused.headers["Set-Cookie"]
    assert "Traceback" not in instance.said()
