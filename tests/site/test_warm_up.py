"""Before the workers are forked every page has been made once."""

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from ossnet_site.warm_up import addresses, environ_of, warm_up
from tests.site.fronted import POLICY, Site, kept_connections


def test_the_first_visitor_finds_every_page_made(
    front: Site, settings: Settings, seconds: list[float], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The clock stands still: once a second a page looks at the stamp."""
    settings.ALLOWED_HOSTS = ["testserver"]
    with kept_connections():
        warm_up(front.front)
    made = front.made
    for address in (POLICY, "/", "/en/contacts/", "/sikdatnes/", "/en/privacy-policy/versions/"):
        for headers in ({}, {"HTTP_SEC_GPC": "1"}):
            with django_assert_num_queries(0):
                assert front.get(address, **headers).status == 200
    assert front.made == made


@pytest.mark.django_db
def test_without_a_policy_it_is_no_obstacle() -> None:
    site = Site()
    with kept_connections():
        warm_up(site.front)
    assert site.made


def test_a_page_that_cannot_be_made_stops_no_start(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: object, start_response: object) -> list[bytes]:
        raise ValueError("no manifest")

    warm_up(broken)
    assert "A page could not be made before the start" in caplog.text


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [(["www.ossnet.lv", "ossnet.lv"], "www.ossnet.lv"), ([".ossnet.lv"], "ossnet.lv"), (["*"], "localhost")],
)
def test_it_asks_at_a_host_that_is_allowed(settings: Settings, hosts: list[str], expected: str) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert environ_of("/", "", "")["HTTP_HOST"] == expected


def test_behind_a_proxy_it_comes_as_the_proxy_would(settings: Settings) -> None:
    settings.HTTPS = settings.BEHIND_TLS_PROXY = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    environ = environ_of("/", "", "1")
    assert (environ["wsgi.url_scheme"], environ["HTTP_X_FORWARDED_PROTO"]) == ("http", "https")
    assert environ["HTTP_SEC_GPC"] == "1"
    settings.BEHIND_TLS_PROXY, settings.SECURE_PROXY_SSL_HEADER = False, None
    assert environ_of("/", "", "")["wsgi.url_scheme"] == "https"


def test_the_pages_are_asked_for_in_both_languages() -> None:
    assert {POLICY, "/en/privacy-policy/"} <= set(addresses())
