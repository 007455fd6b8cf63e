"""How often one client may do something: one table (``RATE_LIMITS`` in the settings), one question.

The counts are in the shared store of RATE_LIMIT_STORE, else in the memory of each process. A shared store that is away
stops nobody: each process then counts for itself. Neither ever holds an address, see ``ossnet_site.clients``.
"""

import logging
import math
import time
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, parse_many
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from ossnet_site.clients import client_pseudonym
from ossnet_site.counters import OwnCounters

logger = logging.getLogger(__name__)

# Seconds that a decision may wait for the shared store; usually it answers within a millisecond.
PATIENCE = 0.25
# Seconds for which a store that failed is not asked again, so that not every decision waits for it.
AWAY = 5.0
# Seconds between two lines in the log about it.
BETWEEN_LINES = 60.0


class _Away:
    """Until when the shared store is left alone, and when it was last spoken of; seconds of the monotonic clock."""

    until = -math.inf
    logged = -math.inf


def seconds_to_wait(kind: str, request: HttpRequest) -> int | None:
    """Count one more of ``kind`` for the client of ``request``.

    None when it is within the limit; else the whole seconds after which it will be, and then it is not counted.
    """
    client = client_pseudonym(request)
    if settings.RATE_LIMIT_STORE and time.monotonic() >= _Away.until:
        try:
            return _count(_shared(settings.RATE_LIMIT_STORE), kind, client)
        except (RedisError, OSError) as error:
            _leave_alone(error)
    return _count(_own(), kind, client)


def forget() -> None:
    """Forget what this process has counted and noticed; for tests."""
    _own().storage.reset()
    _shared.cache_clear()
    _Away.until = _Away.logged = -math.inf


def _count(limiter: SlidingWindowCounterRateLimiter, kind: str, client: str) -> int | None:
    for item in _items(settings.RATE_LIMITS[kind]):
        if not limiter.hit(item, kind, client):
            free_at, _left = limiter.get_window_stats(item, kind, client)
            return max(1, math.floor(free_at - time.time()) + 1)
    return None


@cache
def _items(limits: str) -> tuple[RateLimitItem, ...]:
    """The shortest window first: what it refuses is not counted in a longer one."""
    return tuple(sorted(parse_many(limits), key=lambda item: item.get_expiry()))


@cache
def _own() -> SlidingWindowCounterRateLimiter:
    """Made by the first decision, not at import: gunicorn forks, and each process counts for itself."""
    return SlidingWindowCounterRateLimiter(OwnCounters())


@cache
def _shared(address: str) -> SlidingWindowCounterRateLimiter:
    options: dict[str, Any] = {
        "socket_timeout": PATIENCE,
        "socket_connect_timeout": PATIENCE,
        "retry": Retry(NoBackoff(), 0),
    }
    return SlidingWindowCounterRateLimiter(storage_from_string(address, key_prefix="ossnet-limits", **options))


def _leave_alone(error: Exception) -> None:
    """Count in this process for a while; say so, without the address, as it may hold a password."""
    now = time.monotonic()
    _Away.until = now + AWAY
    if now >= _Away.logged + BETWEEN_LINES:
        _Away.logged = now
        logger.warning(
            "The store of RATE_LIMIT_STORE does not answer (%s): each process counts for itself", type(error).__name__
        )
