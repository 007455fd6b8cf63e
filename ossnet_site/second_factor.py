"""The second factor of staff: a code from a telephone (TOTP, RFC 6238), or one of the recovery codes on paper."""

import base64
import hashlib
import re
import secrets
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits: nobody finds such a code by its digest
DIGITS = re.compile(r"[0-9]{6}")


def is_set_up(user: User) -> bool:
    """Whether the account has a telephone that has proven itself."""
    found: bool = TOTPDevice.objects.filter(user=user, confirmed=True).exists()
    return found


def telephone_of(user: User) -> Any:
    """The telephone that has proven itself, or None."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def begin(user: User) -> Any:
    """A new secret, in the place of one that was never confirmed: somebody else may have seen that."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        return TOTPDevice.objects.create(user=user, name="TOTP", confirmed=False)


def confirm(user: User, device: Any, code: str, *, replace: bool) -> bool:
    """Let the telephone count from now on, if it shows the right code; an older one no longer does.

    ``replace`` says whether there may be an older one.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two set-ups of one account take turns
        if is_set_up(user) and not replace:
            return False
        if not DIGITS.fullmatch(typed(code)) or verify_token(user, device.persistent_id, typed(code)) is None:
            return False
        TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
        StaticDevice.objects.filter(user=user).delete()
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        device.refresh_from_db()
    return True


def rests(user: User, code: str) -> bool:
    """Whether a code from the telephone is not looked at now, as wrong ones came shortly before."""
    device = telephone_of(user)
    return bool(device and DIGITS.fullmatch(typed(code)) and not device.verify_is_allowed()[0])


def verify(user: User, code: str) -> Any:
    """The device that vouches for the code, or None: wrong, used already, or too soon after a wrong one.

    Either kind of code counts once. After a recovery code the telephone rests no longer.
    """
    code = typed(code)
    telephone = telephone_of(user)
    if DIGITS.fullmatch(code):
        return verify_token(user, telephone.persistent_id, code) if telephone else None
    paper = StaticDevice.objects.filter(user=user).first()
    device = verify_token(user, paper.persistent_id, digest(code)) if paper else None
    if device and telephone:
        telephone.throttle_reset()
    return device


def new_recovery_codes(user: User) -> list[str]:
    """Ten codes, as they are shown this once; the database gets their digests.

    Earlier ones end, and with them the sessions that they let in.
    """
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="Recovery codes")
        for code in codes:
            device.token_set.create(token=digest(code))
    return [in_groups(code) for code in codes]


def recovery_codes_left(user: User) -> int:
    """How many recovery codes have not been used."""
    left: int = StaticToken.objects.filter(device__user=user).count()
    return left


def reset(user: User) -> bool:
    """Take the second factor away, and with it every session that it vouched for; whether there was one."""
    with transaction.atomic():
        found = [model.objects.filter(user=user).delete()[0] for model in (TOTPDevice, StaticDevice)]
    return any(found)


def typed(code: str) -> str:
    """A code without what people put into it to read it."""
    return re.sub(r"[\s-]", "", code).lower()


def digest(code: str) -> str:
    """80 bits in the sixteen characters that django-otp has for a recovery code."""
    return base64.b32encode(hashlib.sha256(code.encode()).digest()[:RECOVERY_BYTES]).decode().lower()


def in_groups(text: str) -> str:
    """Four characters at a time, as people can read them."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def secret(device: Any) -> str:
    """The secret as people type it into a telephone that cannot read the picture."""
    return in_groups(base64.b32encode(device.bin_key).decode())
