"""``gunicorn.conf.py``, and workers whose clock another process steps.

libfaketime would do it for any program, but gunicorn's threads hang under it unless the monotonic clock jumps too, and
no step of a real clock makes it do that. time-machine moves whatever Python takes for the time, in the whole process.
"""

import os
import runpy
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import time_machine

globals().update(
    {name: value for name, value in runpy.run_path("gunicorn.conf.py").items() if not name.startswith("__")}
)


def post_fork(server: object, worker: object) -> None:
    """Follow the file of CLOCK_FILE, which holds the seconds from the true time."""
    threading.Thread(target=follow, args=(Path(os.environ["CLOCK_FILE"]),), daemon=True).start()


def follow(file: Path) -> None:
    """Until the process ends."""
    clock, offset = time_machine.travel(datetime.now(UTC), tick=True).start(), 0
    while True:
        wanted = int(file.read_text())
        if wanted != offset:
            offset = wanted
            clock.move_to(datetime.fromtimestamp(time_machine.escape_hatch.time.time() + offset, UTC), tick=True)
        time.sleep(0.05)
