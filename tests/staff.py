"""Staff who sign in as people do: a password on the login page, then a code."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from lxml import html

from ossnet_site import second_factor

PASSWORD = "garām pa ielu gāja kaķis"
LOGIN, VERIFY, SET_UP = "/admin/login/", "/admin/second-factor/", "/admin/second-factor/set-up/"
RECOVERY = "/admin/second-factor/recovery-codes/"


def person(name: str = "Anna", **more: Any) -> User:
    """A superuser, unless ``more`` says otherwise."""
    return User.objects.create_user(name, password=PASSWORD, **{"is_staff": True, "is_superuser": True} | more)


def sign_in(client: Client, name: str = "Anna", password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"username": name, "password": password, "next": "/admin/"}, **more)


def telephone(user: User) -> Any:
    """A telephone that is set up."""
    return TOTPDevice.objects.create(user=user, name="TOTP", confirmed=True)


def shown_by(device: Any, later: int = 0) -> str:
    """The six digits that a telephone shows; ``later``: how many steps of 30 seconds from now."""
    return f"{totp(device.bin_key, drift=later):06}"


def wrong_for(device: Any) -> str:
    """Six digits that the telephone shows at no time that counts."""
    near = {shown_by(device, later) for later in range(-3, 4)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777")
                if code not in near)  # fmt: skip


def inside(user: User) -> tuple[Client, Any, list[str]]:
    """A client that has come through both steps, its telephone (which shows a new code only later) and codes."""
    client, device = Client(), telephone(user)
    codes = second_factor.new_recovery_codes(user)
    sign_in(client, user.get_username())
    assert client.post(VERIFY, {"code": codes.pop()}).status_code == 302
    return client, device, codes


def words(response: Any) -> str:
    return " ".join(html.fromstring(response.content.decode()).xpath("string(//body)").split())
