"""Numbers for Prometheus, over all processes of one gunicorn. Imported only where METRICS_TOKEN is set.

Each process writes its own into a small file of a folder in memory; whichever process is asked adds up all of them.
Nothing here knows an address of the network, a cookie or a record.
"""

import atexit
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from datetime import datetime

from django.db import Error
from django.utils import timezone

from consent import sealing
from consent.models import ConsentRecord, Purge
from ossnet_site import in_time

MEMORY = "/dev/shm"  # noqa: S108 - the kernel's own folder for shared memory
FOLDER = tempfile.mkdtemp(prefix="ossnet-metrics-", dir=MEMORY if os.path.isdir(MEMORY) else None)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = FOLDER  # the library reads it while it is imported

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest  # noqa: E402
from prometheus_client.core import GaugeMetricFamily  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402
from prometheus_client.registry import Collector  # noqa: E402

CONTENT_TYPE = CONTENT_TYPE_LATEST
# Seconds. A decision takes one to five milliseconds, a page that has to be made five to twenty.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OUTCOMES = (
    *ConsentRecord.Event.values,
    *("unchanged", "words_changed", "limited", "foreign", "malformed", "failed"),
)

_registry = CollectorRegistry()  # of this process alone, which nobody reads; see MultiProcessCollector
REQUESTS = Counter("ossnet_requests", "Answers by route and status.", ["route", "status"], registry=_registry)
SECONDS = Histogram(
    "ossnet_request_seconds",
    "Time until the answer was ready, of requests that no stored page answered.",
    ["route"],
    buckets=BUCKETS,
    registry=_registry,
)
DECISIONS = Counter("ossnet_decisions", "What decisions came to.", ["outcome"], registry=_registry)
FRONT = Counter(
    "ossnet_front_pages", "Pages for everybody in one state: stored, or made.", ["result"], registry=_registry
)


class StoredPages:
    """Answers from stored pages since the last ``settle``; the library's own counters would cost more than a page."""

    def __init__(self) -> None:
        self._counting = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {}

    def count(self, route: str, status: str) -> None:
        """Count one."""
        key = (route, status)
        with self._counting:
            self._counts[key] = self._counts.get(key, 0) + 1

    def taken(self) -> dict[tuple[str, str], int]:
        """The counts by route and status line, which begin anew."""
        with self._counting:
            taken, self._counts = self._counts, {}
        return taken


stored_pages = StoredPages()


def count(route: str, status: str, seconds: float, *, is_missed: bool) -> None:
    """Count an answer that no stored page gave; ``is_missed`` where one could have."""
    REQUESTS.labels(route, status).inc()
    SECONDS.labels(route).observe(seconds)
    if is_missed:
        FRONT.labels("miss").inc()


def count_decision(outcome: str) -> None:
    """Count what a decision came to."""
    DECISIONS.labels(outcome).inc()


def settle() -> None:
    """Put the counts of stored pages where every process can read them."""
    for (route, status), answers in stored_pages.taken().items():
        REQUESTS.labels(route, status[:3]).inc(answers)
        FRONT.labels("hit").inc(answers)


def exposition() -> bytes:
    """All numbers, as Prometheus reads them."""
    settle()
    registry = CollectorRegistry()
    MultiProcessCollector(registry, FOLDER)  # type: ignore[no-untyped-call]
    registry.register(FromDatabase())
    return generate_latest(registry)


class FromDatabase(Collector):
    """What is read when somebody asks; a database that is away or hangs is a number, too."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Leave out an age where there is nothing yet that could be old."""
        try:
            ages = in_time.in_time(read_ages)
        except (Error, in_time.TookTooLong):
            ages = None
        yield GaugeMetricFamily("ossnet_database_up", "Whether the database answered.", float(ages is not None))
        for name, age in (ages or {}).items():
            if age is not None:
                yield GaugeMetricFamily(f"ossnet_{name}_age_seconds", DOCUMENTED[name], age)


DOCUMENTED = {
    "last_seal": "Since the consent log was sealed last.",
    "last_purge": "Since a purge of consent records ended last.",
    "oldest_unsealed": "How long the consent record that has waited longest has waited for a seal.",
}


def read_ages() -> dict[str, float | None]:
    """Seconds; None for what has never been (3 queries, each of one row)."""
    seal = sealing.newest()
    purged = (
        Purge.objects.filter(finished_at__isnull=False).order_by("-started_at").values_list("finished_at", flat=True)
    )
    waiting = sealing.waiting(seal.cutoff if seal else None).values_list("decided_at", flat=True)
    return {
        "last_seal": age(seal.sealed_at if seal else None),
        "last_purge": age(purged.first()),
        "oldest_unsealed": age(waiting.first()),
    }


def age(moment: datetime | None) -> float | None:
    """Seconds since then; never below 0, whatever the clocks say."""
    return max(0.0, (timezone.now() - moment).total_seconds()) if moment else None


def _remove_folder(of_process: int) -> None:
    """The folder goes with the process that made it, not with a worker that was forked from it."""
    if os.getpid() == of_process:
        shutil.rmtree(FOLDER, ignore_errors=True)


atexit.register(_remove_folder, os.getpid())
