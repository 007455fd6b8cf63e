"""The first step of a login: locked after five failures, silent about which accounts there are; and its session."""

import ipaddress
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory
from lxml import html
from pytest_django import Settings

from ossnet_site import clients, lockout
from tests.staff import LOGIN, PASSWORD, person, sign_in, words

pytestmark = pytest.mark.django_db
ADDRESS = "203.0.113.7"
NOON = "2026-11-23T12:00:00Z"


@pytest.fixture
def anna() -> User:
    return person()


def fail(times: int, name: str = "Anna", **more: Any) -> Any:
    for _attempt in range(times):
        response = sign_in(Client(), name, "wrong", **more)
    return response


def test_the_right_password_opens_the_door(anna: User) -> None:
    client = Client()
    assert sign_in(client).headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_four_failures_are_forgiven_by_the_right_password(anna: User) -> None:
    assert fail(4).status_code == 200
    assert sign_in(Client()).status_code == 302
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize("name", ["Anna", "nobody"])
def test_the_fifth_failure_locks_whether_there_is_such_an_account_or_not(anna: User, name: str) -> None:
    with time_machine.travel(NOON, tick=False):
        assert fail(4, name).status_code == 200
        response = fail(1, name)
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "900"
        assert response.headers["Cache-Control"] == "no-store"
        document = html.fromstring(response.content.decode())
        assert document.get("lang") == "lv"
        assert len(document.xpath("//h1")) == 1
        assert name not in words(response)
    with time_machine.travel(datetime.fromisoformat(NOON) + timedelta(minutes=10), tick=False):
        response = sign_in(Client(), name)
        assert (response.status_code, response.headers["Retry-After"]) == (429, "300"), "also the right password"
    with time_machine.travel(datetime.fromisoformat(NOON) + timedelta(minutes=15, seconds=1), tick=False):
        assert sign_in(Client(), name).status_code == (302 if name == "Anna" else 200)


def test_the_answers_for_accounts_that_are_and_are_not_are_the_same(anna: User) -> None:
    person("Inga", is_active=False)
    person("Vita", is_staff=False, is_superuser=False)
    errors = set()
    for name, password in (("Anna", "wrong"), ("nobody", "wrong"), ("Inga", PASSWORD), ("Vita", PASSWORD)):
        document = html.fromstring(sign_in(Client(), name, password).content.decode())
        errors.add(document.xpath("string(//p[@class='errornote'])").strip())
    assert len(errors) == 1
    assert errors != {""}


@pytest.mark.parametrize("kind", ["known", "unknown", "inactive", "without password", "not of staff"])
def test_the_password_is_hashed_once_whatever_the_account(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user = person("Inga", is_active=kind != "inactive", is_staff=kind != "not of staff")
    if kind == "without password":
        user.set_unusable_password()
        user.save()
    calls: list[str] = []
    encode = PBKDF2PasswordHasher.encode

    def counted(hasher: PBKDF2PasswordHasher, password: str, *args: Any, **kwargs: Any) -> str:
        calls.append(password)
        return encode(hasher, password, *args, **kwargs)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    sign_in(Client(), "Ilze" if kind == "unknown" else "Inga", "wrong")
    assert len(calls) == 1


def test_nobody_locks_a_colleague_out_from_elsewhere(anna: User) -> None:
    assert fail(6, REMOTE_ADDR="198.51.100.1").status_code == 429
    assert sign_in(Client(), REMOTE_ADDR=ADDRESS).status_code == 302


def test_one_account_that_is_locked_locks_no_other(anna: User) -> None:
    person("Dace")
    fail(5)
    assert sign_in(Client(), "Dace").status_code == 302


def test_another_browser_or_letters_of_another_width_give_no_further_attempts(anna: User) -> None:
    for number in range(5):
        response = sign_in(Client(headers={"User-Agent": f"Browser {number}", "Accept": f"a/{number}"}), "Anna", "w")
    assert response.status_code == 429
    assert sign_in(Client(), "Ａｎｎａ").status_code == 429


def test_neither_address_nor_browser_nor_what_was_sent_is_kept(anna: User) -> None:
    for _attempt in range(2):
        Client(headers={"User-Agent": "Browser"}).post(
            f"{LOGIN}?next=/admin/&hidden=1",
            {"username": "Anna", "password": "wrong", "other": "2"},
            REMOTE_ADDR=ADDRESS,
        )
    (attempt,) = AccessAttempt.objects.all()
    assert (attempt.get_data, attempt.post_data, attempt.user_agent, attempt.http_accept) == ("", "", "", "")
    assert attempt.failures_since_start == 2
    assert ipaddress.IPv6Address(attempt.ip_address) in ipaddress.IPv6Network("fd00::/8")
    assert "203" not in repr(sorted(vars(attempt).items())).replace(attempt.ip_address, "")
    sign_in(Client())
    assert not AccessLog.objects.exists()


def test_old_attempts_are_deleted_by_the_next_failure_or_login(anna: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        fail(1, "nobody")
        clock.shift(timedelta(minutes=16))
        fail(1, "somebody")
        assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["somebody"]
        clock.shift(timedelta(minutes=16))
        sign_in(Client())
        assert not AccessAttempt.objects.exists()


def test_the_log_names_neither_account_nor_client(anna: User, caplog: pytest.LogCaptureFixture) -> None:
    fail(6, REMOTE_ADDR=ADDRESS)
    assert "Locking out" in caplog.text
    assert "Anna" not in caplog.text
    assert ADDRESS not in caplog.text
    assert "fd" not in caplog.text.replace("failed", "")


def pseudonym(address: str, forwarded: str = "") -> str:
    request = RequestFactory().get("/", REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=forwarded)
    return clients.client_pseudonym(request)


def test_a_pseudonym_tells_clients_apart_for_a_day_and_needs_the_key(settings: Settings) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        first = pseudonym(ADDRESS)
        assert first == pseudonym(ADDRESS) != pseudonym("203.0.113.8")
        assert pseudonym("::ffff:203.0.113.7") == first
        assert pseudonym("2001:db8:1:2:3::4") == pseudonym("2001:db8:1:2:ffff::") != pseudonym("2001:db8:1:3::1")
        clock.shift(timedelta(days=1))
        assert pseudonym(ADDRESS) != first
        clock.shift(timedelta(days=-1))
        settings.SECRET_KEY = "another"
        assert pseudonym(ADDRESS) != first


def test_forwarded_addresses_count_only_behind_our_proxy_and_then_the_last(settings: Settings) -> None:
    assert pseudonym(ADDRESS, "198.51.100.1") == pseudonym(ADDRESS)
    settings.BEHIND_TLS_PROXY = True
    assert pseudonym("127.0.0.1", "10.9.9.9, 203.0.113.7") == pseudonym(ADDRESS) != pseudonym("127.0.0.1")
    assert pseudonym("127.0.0.1", "") == pseudonym("127.0.0.1")
    assert pseudonym("127.0.0.1", "nonsense") == pseudonym("127.0.0.1")


def test_a_client_without_an_address_is_still_one() -> None:
    request = RequestFactory().get("/")
    del request.META["REMOTE_ADDR"]
    assert lockout.pseudonymous_address(request).startswith("fd")


@pytest.mark.parametrize("password", ["kaķis12345!", "123456789012345", "qwertyuiop123", "Anna-Anna-Anna"])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, User(username="Anna-Anna-Anna"))
    validate_password(PASSWORD, User(username="Anna"))


def test_the_session_ends_half_an_hour_after_the_last_staff_page(anna: User) -> None:
    client = Client()
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client)
        for _page in range(3):
            clock.shift(timedelta(minutes=29))
            assert client.get("/admin/").status_code == 200
        clock.shift(timedelta(minutes=20))
        client.get("/admin/nonsense/")  # a staff page too
        for _page in range(3):
            clock.shift(timedelta(minutes=10))
            client.get("/kontakti/")
        clock.shift(timedelta(seconds=1))
        assert client.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"


def test_the_session_ends_after_twelve_hours_however_busy(anna: User) -> None:
    client = Client()
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client)
        key = client.cookies["sessionid"].value
        for _page in range(12 * 3 - 1):
            clock.shift(timedelta(minutes=20))
            assert client.get("/admin/").status_code == 200
        clock.shift(timedelta(minutes=20))
        assert client.get("/admin/").status_code == 302
        assert not Session.objects.filter(session_key=key).exists()


def test_a_session_without_a_beginning_is_over(anna: User) -> None:
    client = Client()
    sign_in(client)
    session = client.session
    del session["signed_in_at"]
    session.save()
    assert client.get("/admin/").status_code == 302


def test_a_busy_session_is_written_once_a_minute(anna: User) -> None:
    client = Client()
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client)
        ends = Session.objects.get().expire_date
        clock.shift(timedelta(seconds=59))
        client.get("/admin/")
        assert Session.objects.get().expire_date == ends
        clock.shift(timedelta(seconds=1))
        client.get("/admin/")
        assert Session.objects.get().expire_date == ends + timedelta(minutes=1)


def test_signing_in_changes_the_key_and_out_ends_the_session(anna: User) -> None:
    client = Client()
    sign_in(client)
    first = client.cookies["sessionid"]
    assert (first["samesite"], first["httponly"], first["max-age"]) == ("Strict", True, 1800)
    sign_in(client)
    assert client.cookies["sessionid"].value != first.value
    key = client.cookies["sessionid"].value
    client.post("/admin/logout/")
    assert not Session.objects.filter(session_key=key).exists()
    client.cookies["sessionid"] = key
    assert client.get("/admin/").status_code == 302


def test_a_form_must_carry_its_token_to_sign_out(anna: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)
    assert client.post("/admin/logout/").status_code == 403
    assert client.get("/admin/").status_code == 200


def test_a_changed_password_ends_the_other_sessions(anna: User) -> None:
    here, elsewhere = Client(), Client()
    sign_in(here)
    sign_in(elsewhere)
    new = "pavisam cita parole 77"
    sent = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/admin/password_change/", sent).headers["Location"] == "/admin/password_change/done/"
    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    assert sign_in(Client(), password=new).status_code == 302


def test_one_client_tries_few_passwords_however_many_names_it_has(anna: User) -> None:
    with time_machine.travel("2036-11-23T12:00:00Z", tick=False):
        statuses = [sign_in(Client(), f"name{number}", "wrong").status_code for number in range(25)]
        assert statuses == [200] * 20 + [429] * 5
        response = sign_in(Client())
        assert response.status_code == 429, "the right password too"
        assert 0 < int(response.headers["Retry-After"]) <= 60
        assert "no-store" in response.headers["Cache-Control"]
        assert "Pārāk daudz pieprasījumu" in words(response)
        assert sign_in(Client(REMOTE_ADDR="192.0.2.9")).status_code == 302
        assert Client().get(LOGIN).status_code == 200


def test_an_old_password_is_guessed_no_more_often(anna: User) -> None:
    client = Client()
    client.force_login(anna)
    with time_machine.travel("2036-11-23T12:00:00Z", tick=False):
        client.force_login(anna)
        statuses = [client.post("/admin/password_change/", {"old_password": "x"}).status_code for _ in range(22)]
    assert statuses == [200] * 20 + [429] * 2


def test_the_right_password_of_an_account_that_is_no_staff_is_a_failure_like_any_other(anna: User) -> None:
    person("Vita", is_staff=False, is_superuser=False)
    with time_machine.travel(NOON, tick=False):
        statuses = {
            name: [sign_in(Client(), name, password).status_code for _attempt in range(6)]
            for name, password in (("Vita", PASSWORD), ("nobody", "wrong"))
        }
    assert statuses["Vita"] == statuses["nobody"]
    assert statuses["Vita"][-1] == 429


@pytest.mark.parametrize("key", ['"\\000aaaaaaaa"', "a" * 33, "A" * 32, "../../x", '"' + "\\000" * 32 + '"'])
def test_what_is_no_session_key_is_no_session(settings: Settings, key: str) -> None:
    for address in ("/admin/", LOGIN, "/kontakti/"):
        response = Client().get(address, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"})
        assert response.status_code in {200, 302}
