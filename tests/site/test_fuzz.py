"""Whatever comes over the wire: never an error of ours, never a third party, never a record of what was refused.

The same requests each time; FUZZ=50 in the environment makes fifty times as many, and others.
"""

import re
from urllib.parse import urlsplit

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html

from consent import cookie
from consent.disclosures import Shown
from consent.models import ConsentRecord
from tests.consent.decide import FORM, decide
from tests.site.gateway import BYTES, VALUE, Answer, Request, Site, as_in_a_test, bounded, mutated, pairs

# What they reach is reached by other tests; counting it would double their time.
pytestmark = pytest.mark.no_cover

ADDRESSES = [
    "/", "/kontakti/", "/privatuma-politika/", "/privatuma-politika/versijas/", "/privatuma-politika/versijas/1/",
    "/privatuma-politika/versijas/1/izmainas/", "/privatuma-politika/versijas/1.json",
    "/privatuma-politika/versijas/plusma/", "/sikdatnes/", "/sikdatnes/apliecinajums/",
    "/sikdatnes/apliecinajums/7K3M-Q2PX-9RDT/", "/sikdatnes/apliecinajums/7K3M-Q2PX-9RDT.jws", "/sikdatnes/parbaude/",
    "/en/cookies/check/", "/.well-known/jwks.json", "/.well-known/consent-log.json", "/en/",
    "/en/contacts/", "/en/privacy-policy/",
    "/en/privacy-policy/versions/feed/", "/en/cookies/", "/en/cookies/receipt/", "/robots.txt", "/sitemap.xml",
    "/csp-reports/", "/.well-known/gpc.json", "/.well-known/security.txt", "/healthz/live", "/healthz/ready",
    "/static/css/site.css", "/static/js/hotjar.js", "/admin/", "/admin/login/", "/admin/consent/consentrecord/", "/en",
]  # fmt: skip
METHODS = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "\xff",
    "X" * 99,
]  # fmt: skip
DECISIONS = ["accept_all", "reject_all", "save", "withdraw"]
FIELDS = st.sampled_from(["decision", "category", "disclosure", "next", "csrfmiddlewaretoken", "with", "x"]) | BYTES
PATHS = st.sampled_from([*ADDRESSES, "*"]) | mutated(st.sampled_from(ADDRESSES)) | VALUE.map(lambda text: f"/{text}")
VALUES: dict[str, st.SearchStrategy[str]] = {
    "Host": st.sampled_from(["testserver", "localhost:1", "evil.example", "", "testserver:x", "[::1]", "a@testserver"]),
    "Sec-GPC": st.sampled_from(["1", "0", "", "1, 1", "\xff"]),
    "Accept-Encoding": st.sampled_from(["br", "gzip", "br;q=0, gzip", ";;q=", "*", "identity;q=0", "br" * 999]) | BYTES,
    "Content-Type": st.sampled_from([FORM, f"{FORM}; charset=utf-7", f"{FORM}; charset=\xff", "application/csp-report",
                                     "multipart/form-data; boundary=b", "multipart/form-data"]) | BYTES,
    "Content-Length": st.sampled_from(["0", "5", "-1", "x", "1" * 30, "", " 7", "+7", "1_0", "\xb2"]),
    "Transfer-Encoding": st.sampled_from(["chunked", "x", ""]),
    "X-Forwarded-For": VALUE, "X-Forwarded-Proto": VALUE, "X-Forwarded-Host": st.just("evil.example"),
    "Sec-Fetch-Site": st.sampled_from(["same-origin", "same-site", "cross-site", "none", "SAME-ORIGIN", ""]),
    "Origin": st.sampled_from(["http://testserver", "null", "https://testserver", "http://evil.example", "http://a.testserver"]),
    "Referer": VALUE, "Authorization": VALUE, "If-None-Match": VALUE, "If-Modified-Since": VALUE, "Range": VALUE,
    "Accept-Language": VALUE, "X-HTTP-Method-Override": st.just("DELETE"), "Remote-Addr": VALUE, "User-Agent": VALUE,
}  # fmt: skip
# What only pages with a grant hold; the services' names and privacy notices are on the settings page for everybody.
VENDOR = re.compile(
    r"googletagmanager|google-analytics\.com|analytics\.google|connect\.facebook|hotjar\.(?:io|com(?!/legal))"
    r"|G-SAMPLE|1234567890|data-id"
)
TRACE = re.compile(r"Traceback|File \"|SECRET_KEY|DJANGO_SETTINGS|django\.core|sqlite3?\.|psycopg")


@pytest.fixture
def cookies(visitor: Client, shown: Shown) -> list[str]:
    """Cookies that this server signed: everything granted, one thing granted, everything refused."""
    signed = []
    for decision, categories in (("accept_all", []), ("save", ["analytics"]), ("reject_all", [])):
        decide(visitor, decision, *categories, disclosure=shown.sha256)
        signed.append(f"consent={visitor.cookies['consent'].value}")
    return signed


def headers(cookies: list[str]) -> st.SearchStrategy[dict[str, str]]:
    sent = st.sampled_from(cookies)
    jar = sent | mutated(sent) | st.builds("{}; {}; _ga=1; _hjSession_1=x".format, mutated(sent), BYTES) | VALUE
    return st.fixed_dictionaries({}, optional=VALUES | {"Cookie": jar})


def bodies(words: str) -> st.SearchStrategy[bytes]:
    form = pairs(FIELDS, st.sampled_from([*DECISIONS, words, "/kontakti/", "analytics"]) | VALUE)
    good = st.builds("decision={}&disclosure={}&next=/{}".format, st.sampled_from(DECISIONS), st.just(words), VALUE)
    report = '{"csp-report":{"document-uri":"http://testserver/","effective-directive":"img-src","blocked-uri":"https://%s"}}'
    part = '--b\r\nContent-Disposition: form-data; name="decision"; filename="%s"\r\n\r\nx\r\n--b--'
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n%s\r\n--b--'
    others = (
        VALUE
        | VALUE.map(lambda text: file % text)
        | VALUE.map(lambda text: f"receipt={text}")
        | VALUE.map(lambda text: report % text)
        | VALUE.map(lambda text: part % text)
    )
    large = st.sampled_from(["a&" * 1001, "a" * 17_000, "[" * 5000, "category=analytics&" * 900])
    return (good | form | mutated(good) | others | large).map(lambda text: text.encode("latin-1"))


def has_grant(request: Request) -> bool:
    """Whether the request carries a cookie of ours, unaltered, that allows something."""
    choice = cookie.read(WSGIRequest(request.environ()))
    return choice is not None and any(answer.granted for answer in choice.answers.values())


def leads_to(answer: Answer) -> set[str]:
    """The hosts that the page's links, forms and files name."""
    if not answer.header("Content-Type").startswith("text/html") or not answer.body:
        return set()
    named = html.fromstring(answer.text).xpath("//@href | //@src | //@action | //@formaction | //@content")
    return {urlsplit(re.sub(r"[\\\s]", "/", address)).netloc for address in named}


def judge(request: Request, answer: Answer, *, wrote: bool) -> None:
    """The rules of this file."""
    assert answer.status < 500, request
    told = "\n".join(f"{name}: {value}" for name, value in answer.headers) + answer.text
    assert not TRACE.search(told)
    assert "Content-Security-Policy" in dict(answer.headers)
    assert not any(set(name + value) & set("\r\n\0") for name, value in answer.headers)
    assert urlsplit(answer.header("Location")).netloc in {"", "testserver", "localhost:1"}
    if not has_grant(request) and not (
        request.path.startswith("/static/") or "analytics" in answer.header("Set-Cookie")
    ):
        assert not VENDOR.search(told), VENDOR.search(told)
    if wrote:
        assert (request.method, answer.status) == ("POST", 303)
    if answer.status >= 400 or request.method in {"GET", "HEAD"}:
        assert "consent=" not in re.sub(r'consent=""; expires', "", answer.header("Set-Cookie"))


def records() -> int:
    return ConsentRecord.objects.count()


@pytest.mark.parametrize("front", [True, False], ids=["front", "django"])
def test_nothing_that_a_visitor_sends_breaks_a_promise(cookies: list[str], shown: Shown, front: bool) -> None:
    site = Site(front=front)
    request = st.builds(
        Request,
        method=st.sampled_from(METHODS) | st.sampled_from(["GET", "POST"]),
        path=PATHS,
        query=st.just("") | pairs(FIELDS) | VALUE,
        headers=headers(cookies),
        body=st.just(b"") | bodies(shown.sha256),
    )

    @bounded(250)
    @given(request)
    def fuzz(request: Request) -> None:
        with as_in_a_test():
            before = records()
            answer = site.ask(request)
            judge(request, answer, wrote=records() != before)

    fuzz()


def test_nothing_that_is_sent_as_a_decision_breaks_a_promise(cookies: list[str], shown: Shown) -> None:
    site = Site()
    near = {"Sec-Fetch-Site": "same-origin", "Content-Type": FORM}
    request = st.builds(
        Request,
        method=st.just("POST"),
        path=st.sampled_from(["/sikdatnes/", "/en/cookies/"]),
        headers=headers(cookies).map(
            lambda some: near | {k: v for k, v in some.items() if k not in {"Content-Length"}}
        ),
        body=bodies(shown.sha256),
    )
    recorded = []

    @bounded(250)
    @given(request)
    @example(Request("POST", "/sikdatnes/", "", near, b"decision=reject_all"))
    def fuzz(request: Request) -> None:
        with as_in_a_test():
            before = records()
            answer = site.ask(request)
            judge(request, answer, wrote=records() != before)
            recorded.append(answer.status == 303)

    fuzz()
    assert any(recorded)
    assert not all(recorded)
