"""What a value of a setting must be, where saying so takes more than a pattern. Pure functions for ``settings``."""

import re
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
