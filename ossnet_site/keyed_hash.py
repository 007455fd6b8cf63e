"""Django's keyed hash, sooner, for what every decision needs several of."""

import hmac
from functools import lru_cache
from hashlib import sha256

from django.conf import settings


def salted_hmac(salt: str, text: str, secret: str = "") -> bytes:
    """The 32 bytes of ``django.utils.crypto.salted_hmac`` with SHA-256, by ``SECRET_KEY`` unless another is given.

    Django derives the key anew each time, which takes longer than the hash.
    """
    return hmac.digest(_key(salt, secret or settings.SECRET_KEY), text.encode(), "sha256")


@lru_cache(maxsize=32)  # a few salts, two of which change each day
def _key(salt: str, secret: str) -> bytes:
    return sha256(f"{salt}{secret}".encode()).digest()
