"""What a value of a setting must be, where saying so takes more than a pattern. Pure functions for ``settings``."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from urllib.parse import urlsplit

from limits import parse_many

# What stands in examples and templates instead of a key.
PLACEHOLDER = re.compile(
    r"^django-insecure-|change.?me|replace.?me|secret.?key|your.?(own.?)?key|placeholder|example|password|0123456789",
    re.IGNORECASE,
)


def is_guessable(key: str) -> bool:
    """Whether a long key is plainly not random: a placeholder, a piece over and over, or of too few characters.

    40 random characters hold ten different ones even when they are hexadecimal digits.
    """
    repeats_itself = (key + key).find(key, 1) < len(key)
    return bool(PLACEHOLDER.search(key)) or repeats_itself or len(set(key)) < 10


def is_list_of_keys(keys: Sequence[str]) -> bool:
    """Whether each is 32 bytes in base64url, with ``public:`` before it where only the public half is left.

    The first is the one that signs, so that it must be whole.
    """
    return all(map(_is_32_bytes, (key.removeprefix("public:") for key in keys))) and ":" not in keys[0]


def _is_32_bytes(text: str) -> bool:
    """In the one way to write them: without padding, and with nothing in the bits that are left over."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", text, re.ASCII):
        return False
    return urlsafe_b64encode(urlsafe_b64decode(text + "=")).decode() == text + "="


def store_address(value: str) -> str | None:
    """The address of a shared store as the library limits reads it, empty for none; None when it is malformed.

    Valkey speaks the language of Redis, and the client of Redis is the one that is installed.
    """
    try:
        parts = urlsplit(value)
        names_host = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or half an address of IPv6
        return None
    by_network = parts.scheme in {"redis", "rediss", "valkey", "valkeys"}
    by_socket = parts.scheme in {"redis+unix", "valkey+unix"}
    if by_network and not (names_host and re.fullmatch(r"(/[0-9]{0,3})?", parts.path)):
        return None
    if by_socket and (parts.hostname or len(parts.path) < 2):
        return None
    if value and not by_network and not by_socket:
        return None
    return re.sub("^valkey", "redis", value)


def is_limit(value: str) -> bool:
    """Whether ``value`` is a limit in the notation of the library limits, such as ``60/minute;600/hour``."""
    try:
        return min(item.amount for item in parse_many(value)) > 0
    except ValueError:
        return False


def is_dsn(value: str) -> bool:
    """Whether ``value`` names a project of Sentry, or of what speaks its language, over HTTPS."""
    try:
        parts = urlsplit(value)
        names_host = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or half an address of IPv6
        return False
    has_key = bool(parts.username) and not parts.password
    names_project = re.fullmatch(r"(/[\w.-]+)*/[0-9]+", parts.path, re.ASCII)
    return parts.scheme == "https" and names_host and has_key and bool(names_project)
