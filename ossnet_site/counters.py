"""The counters of one process, for ``ossnet_site.limits``."""

import threading
import time

from limits.storage import MemoryStorage

# Counters that one process keeps, about 300 bytes each; then it forgets them all, which costs a flood nothing it lacks.
MOST_COUNTERS = 20_000


class OwnCounters(MemoryStorage):
    """The library's store in memory, but for its sweeper.

    That is a thread, begun anew each hundredth of a second, which goes through all counters: it would cost more than
    the counting. Here they are gone through when there are too many.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counting = threading.Lock()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and say how many there are."""
        with self.counting:
            if len(self.storage) >= MOST_COUNTERS:
                self.forget_the_past()
            self.get(key)  # drops a count that is past its time
            self.storage[key] += amount
            if self.storage[key] == amount:
                self.expirations[key] = time.time() + expiry
            return self.storage[key]

    def decr(self, key: str, amount: int = 1) -> int:
        """Take back what two threads at once have counted beyond the limit."""
        with self.counting:
            self.storage[key] = max(self.storage[key] - amount, 0)
            return self.storage[key]

    def forget_the_past(self) -> None:
        """Drop the counters that are past their time; when that is not half of them, all."""
        now = time.time()
        for key in [key for key, until in self.expirations.items() if until <= now]:
            self.storage.pop(key, None)
            self.expirations.pop(key, None)
        if len(self.storage) > MOST_COUNTERS // 2:
            self.reset()
