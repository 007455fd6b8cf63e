"""A decision that goes past the middleware is the same decision with the same answer."""

import time
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, OperationalError, close_old_connections, connections

from consent import cookie, disclosures, quick
from consent.disclosures import Shown
from consent.models import ConsentRecord
from ossnet_site import limits, short_way
from ossnet_site.front import Environ
from ossnet_site.short_way import ShortWay
from ossnet_site.stored_page import StartResponse
from tests.consent.decide import FORM
from tests.site.gateway import Answer, Request

PRESSED = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
DECISIONS = [("accept_all", ()), ("reject_all", ()), ("save", ("hotjar",)), ("withdraw", ())]
ADDRESSES = {"lv": "/sikdatnes/", "en": "/en/cookies/"}
# Random, or of the moment.
ITS_OWN = {"id", "number", "subject_id", "previous_id", "decided_at", "valid_until", "until"}
# Where a limit is reached the clock stands still: with the minute it would be out of reach again.
NOON = "2036-11-23T12:00:17Z"
FIELDS: dict[str, Any] = {f"x{number}": "" for number in range(1001)}


class Site:
    """The application with the short way or without, and a count of the requests that reach Django."""

    def __init__(self) -> None:
        self.django = get_wsgi_application()
        self.short = ShortWay(self.counted)
        self.reached = 0

    def counted(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self.reached += 1
        return self.django(environ, start_response)

    def ask(self, request: Request, *, short: bool = True) -> Answer:
        begun: list[Any] = []
        answer = (self.short if short else self.counted)(request.environ(), lambda *args: begun.extend(args))
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        return Answer(int(begun[0][:3]), list(begun[1]), body)

    def is_short(self, request: Request) -> bool:
        before = self.reached
        self.ask(request)
        return self.reached == before


@pytest.fixture
def both(site: None) -> Iterator[Site]:
    """The test's own connection outlives a request."""
    for language in ADDRESSES:
        shown = disclosures.current(language)
        assert shown
        shown.keep()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield Site()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def decision(
    name: str, *ticked: str, language: str = "lv", cookies: str = "", gpc: bool = False, **fields: Any
) -> Request:
    shown = disclosures.current(language)
    assert shown
    pairs = [("decision", name), *(("category", category) for category in ticked)]
    pairs += list(({"disclosure": shown.sha256, "next": "/kontakti/"} | fields).items())
    headers = PRESSED | ({"Cookie": cookies} if cookies else {}) | ({"Sec-GPC": "1"} if gpc else {})
    return Request("POST", ADDRESSES[language], headers=headers, body=urlencode(pairs).encode())


def cookies_of(answer: Answer) -> str:
    (value,) = [value.partition(";")[0] for name, value in answer.headers if name == "Set-Cookie"]
    return value


def facts(answer: Answer) -> dict[str, Any]:
    """All of an answer but what is random or of the moment."""
    issued = cookie.decode(cookies_of(answer).partition("=")[2].strip('"'))
    assert issued
    said = sorted((name, value) for name, value in answer.headers if name != "Set-Cookie")
    (attributes,) = [value.partition(";")[2] for name, value in answer.headers if name == "Set-Cookie"]
    kept = [part for part in attributes.split(";") if "expires" not in part]
    answers = {slug: (given.granted, given.scope, given.despite_gpc) for slug, given in issued.answers.items()}
    return {"status": answer.status, "body": answer.body, "said": said, "cookie": kept, "answers": answers}


def newest() -> dict[str, Any]:
    record = ConsentRecord.objects.order_by("-decided_at").first()
    assert record
    columns = {field.attname: getattr(record, field.attname) for field in record._meta.concrete_fields}
    assert columns["number"] == record.number
    assert set(record.until) == set(record.grants)
    return {name: value for name, value in columns.items() if name not in ITS_OWN} | {
        "has previous": record.previous_id is not None
    }


BEFORE: list[tuple[tuple[str, tuple[str, ...]] | None, bool]] = list(product([None, *DECISIONS[:3]], [False, True]))


@pytest.mark.parametrize(("before", "gpc"), BEFORE, ids=str)
def test_the_answer_and_the_record_are_those_that_django_makes(
    both: Site, before: tuple[str, tuple[str, ...]] | None, gpc: bool
) -> None:
    for (name, ticked), language in product(DECISIONS, ADDRESSES):
        made = []
        for short in (False, True, True):
            limits.forget()
            cookies = ""
            if before:
                cookies = cookies_of(both.ask(decision(before[0], *before[1], gpc=gpc), short=False))
            request = decision(name, *ticked, language=language, cookies=cookies, gpc=gpc)
            count, reached = ConsentRecord.objects.count(), both.reached
            answer = both.ask(request, short=short)
            made.append((facts(answer), ConsentRecord.objects.count() - count, newest()))
        assert both.reached == reached, "the second one of its kind did not go the short way"
        assert made[0] == made[1] == made[2]


def test_a_left_over_cookie_and_the_storages_are_cleared_as_django_clears_them(both: Site) -> None:
    said = []
    for short in (False, True, True):
        cookies = cookies_of(both.ask(decision("accept_all"), short=False))
        answer = both.ask(decision("withdraw", cookies=f"{cookies}; _ga=1; other=2"), short=short)
        pairs = [(name, value.strip()) for name, value in answer.headers]
        said.append(sorted(pair for pair in pairs if "_ga" in pair[1] or pair[0] == "Clear-Site-Data"))
    assert said[0] == said[1] == said[2]
    assert len(said[0]) == 2


def test_a_decision_in_good_order_is_short_once_django_has_shown_how_it_is_answered(both: Site) -> None:
    assert [both.is_short(decision("accept_all")) for _time in range(3)] == [False, True, True]
    assert not both.is_short(decision("accept_all", gpc=True)), "another state"
    assert ConsentRecord.objects.count() == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"method": "PUT"},
        {"query": "a=b"},
        {"path": "/kontakti/"},
        {"headers": {"Content-Type": "text/plain"}},
        {"headers": {"Content-Type": f"{FORM}; charset=utf-8"}},
        {"headers": {"Content-Length": ""}},
        {"headers": {"Content-Length": "٣"}},
        {"headers": {"Content-Length": "17000"}},
        {"headers": {"Content-Length": "9" * 5000}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"Authorization": "Basic x"}},
        {"headers": {"Cookie": "sessionid=x"}},
        {"headers": {"Cookie": "x=" + "x" * 17_000}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Host": "evil.example"}},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_what_is_not_plain_is_left_to_django_as_it_came(both: Site, changes: dict[str, Any]) -> None:
    for _time in range(2):
        both.ask(decision("accept_all"))
    request = decision("accept_all")
    request.headers |= changes.get("headers", {})
    for name in {"method", "query", "path"} & changes.keys():
        setattr(request, name, changes[name])
    before = both.reached
    short, long = both.ask(request), both.ask(request, short=False)
    assert both.reached == before + 2
    assert (short.status, short.text) == (long.status, long.text)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"next": "//evil.example"}, 400),
        ({"category": "marketing"}, 400),
        ({"disclosure": "0" * 64}, 409),
        ({"decision": "nonsense"}, 400),
        ({"x": "x" * 100}, 303),
    ],
    ids=lambda value: str(value)[:40],
)
@time_machine.travel(NOON, tick=False)
def test_a_decision_that_is_refused_has_djangos_page_and_is_counted_once(
    both: Site, settings: Any, fields: dict[str, Any], status: int
) -> None:
    for _time in range(2):
        both.ask(decision("accept_all"))
    request = decision(fields.pop("decision", "accept_all"), **fields)
    limits.forget()
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "decision": "2/minute"}
    count = ConsentRecord.objects.count()
    assert [both.ask(request).status for _time in range(3)] == [status, status, 429]
    assert ConsentRecord.objects.count() == count + (2 if status == 303 else 0)
    limits.forget()
    if status != 303:
        assert both.ask(request).text == both.ask(request, short=False).text


def test_more_fields_than_django_reads_are_refused_by_its_page(both: Site) -> None:
    for _time in range(2):
        both.ask(decision("accept_all"))
    request = decision("accept_all", **FIELDS)
    short, long = both.ask(request), both.ask(request, short=False)
    assert (short.status, short.text) == (400, long.text)


@time_machine.travel(NOON, tick=False)
def test_beyond_the_limit_a_no_still_ends_what_runs(both: Site, settings: Any) -> None:
    granted = cookies_of(both.ask(decision("accept_all")))
    both.ask(decision("withdraw", cookies=granted))
    granted = cookies_of(both.ask(decision("accept_all")))
    limits.forget()
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "decision": "1/minute"}
    assert both.is_short(decision("reject_all"))
    count = ConsentRecord.objects.count()
    answer = both.ask(decision("withdraw", cookies=granted))
    assert answer.status == 429
    assert answer.header("Clear-Site-Data") == '"storage"'
    assert answer.header("Retry-After")
    assert ConsentRecord.objects.count() == count


@pytest.mark.parametrize("fault", [OperationalError("the disk is full"), DatabaseError("anything else")], ids=str)
def test_what_the_database_refuses_is_tried_once_and_claims_nothing(
    both: Site, monkeypatch: pytest.MonkeyPatch, fault: DatabaseError
) -> None:
    both.ask(decision("accept_all"))
    tried = []

    def fail(*args: object) -> bool:
        tried.append(args)
        raise fault

    monkeypatch.setattr(quick, "write", fail)
    if isinstance(fault, OperationalError):
        answer = both.ask(decision("accept_all"))
        assert answer.status == 503
        assert answer.header("Retry-After") == "30"
    else:
        answer = both.ask(decision("accept_all"))
        assert answer.status == 500
    assert not answer.header("Set-Cookie")
    assert len(tried) == 1
    assert ConsentRecord.objects.count() == 1


def test_words_that_changed_a_moment_ago_are_noticed(both: Site, shown: Shown) -> None:
    from consent.models import CategoryText

    for _time in range(2):
        both.ask(decision("accept_all"))
    request = decision("accept_all")
    CategoryText.objects.filter(group__varname="hotjar").update(name_lv="Cits vārds")
    assert both.ask(request).status == 409
    assert ConsentRecord.objects.count() == 2


def test_a_connection_is_looked_after_once_a_second_and_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    moment, looks, wrapper = [1000.0], [], connections["default"]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    monkeypatch.setattr(wrapper, "close_if_unusable_or_obsolete", lambda: looks.append(moment[0]))
    monkeypatch.setattr(short_way._own, "looked_after", 0.0)
    for now, broken in ((1000.0, False), (1000.9, False), (1000.95, True), (1001.0, False), (1002.0, False)):
        moment[0] = now
        monkeypatch.setattr(wrapper, "errors_occurred", broken)
        short_way.look_after_connection()
    assert looks == [1000.0, 1000.95, 1002.0]
