"""Keyed hashes for what every decision needs several of."""

import hmac
from functools import lru_cache
from hashlib import sha256

from django.conf import settings


def keyed_hash(salt: str, text: str, secret: str = "") -> bytes:
    """The 32 bytes of ``django.utils.crypto.salted_hmac`` with SHA-256, by ``SECRET_KEY`` unless another is given.

    Django makes the key for the salt anew each time, which takes ten times as long as the hash.
    """
    return hmac.digest(_key(salt, secret or settings.SECRET_KEY), text.encode(), "sha256")


@lru_cache(maxsize=32)  # a few salts, two of which change each day
def _key(salt: str, secret: str) -> bytes:
    return sha256(f"{salt}{secret}".encode()).digest()
