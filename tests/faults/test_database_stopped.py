"""PostgreSQL goes away under the site and comes back: pages stay, nothing is claimed, nobody restarts anything."""

from collections.abc import Callable, Iterator
from itertools import product

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

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("postgresql")]

# Every public page, in both languages.
PUBLIC = (
    *("/", "/kontakti/", POLICY, "/privatuma-politika/versijas/", "/privatuma-politika/versijas/1/"),
    *("/privatuma-politika/versijas/1/izmainas/", "/sikdatnes/", "/sikdatnes/parbaude/"),
    *("/en/", "/en/contacts/", "/en/privacy-policy/", "/en/privacy-policy/versions/", "/en/cookies/"),
    *("/en/privacy-policy/versions/1/", "/en/privacy-policy/versions/1/changes/", "/en/cookies/check/"),
)
NOT_NOW = {"/sikdatnes/": "izvēle nav saglabāta", "/en/cookies/": "it has not been saved"}


@pytest.fixture
def instance(on_postgresql: Site, run: Callable[..., Instance]) -> Instance:
    """One process: whatever one process has shown, it can show again."""
    return run(on_postgresql, workers=1)


@pytest.fixture
def stop(server: Postgres) -> Iterator[Callable[[], None]]:
    """Stops the database, which is there again after the test."""
    stopped: list[bool] = []

    def stop() -> None:
        server.stop()
        stopped.append(True)

    yield stop
    if stopped and not server.is_running():
        server.start()


def visitors(instance: Instance) -> dict[str, dict[str, str]]:
    """Somebody in each state, as the headers that their browser sends."""
    words = disclosure(instance.port)
    all_of_them = cookie_of(decide(instance.port, "accept_all", words, "/accepted/"))
    none = cookie_of(decide(instance.port, "reject_all", words, "/refused/"))
    some = cookie_of(decide(instance.port, "save&category=analytics", words, "/some/"))
    assert all_of_them
    assert none
    assert some
    return {
        "undecided": {},
        "granted": {"Cookie": all_of_them},
        "refused": {"Cookie": none},
        "granted in part": {"Cookie": some},
        "signals": {"Sec-GPC": "1"},
        "granted, then signals": {"Cookie": all_of_them, "Sec-GPC": "1"},
        "refused, and a cookie was left": {"Cookie": f"{none}; _ga=GA1.1.1.1"},
    }


def text_of(path: str, answer: Answer) -> str:
    """What is there to be read; of the settings page, which says what was chosen, the heading."""
    ends = ("<h1", "</h1>") if path in NOT_NOW else ("<main", "</main>")
    return answer.text[answer.text.index(ends[0]) : answer.text.index(ends[1])]


def test_without_the_database_every_page_stays_for_everybody_and_no_service_runs(
    on_postgresql: Site, instance: Instance, stop: Callable[[], None], server: Postgres
) -> None:
    states = visitors(instance)
    states["expired"] = {"Cookie": on_postgresql.inside("cookie_that_lapses", "-30")["cookie"]}
    before = {path: get(instance.port, path) for path in PUBLIC}
    assert {answer.status for answer in before.values()} == {200}
    assert get(instance.port, POLICY, **states["granted"]).runs_services
    stop()
    until(lambda: instance.status("/healthz/ready") == 503, "not ready")
    assert instance.status("/healthz/live") == 200
    until(lambda: not get(instance.port, POLICY, **states["granted"]).runs_services, "no service")
    for (state, headers), path, method in product(states.items(), PUBLIC, ("GET", "HEAD")):
        answer = get(instance.port, path, method=method, **headers)
        assert answer.status == 200, f"{path} for {state}"
        assert not answer.runs_services, f"{path} for {state}"
        assert method == "HEAD" or text_of(path, answer) == text_of(path, before[path]), f"{path} for {state}"
    for (state, headers), (address, words) in product(states.items(), NOT_NOW.items()):
        answer = decide(instance.port, "accept_all", "", "/", address=address, cookie=headers.get("Cookie", ""))
        assert answer.status == 503, state
        assert words in answer.text
        assert answer.headers["Retry-After"]
        assert not cookie_of(answer), "nothing is claimed"
        assert not answer.runs_services
    server.start()
    until(lambda: instance.status("/healthz/ready") == 200, "ready")
    until(lambda: get(instance.port, POLICY, **states["granted"]).runs_services, "services run again")
    words = disclosure(instance.port)
    until(lambda: decide(instance.port, "reject_all", words, "/again/").status == 303, "a decision")
    assert "Traceback" not in instance.said()
    kept = {record["path"] for record in on_postgresql.inside("outcome")["records"]}
    assert kept == {"/accepted/", "/refused/", "/some/", "/again/"}


def test_a_database_that_goes_away_under_load_loses_no_decision_and_no_page(
    on_postgresql: Site, instance: Instance, stop: Callable[[], None], server: Postgres
) -> None:
    with Load((instance.port,)) as load:
        load.go_on()
        stop()
        until(lambda: load.statuses[503] > 10, "decisions that say so")
        server.start()
        load.go_on()
    assert_nothing_lost_or_doubled(load, on_postgresql.inside("outcome"))
    assert load.statuses.keys() <= {303, 503}, "every press has an answer"
    assert_every_page_was_there(load)
    assert "Traceback" not in instance.said()
