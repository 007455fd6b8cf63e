"""The front answers from stored bytes where its rule allows it, and nowhere else."""

import gzip
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import brotli
import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, close_old_connections, connection, connections
from django.test import Client
from django.utils import timezone

from consent.disclosures import Shown
from consent.models import CategoryText
from ossnet_site import stamp
from ossnet_site.front import Environ, Front
from ossnet_site.stored_page import Recent, StartResponse, StoredPage, chosen_encoding
from privacy.models import PolicyVersion
from privacy.publishing import Publication, publish
from tests.consent.decide import decide

POLICY = "/privatuma-politika/"
DAY = timedelta(days=1)
ADDRESSES = [
    "/",
    "/en/contacts/",
    POLICY,
    "/en/privacy-policy/versions/",
    POLICY + "versijas/1/",
    POLICY + "versijas/1/izmainas/",
    "/sikdatnes/",
]


class Answer:
    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.pairs, self.body = int(status[:3]), headers, body
        self.headers = dict(headers)
        assert len(self.headers) == len(headers) or self.headers.get("Set-Cookie")


@contextmanager
def kept_connections() -> Iterator[None]:
    """The test's own database connection outlives a request, as with Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


class Site:
    """The front, and a count of the requests that reach Django behind it."""

    def __init__(self) -> None:
        self.django = get_wsgi_application()
        self.front = Front(self.counted)
        self.made = 0

    def counted(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self.made += 1
        return self.django(environ, start_response)

    def get(self, address: str = POLICY, *, method: str = "GET", **headers: str) -> Answer:
        path, _mark, query = address.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "HTTP_HOST": "testserver",
            "wsgi.input": io.BytesIO(),
            **headers,
        }
        with kept_connections():
            begun: list[Any] = []
            answer = self.front(environ, lambda *args: begun.extend(args))
            try:
                return Answer(begun[0], begun[1], b"".join(answer))
            finally:
                if hasattr(answer, "close"):
                    answer.close()

    def costs(self, address: str = POLICY, **headers: str) -> int:
        """How many requests reach Django when an address is asked for twice."""
        before = self.made
        self.get(address, **headers)
        self.get(address, **headers)
        return self.made - before


@pytest.fixture
def front(visitor: Client) -> Site:
    return Site()


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, moved by hand."""
    seconds = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: seconds[0])
    stamp.forget()
    return seconds


def cookie_of(client: Client) -> str:
    return f"consent={client.cookies['consent'].value}"


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_made_once_and_answered_with_the_same_bytes(front: Site, address: str) -> None:
    first, second = front.get(address), front.get(address)
    assert front.made == 1
    assert (first.status, first.pairs, first.body) == (second.status, second.pairs, second.body)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_bytes_and_headers_are_django_s_own(front: Site, visitor: Client, address: str) -> None:
    plain = visitor.get(address)
    front.get(address)
    stored = front.get(address)
    assert stored.body == plain.content
    added = {"ETag", "Content-Length", "Vary"}
    assert {k: v for k, v in stored.pairs if k not in added} == {
        k: v for k, v in plain.headers.items() if k not in added
    }
    assert stored.headers["Vary"] == plain.headers["Vary"] + ", Accept-Encoding"
    assert stored.headers["Cache-Control"] == "private, no-cache"


def test_each_encoding_has_bytes_and_a_tag_of_its_own(front: Site) -> None:
    plain, zipped, small = (front.get(HTTP_ACCEPT_ENCODING=name) for name in ("identity", "gzip", "gzip, deflate, br"))
    assert gzip.decompress(zipped.body) == brotli.decompress(small.body) == plain.body
    assert len(small.body) < len(zipped.body) < len(plain.body) / 2
    assert len({answer.headers["ETag"] for answer in (plain, zipped, small)}) == 3
    for answer in (plain, zipped, small):
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert not answer.headers["ETag"].startswith("W/")
    assert "Content-Encoding" not in plain.headers
    assert front.made == 1


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", "identity"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000,gzip;q=0", "identity"),
        ("BR", "br"),
        ("gzip;q=0.001", "gzip"),
        ("*", "identity"),
        ("brx", "identity"),
        ("deflate, zstd", "identity"),
    ],
)
def test_the_encoding_is_one_that_the_browser_takes(accepted: str, encoding: str) -> None:
    assert chosen_encoding(accepted) == encoding


def test_what_the_browser_has_is_not_sent_again(front: Site) -> None:
    tag = front.get(HTTP_ACCEPT_ENCODING="br").headers["ETag"]
    for held in (tag, f'"x", W/{tag}', "*"):
        answer = front.get(HTTP_ACCEPT_ENCODING="br", HTTP_IF_NONE_MATCH=held)
        assert (answer.status, answer.body) == (304, b"")
        assert set(answer.headers) == {"ETag", "Cache-Control", "Vary"}
    assert front.get(HTTP_IF_NONE_MATCH=tag).status == 200, "the same page in another encoding"


def test_head_is_answered_without_a_body(front: Site) -> None:
    whole = front.get()
    answer = front.get(method="HEAD")
    assert answer.body == b""
    assert answer.pairs == whole.pairs
    assert front.made == 1


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        (POLICY, {"HTTP_COOKIE": "sessionid=x"}),
        (POLICY, {"HTTP_COOKIE": "a=" + "x" * 17000}),
        (POLICY, {"HTTP_AUTHORIZATION": "Basic x"}),
        (POLICY, {"CONTENT_LENGTH": "3"}),
        (POLICY, {"HTTP_TRANSFER_ENCODING": "chunked"}),
        (POLICY, {"SCRIPT_NAME": "/x"}),
        (POLICY, {"HTTP_HOST": "evil.example"}),
        (POLICY + "?utm=1", {}),
        (POLICY + "versijas/1/izmainas/?with=1", {}),
        (POLICY + "versijas/1.json", {}),
        (POLICY + "versijas/jaunumi/", {}),
        ("/sikdatnes/apliecinajums/", {}),
        ("/sikdatnes/apliecinajumi/", {}),
        ("/none/", {}),
        ("/admin/", {}),
        ("/admin/login/", {}),
        ("/healthz/ready", {}),
        ("/.well-known/gpc.json", {}),
        ("/privatuma-politika", {}),
    ],
)
def test_everything_else_is_django_s(front: Site, address: str, headers: dict[str, str]) -> None:
    assert front.costs(address, **headers) == 2
    assert front.costs(address, **headers) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "X"])
def test_no_other_method_is_answered_from_the_store(front: Site, method: str) -> None:
    front.get("/")
    assert front.get("/", method=method, CONTENT_LENGTH="0").status in (403, 405)


def test_every_state_has_its_own_page(front: Site, shown: Shown) -> None:
    cookies = {"": ""}
    for name, decision, *ticked in (("all", "accept_all"), ("none", "reject_all"), ("one", "save", "hotjar")):
        client = Client(headers={"Sec-Fetch-Site": "same-origin"})
        decide(client, decision, *ticked, disclosure=shown.sha256)
        cookies[name] = cookie_of(client)
    for _round in range(2):
        for signal in ({}, {"HTTP_SEC_GPC": "1"}):
            for name, cookie in cookies.items():
                answer = front.get(HTTP_COOKIE=cookie, **signal)
                page = answer.body.decode()
                assert f'data-consent-state="{answer.headers["Consent-State"]}"' in page
                assert ("hotjar" in answer.headers["Content-Security-Policy"]) is (
                    name in ("all", "one") and not signal
                )
                assert ("meta-pixel" in page) is (name == "all" and not signal)
                has_services = name in ("all", "one") and not signal
                assert answer.headers["Cache-Control"] == f"private, no-{'store' if has_services else 'cache'}"
    assert front.made == 5, "undecided, all, none, one; by the signal everybody is in the same state"


def test_visitors_in_one_state_share_a_page(front: Site, shown: Shown) -> None:
    for _visitor in range(3):
        client = Client(headers={"Sec-Fetch-Site": "same-origin"})
        decide(client, "accept_all", disclosure=shown.sha256)
        front.get(HTTP_COOKIE=cookie_of(client) + "; _ga=GA1.1.5; theme=dark")
    assert front.made == 1


def test_a_cookie_that_was_left_over_is_cleared_away_and_that_answer_not_stored(front: Site, shown: Shown) -> None:
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    decide(client, "reject_all", disclosure=shown.sha256)
    cookie = cookie_of(client)
    front.get(HTTP_COOKIE=cookie)
    answer = front.get(HTTP_COOKIE=cookie + "; _ga=x")
    assert answer.headers["Set-Cookie"].strip().startswith("_ga=")
    assert front.made == 2
    assert "Set-Cookie" not in front.get(HTTP_COOKIE=cookie).headers
    assert front.made == 2


def test_a_choice_ends_on_its_second(front: Site, shown: Shown) -> None:
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        decide(client, "accept_all", disclosure=shown.sha256)
    cookie = cookie_of(client)
    for moment, granted in (("2027-05-24T11:59:59.999Z", True), ("2027-05-24T12:00:00Z", False)):
        with time_machine.travel(moment, tick=False):
            answer = front.get(HTTP_COOKIE=cookie)
            assert ("hotjar" in answer.headers["Content-Security-Policy"]) is granted


def test_a_scheduled_version_shows_from_its_moment_on(front: Site, ready_draft: PolicyVersion) -> None:
    effect = timezone.now().replace(microsecond=0) + 3 * DAY
    publish(ready_draft, Publication(effect, is_material=True, summaries={"lv": "x"}), by=None)
    moments = [
        (effect - timedelta(microseconds=1), "1. versija"),
        (effect, "2. versija"),
        (effect + 30 * DAY, "2. versija"),
    ]
    announced = []
    for moment, words in moments:
        with time_machine.travel(moment, tick=False):
            page = front.get().body.decode()
            assert words in page.partition("</h1>")[2][:300]
            announced.append("<aside" in page)
    assert announced == [True, True, False]


def test_a_change_shows_with_the_next_look(front: Site, seconds: list[float]) -> None:
    assert "Jauns nosaukums" not in front.get("/sikdatnes/").body.decode()
    CategoryText.objects.filter(group__varname="hotjar").update(name_lv="Jauns nosaukums")
    seconds[0] += 1
    assert "Jauns nosaukums" in front.get("/sikdatnes/").body.decode()


def test_ended_grants_end_with_the_next_look(front: Site, shown: Shown, seconds: list[float]) -> None:
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    decide(client, "accept_all", disclosure=shown.sha256)
    cookie = cookie_of(client)
    assert "hotjar" in front.get(HTTP_COOKIE=cookie).headers["Content-Security-Policy"]
    CategoryText.objects.filter(group__varname="hotjar").update(epoch=2)
    seconds[0] += 1
    answer = front.get(HTTP_COOKIE=cookie)
    assert "hotjar" not in answer.headers["Content-Security-Policy"]
    assert "facebook" in answer.headers["Content-Security-Policy"]


@pytest.fixture
def database_down(monkeypatch: pytest.MonkeyPatch, seconds: list[float]) -> Callable[[bool], None]:
    """Call it with True to take the database away, with False to bring it back; a second passes with each."""
    wrapper: Any = connections["default"]
    original = wrapper.cursor

    def switch(down: bool) -> None:
        def cursor(*args: object, **kwargs: object) -> None:
            with wrapper.wrap_database_errors:
                raise wrapper.Database.OperationalError("server closed the connection unexpectedly")

        seconds[0] += 1
        monkeypatch.setattr(wrapper, "cursor", cursor if down else original)
        wrapper.errors_occurred = down

    return switch


def test_without_the_database_every_state_still_has_its_page_and_no_service_runs(
    front: Site, shown: Shown, database_down: Callable[[bool], None]
) -> None:
    database_down(False)
    cookies = [""]
    for decision in ("accept_all", "reject_all"):
        client = Client(headers={"Sec-Fetch-Site": "same-origin"})
        decide(client, decision, disclosure=shown.sha256)
        cookies.append(cookie_of(client))
    before = [front.get(HTTP_COOKIE=cookie) for cookie in cookies]
    database_down(True)
    away = [front.get(HTTP_COOKIE=cookie) for cookie in cookies]
    assert front.made == 3, "everybody's page was there"
    assert [answer.body for answer in away] == [before[0].body, before[0].body, before[2].body]
    assert all("hotjar" not in answer.headers["Content-Security-Policy"] for answer in away)
    # A state that nobody was in: Django makes it from the text it knows, and it is not stored.
    assert front.costs(HTTP_SEC_GPC="1") == 2
    answer = front.get(HTTP_SEC_GPC="1")
    assert "apņemas aizsargāt" in answer.body.decode()
    database_down(False)
    assert [front.get(HTTP_COOKIE=cookie).body for cookie in cookies] == [answer.body for answer in before]
    assert front.costs(HTTP_SEC_GPC="1") == 1


def test_a_page_that_had_to_do_without_the_database_is_not_stored(
    front: Site, database_down: Callable[[bool], None]
) -> None:
    database_down(False)
    front.get("/en/contacts/")
    stamp.current()
    connection.errors_occurred = True  # as the announcements leave it, which are done without
    assert front.costs("/") == 2
    connection.errors_occurred = False
    assert front.costs("/") == 1


def test_a_database_that_goes_away_between_look_and_page_stores_nothing(
    front: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(at: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("ossnet_site.front.next_change", fail)
    assert front.costs("/") == 2


def test_staff_see_the_page_from_django(front: Site, django_user_model: type[User]) -> None:
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("staff", password="p"))
    front.get("/")
    assert front.costs("/", HTTP_COOKIE=f"sessionid={client.cookies['sessionid'].value}") == 2


def test_hosts_and_schemes_do_not_share_pages(front: Site) -> None:
    front.get("/")
    assert front.costs("/", HTTP_HOST="localhost") == 1
    assert front.costs("/", **{"wsgi.url_scheme": "https"}) == 1


def test_what_is_remembered_is_bounded() -> None:
    recent: Recent[int, StoredPage] = Recent(100_000)
    for number in range(1000):
        page = StoredPage([("Vary", "Cookie")], b"x" * 3000)
        recent.put(number, page, page.weight)
        assert recent.get(0) is not None or number == 0, "what is asked for again and again stays"
    kept = [number for number in range(1000) if number in recent.young or number in recent.old]
    assert 5 <= len(kept) <= 100_000 // page.weight
    assert kept[-1] == 999
    recent.put(1001, page, 60_000)
    assert recent.get(1001) is None, "too large for half of the limit"
