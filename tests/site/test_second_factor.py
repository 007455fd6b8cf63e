"""The second step of a login: nothing of the staff pages before it, every code once, and ways back in."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from lxml import html
from pytest_django import Settings

from ossnet_site import second_factor
from ossnet_site import urls as site_urls
from ossnet_site.checks import staff_have_a_second_factor
from tests import staff
from tests.staff import RECOVERY, SET_UP, VERIFY, person, shown_by, sign_in, telephone, words, wrong_for

pytestmark = pytest.mark.django_db
NOON = "2026-11-23T12:00:00Z"
REFUSED = "Šis kods nav pareizs vai jau ir izmantots"
# The site with a page of staff that lacks every guard of Django's admin.
urlpatterns = [path("admin/forgotten/", lambda request: HttpResponse("forgotten")), *site_urls.urlpatterns]
RESET = "/admin/auth/user/{}/reset-second-factor/"


@pytest.fixture(autouse=True)
def _enforced(settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True


@pytest.fixture
def anna() -> User:
    return person()


@pytest.fixture
def halfway(anna: User) -> Client:
    """Anna after her password."""
    client = Client()
    assert sign_in(client).headers["Location"] == "/admin/"
    return client


def document(response: Any) -> Any:
    return html.fromstring(response.content.decode())


def admin_addresses() -> list[str]:
    """An address for every route under /admin/."""
    found = []
    routes: list[tuple[str, URLPattern | URLResolver]] = [("/", pattern) for pattern in get_resolver().url_patterns]
    while routes:
        start, pattern = routes.pop()
        route = str(pattern.pattern).removeprefix("^").removesuffix("$")
        route = re.sub(r"\(\?P<app_label>.*?\)", "auth", route).replace("(?P<url>.*)", "nonsense")
        address = start + re.sub(r"<(\w+:)?\w+>", "1", route)
        if isinstance(pattern, URLPattern):
            found.append(address)
        elif address.startswith("/admin/"):
            routes += [(address, inner) for inner in pattern.url_patterns]
    return sorted({address for address in found if address.startswith("/admin/")})


@pytest.mark.parametrize("has_telephone", [True, False])
def test_halfway_no_staff_address_answers_anything_but_the_way_to_the_second_step(
    anna: User, halfway: Client, has_telephone: bool
) -> None:
    if has_telephone:
        telephone(anna)
    addresses = admin_addresses()
    assert len(addresses) > 60
    assert {"/admin/", "/admin/nonsense", "/admin/auth/user/1/password/", "/admin/jsi18n/"} <= set(addresses)
    for address in addresses:
        for method in ("get", "head", "post", "put", "delete", "options"):
            if address in (VERIFY, SET_UP, "/admin/logout/") or (address, method) == (staff.LOGIN, "post"):
                continue
            response = getattr(halfway, method)(address)
            assert response.status_code == 302, (method, address)
            assert response.headers["Location"].startswith(f"{VERIFY}?next=/admin/"), (method, address)
            assert "no-store" in response.headers["Cache-Control"]
            assert response.content == b""


def test_outside_every_staff_address_leads_to_the_password(db: None) -> None:
    client = Client()
    for address in admin_addresses():
        if address != staff.LOGIN:
            assert client.get(address).headers["Location"].startswith(f"{staff.LOGIN}?next="), address
            assert client.post(address).headers["Location"] == f"{staff.LOGIN}?next=/admin/", address


def test_an_account_that_is_not_of_staff_stays_outside(db: None) -> None:
    client = Client()
    client.force_login(person("Vita", is_staff=False))
    for address in ("/admin/", VERIFY, SET_UP, RECOVERY):
        assert client.get(address).headers["Location"].startswith(staff.LOGIN)


def test_a_view_that_forgot_to_ask_is_behind_the_door(halfway: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    assert halfway.get("/admin/forgotten/").headers["Location"] == f"{VERIFY}?next=/admin/forgotten/"
    assert Client().get("/admin/forgotten/").headers["Location"] == f"{staff.LOGIN}?next=/admin/forgotten/"
    settings.STAFF_SECOND_FACTOR = False
    assert halfway.get("/admin/forgotten/").content == b"forgotten"


def test_a_view_of_staff_asks_for_the_second_step_also_where_no_door_is(halfway: Client, settings: Settings) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != "ossnet_site.door.StaffDoorMiddleware"]
    doorless = Client()  # reads the setting at its first request
    doorless.cookies = halfway.cookies
    assert doorless.get("/admin/").headers["Location"] == f"{staff.LOGIN}?next=/admin/"
    settings.STAFF_SECOND_FACTOR = False
    assert doorless.get("/admin/").status_code == 200


def test_the_first_login_sets_a_telephone_up_and_shows_recovery_codes_once(anna: User, halfway: Client) -> None:
    response = halfway.get("/admin/auth/user/", follow=True)
    assert response.redirect_chain[-1][0] == f"{SET_UP}?next=%2Fadmin%2Fauth%2Fuser%2F"
    assert not TOTPDevice.objects.exists(), "a page that is looked at writes nothing"
    before = halfway.cookies["sessionid"].value
    response = halfway.post(SET_UP, {"begin": "", "next": "/admin/auth/user/"}, follow=True)
    device = TOTPDevice.objects.get()
    assert not device.confirmed
    assert second_factor.secret(device) in words(response)
    assert halfway.get("/admin/").status_code == 302
    assert REFUSED in words(halfway.post(SET_UP, {"code": wrong_for(device)}))
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    response = halfway.post(SET_UP, {"code": shown_by(device), "next": "/admin/auth/user/"})
    codes = document(response).xpath("string(//pre)").strip().splitlines()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[a-z2-7]{4}( [a-z2-7]{4}){3}", code) for code in codes)
    assert document(response).xpath("//a[text()='Turpināt']/@href") == ["/admin/auth/user/"]
    assert "no-store" in response.headers["Cache-Control"]
    assert halfway.cookies["sessionid"].value != before
    assert halfway.get("/admin/auth/user/").status_code == 200
    assert codes[0] not in words(halfway.get(SET_UP))
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert not stored & {code.replace(" ", "") for code in codes}, "the database has digests only"


def test_the_picture_says_what_the_key_says_and_has_no_style(anna: User, halfway: Client) -> None:
    halfway.post(SET_UP, {"begin": ""})
    response = halfway.get(SET_UP)
    device = TOTPDevice.objects.get()
    address = urlsplit(device.config_url)
    asked = parse_qs(address.query)
    assert asked["secret"] == [second_factor.secret(device).replace(" ", "")]
    assert asked["issuer"] == ["SIA OSS Networks"]
    (picture,) = document(response).xpath("//svg[@class='qr-code']")
    assert picture.get("role") == "img"
    assert picture.xpath("string(title)")
    assert not document(response).xpath("//@style|//style|//script[not(@src)]")
    assert "no-store" in response.headers["Cache-Control"]


def test_a_secret_that_another_session_has_seen_is_not_gone_on_with(anna: User, halfway: Client) -> None:
    halfway.post(SET_UP, {"begin": ""})
    seen = TOTPDevice.objects.get()
    owner = Client()
    sign_in(owner)
    assert second_factor.secret(seen) not in words(owner.get(SET_UP))
    owner.post(SET_UP, {"begin": ""})
    assert second_factor.secret(TOTPDevice.objects.get()) in words(owner.get(SET_UP))
    assert halfway.post(SET_UP, {"code": shown_by(seen)}).status_code == 200
    assert halfway.get("/admin/").status_code == 302


def test_a_second_telephone_is_not_set_up_halfway(anna: User, halfway: Client) -> None:
    halfway.post(SET_UP, {"begin": ""})
    pending = TOTPDevice.objects.get()
    telephone(anna)  # the owner was quicker
    assert halfway.post(SET_UP, {"code": shown_by(pending)}).headers["Location"] == VERIFY
    assert not second_factor.confirm(anna, pending, shown_by(pending), replace=False)
    assert halfway.get("/admin/").status_code == 302


def test_password_and_code_let_in_and_lead_on(anna: User) -> None:
    device, client = telephone(anna), Client()
    sign_in(client)
    location = client.get("/admin/auth/user/?o=1").headers["Location"]
    assert client.get(location).status_code == 200
    before = client.cookies["sessionid"].value
    code = shown_by(device)
    response = client.post(location, {"code": f" {code[:3]} {code[3:]} "})
    assert response.headers["Location"] == "/admin/auth/user/?o=1"
    assert client.get("/admin/auth/user/").status_code == 200
    assert client.cookies["sessionid"].value != before
    stale = Client()
    stale.cookies["sessionid"] = before
    assert stale.get("/admin/").headers["Location"].startswith(staff.LOGIN)
    assert client.get(VERIFY).headers["Location"] == "/admin/"


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "", "http:///x"])
def test_the_second_step_leads_to_no_other_site(anna: User, halfway: Client, address: str) -> None:
    device = telephone(anna)
    response = halfway.post(VERIFY, {"code": shown_by(device), "next": address})
    assert response.headers["Location"] == "/admin/"


def test_a_code_counts_once_and_a_wrong_one_is_refused_in_the_same_words(anna: User) -> None:
    device = telephone(anna)
    with time_machine.travel(NOON, tick=False) as clock:
        code = shown_by(device)
        first, second = Client(), Client()
        sign_in(first)
        sign_in(second)
        assert first.post(VERIFY, {"code": code}).status_code == 302
        used = second.post(VERIFY, {"code": code})
        clock.shift(timedelta(seconds=2))
        wrong = second.post(VERIFY, {"code": wrong_for(device)})
        assert REFUSED in words(used)
        assert words(used) == words(wrong)
        assert second.get("/admin/").status_code == 302
        clock.shift(timedelta(seconds=60))
        assert second.post(VERIFY, {"code": shown_by(device)}).status_code == 302


@pytest.mark.parametrize("code", ["", "12345", "1234567", "١٢٣٤٥٦", "-00001", "1e5", "x" * 41, "0x1F", "\x00"])
def test_what_is_no_code_is_refused(anna: User, halfway: Client, code: str) -> None:
    telephone(anna)
    second_factor.new_recovery_codes(anna)
    response = halfway.post(VERIFY, {"code": code})
    assert response.status_code == 200
    assert document(response).xpath("//ul[contains(@class, 'errorlist')]")
    assert halfway.get("/admin/").status_code == 302


def test_right_after_a_wrong_code_even_the_right_one_has_to_wait(anna: User, halfway: Client) -> None:
    device = telephone(anna)
    with time_machine.travel(NOON, tick=False) as clock:
        halfway.post(VERIFY, {"code": wrong_for(device)})
        assert REFUSED in words(halfway.post(VERIFY, {"code": shown_by(device)}))
        clock.shift(timedelta(seconds=3))
        assert halfway.post(VERIFY, {"code": shown_by(device)}).status_code == 302


def test_wrong_codes_lock_like_wrong_passwords_and_the_password_does_not_help(anna: User, halfway: Client) -> None:
    device = telephone(anna)
    with time_machine.travel(NOON, tick=False) as clock:
        for attempt in range(4):
            clock.shift(timedelta(seconds=40))
            assert halfway.post(VERIFY, {"code": wrong_for(device)}).status_code == 200
            if attempt % 2:
                assert sign_in(Client()).status_code == 302
        clock.shift(timedelta(seconds=40))
        assert halfway.post(VERIFY, {"code": wrong_for(device)}).status_code == 429
        clock.shift(timedelta(seconds=40))
        locked = halfway.post(VERIFY, {"code": shown_by(device)})
        assert (locked.status_code, locked.headers["Retry-After"]) == (429, "860")
        assert sign_in(Client()).status_code == 429
        clock.shift(timedelta(minutes=15))
        assert halfway.post(VERIFY, {"code": shown_by(device)}).status_code == 302
        assert not AccessAttempt.objects.exists()


def test_codes_tried_in_the_set_up_are_counted_as_well(anna: User, halfway: Client) -> None:
    halfway.post(SET_UP, {"begin": ""})
    device = TOTPDevice.objects.get()
    answers = [halfway.post(SET_UP, {"code": wrong_for(device)}).status_code for _attempt in range(6)]
    assert answers == [200, 200, 200, 200, 429, 429]


def test_a_recovery_code_lets_in_once(anna: User) -> None:
    telephone(anna)
    code, other = second_factor.new_recovery_codes(anna)[:2]
    client = Client()
    sign_in(client)
    assert client.post(VERIFY, {"code": code.upper().replace(" ", "-")}).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert second_factor.recovery_codes_left(anna) == 9
    again = Client()
    sign_in(again)
    assert REFUSED in words(again.post(VERIFY, {"code": code}))
    stored = StaticToken.objects.order_by("pk").values_list("token", flat=True)[0]
    StaticDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    assert REFUSED in words(again.post(VERIFY, {"code": stored})), "what a copy of the database shows is no code"
    StaticDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    assert again.post(VERIFY, {"code": other}).status_code == 302


def test_a_colleagues_codes_let_nobody_else_in(anna: User, halfway: Client) -> None:
    telephone(anna)
    dace = person("Dace")
    code = second_factor.new_recovery_codes(dace)[0]
    assert REFUSED in words(halfway.post(VERIFY, {"code": code}))
    assert REFUSED in words(halfway.post(VERIFY, {"code": shown_by(telephone(dace))}))


def test_new_recovery_codes_cost_a_code_and_end_the_earlier_ones(anna: User) -> None:
    client, _device, codes = staff.inside(anna)
    page = client.get(RECOVERY)
    assert "Ir palikuši 9 atjaunošanas kodi." in words(page)
    assert not set(codes) & set(words(page).split())
    assert REFUSED in words(client.post(RECOVERY, {"code": "nonsense"}))
    assert second_factor.recovery_codes_left(anna) == 9
    StaticDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    new = document(client.post(RECOVERY, {"code": codes[0]})).xpath("string(//pre)").strip().splitlines()
    assert len(set(new)) == 10
    assert client.get("/admin/").status_code == 200
    assert second_factor.verify(anna, codes[1]) is None
    StaticDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    assert second_factor.verify(anna, new[0]) is not None


def test_another_telephone_takes_the_place_of_the_lost_one_for_a_recovery_code(anna: User) -> None:
    client, lost, codes = staff.inside(anna)
    elsewhere = Client()
    sign_in(elsewhere)
    assert elsewhere.post(VERIFY, {"code": shown_by(lost)}).status_code == 302
    assert "Pašlaik iestatītais tālrunis vairs nederēs" in words(client.get(SET_UP))
    client.post(SET_UP, {"begin": ""})
    assert TOTPDevice.objects.count() == 1, "not without a code"
    client.post(SET_UP, {"begin": "", "code": codes[0]})
    new = TOTPDevice.objects.get(confirmed=False)
    assert elsewhere.get("/admin/").status_code == 200, "the old one counts until the new one has proven itself"
    response = client.post(SET_UP, {"code": shown_by(new)})
    assert len(document(response).xpath("string(//pre)").strip().splitlines()) == 10
    assert [device.pk for device in TOTPDevice.objects.all()] == [new.pk]
    assert client.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302, "a session of the lost telephone is over"


def test_the_password_alone_keeps_no_session_inside(anna: User) -> None:
    client, _device, _codes = staff.inside(anna)
    assert client.get("/admin/").status_code == 200
    sign_in(client)
    assert client.get("/admin/").headers["Location"].startswith(VERIFY)


def test_halfway_can_be_left(anna: User, halfway: Client) -> None:
    telephone(anna)
    assert "Anna" in words(halfway.get(VERIFY))
    assert halfway.post("/admin/logout/").status_code in (200, 302)
    assert halfway.get(VERIFY).headers["Location"].startswith(staff.LOGIN)


def test_halfway_pages_show_no_names_of_staff_pages(anna: User, halfway: Client) -> None:
    telephone(anna)
    assert not [link for link in document(halfway.get(VERIFY)).xpath("//@href") if link.startswith("/admin/auth")]


def test_the_password_page_is_for_those_inside(anna: User) -> None:
    client, _device, _codes = staff.inside(anna)
    assert client.get("/admin/password_change/").status_code == 200
    halfway = Client()
    sign_in(halfway)
    sent = {"old_password": staff.PASSWORD, "new_password1": "x" * 20 + "7y", "new_password2": "x" * 20 + "7y"}
    assert halfway.post("/admin/password_change/", sent).headers["Location"].startswith(VERIFY)
    assert User.objects.get().check_password(staff.PASSWORD)
    assert client.post("/admin/password_change/", sent).headers["Location"] == "/admin/password_change/done/"
    assert client.get("/admin/").status_code == 200, "still inside"


def test_a_superuser_resets_a_colleagues_second_factor_and_it_is_logged(anna: User) -> None:
    dace = person("Dace", is_superuser=False)
    colleague, _device, _codes = staff.inside(dace)
    client, _device, codes = staff.inside(anna)
    assert RESET.format(dace.pk) in document(client.get(f"/admin/auth/user/{dace.pk}/change/")).xpath("//@href")
    assert "Dace" in words(client.get(RESET.format(dace.pk)))
    assert second_factor.is_set_up(dace), "only asked so far"
    assert REFUSED in words(client.post(RESET.format(dace.pk), {"code": "000000"}))
    assert second_factor.is_set_up(dace), "the one who asks must show that it is them"
    assert "atiestatīts" in words(client.post(RESET.format(dace.pk), {"code": codes.pop()}, follow=True))
    assert not second_factor.is_set_up(dace)
    assert not second_factor.recovery_codes_left(dace)
    assert LogEntry.objects.get().object_id == str(dace.pk)
    assert colleague.get("/admin/").status_code == 302
    assert colleague.get(VERIFY).headers["Location"].startswith(SET_UP)
    assert second_factor.is_set_up(anna)
    assert client.get(RESET.format(0)).status_code == 404


def test_nobody_but_a_superuser_resets(anna: User) -> None:
    dace = person("Dace", is_superuser=False)
    dace.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client, _device, _codes = staff.inside(dace)
    telephone(anna)
    assert client.get(f"/admin/auth/user/{anna.pk}/change/").status_code == 403
    assert client.post(RESET.format(anna.pk)).status_code == 403
    assert second_factor.is_set_up(anna)


def test_no_page_of_staff_shows_a_secret(anna: User) -> None:
    client, device, codes = staff.inside(anna)
    stored = set(StaticToken.objects.values_list("token", flat=True))
    secrets = {device.key, second_factor.secret(device).replace(" ", ""), *codes, *stored}
    for address in admin_addresses():
        if address != "/admin/logout/":
            response = client.get(address.replace("/1/", f"/{anna.pk}/"))
            body = b"" if response.streaming else response.content
            assert not [secret for secret in secrets if secret.encode() in body], address
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404


def test_the_command_lets_the_only_superuser_start_again(anna: User) -> None:
    client, _device, _codes = staff.inside(anna)
    said = StringIO()
    call_command("reset_second_factor", "Anna", stdout=said)
    call_command("reset_second_factor", "Anna", stdout=said)
    assert said.getvalue().splitlines() == ["Anna: the second factor was reset", "Anna: there was none"]
    assert client.get("/admin/").status_code == 302
    with pytest.raises(CommandError, match="nobody"):
        call_command("reset_second_factor", "nobody")


def test_where_it_is_switched_off_the_password_is_enough(anna: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = False
    client = Client()
    sign_in(client)
    assert client.get("/admin/").status_code == 200
    assert client.get(VERIFY).headers["Location"] == "/admin/"
    assert client.get(SET_UP).status_code == client.get(RECOVERY).status_code == 404
    assert RECOVERY not in document(client.get("/admin/")).xpath("//@href")


def test_a_deployment_without_second_factor_is_told(settings: Settings) -> None:
    assert staff_have_a_second_factor() == []
    settings.STAFF_SECOND_FACTOR = False
    assert [warning.id for warning in staff_have_a_second_factor()] == ["site.W004"]


def test_a_database_that_is_away_is_said_on_staff_pages_too(halfway: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away(*args: object) -> None:
        raise OperationalError

    monkeypatch.setattr("ossnet_site.door.goes_on", away)
    response = halfway.get("/admin/")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")


def test_the_page_of_the_code_is_in_latvian_with_one_heading(anna: User, halfway: Client) -> None:
    telephone(anna)
    page = document(halfway.get(VERIFY))
    assert page.get("lang") == "lv"
    assert page.xpath("string(//h1)").strip() == "Otrais solis"
    assert len(page.xpath("//h1")) == 1


def test_nobody_gets_rid_of_their_own_telephone_or_password_without_what_they_know(anna: User) -> None:
    client, _device, _codes = staff.inside(anna)
    assert client.get(RESET.format(anna.pk)).status_code == 403
    assert client.post(RESET.format(anna.pk)).status_code == 403
    assert second_factor.is_set_up(anna)
    password = "cits garš teikums par kaķi"
    response = client.post(f"/admin/auth/user/{anna.pk}/password/", {"password1": password, "password2": password})
    assert response.headers["Location"] == "/admin/password_change/"
    anna.refresh_from_db()
    assert anna.check_password(staff.PASSWORD)


def test_without_a_second_factor_a_superuser_resets_without_a_code(anna: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = False
    dace = person("Dace")
    telephone(dace)
    client = Client()
    client.force_login(anna)
    assert client.post(RESET.format(dace.pk)).status_code == 302
    assert not second_factor.is_set_up(dace)


def test_somebody_elses_wrong_codes_keep_nobody_out(anna: User) -> None:
    """Whoever has the password can make the telephone rest; a recovery code lets in all the same and ends that."""
    device = telephone(anna)
    codes = second_factor.new_recovery_codes(anna)
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(8):
            thief = Client(REMOTE_ADDR=f"192.0.2.{number}")
            sign_in(thief)
            thief.post(VERIFY, {"code": wrong_for(device)})
            clock.shift(2**number + 1)
        clock.shift(-60)
        owner = Client(REMOTE_ADDR="203.0.113.1")
        sign_in(owner)
        for _attempt in range(8):
            assert REFUSED in words(owner.post(VERIFY, {"code": shown_by(device)})), "it rests, which is no failure"
        assert owner.post(VERIFY, {"code": codes.pop()}).status_code == 302
        device.refresh_from_db()
        assert device.throttling_failure_count == 0


def test_new_codes_and_a_new_telephone_end_the_sessions_that_earlier_codes_let_in(anna: User) -> None:
    other, _device, codes = staff.inside(anna)
    mine = Client()
    sign_in(mine)
    assert mine.post(VERIFY, {"code": codes.pop()}).status_code == 302
    assert mine.post(RECOVERY, {"code": codes.pop()}).status_code == 200
    assert mine.get("/admin/").status_code == 200, "this session goes on"
    assert other.get("/admin/").status_code == 302


def test_a_new_telephone_ends_what_a_recovery_code_let_in(anna: User) -> None:
    staff.inside(anna)
    new = second_factor.begin(anna)
    assert second_factor.confirm(anna, new, shown_by(new), replace=True)
    assert not StaticDevice.objects.filter(user=anna).exists()
