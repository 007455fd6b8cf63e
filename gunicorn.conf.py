"""gunicorn for every way of running the site; an option on the command line wins over this file."""

import gc
import os
import resource
import sys


def whole_number(name: str, default: str) -> int:
    """Read a variable; one that is no number ends the start with one line that names it."""
    text = os.environ.get(name, default)
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        sys.exit(f"{name} must be a whole number above 0, not {text!r}")
    return int(text)


bind = f"0.0.0.0:{whole_number('PORT', '8000')}"
workers = whole_number("WEB_CONCURRENCY", "2")
# Threads, and our pages for what cannot be read as a request.
worker_class = "ossnet_site.worker.Worker"
threads = 4
preload_app = True
# A heartbeat file on a disk can block a worker; memory cannot.
MEMORY = "/dev/shm"  # noqa: S108 - the kernel's own folder for shared memory
worker_tmp_dir = MEMORY if os.path.isdir(MEMORY) else None
# Which proxy's word counts is a setting of the site (BEHIND_TLS_PROXY); gunicorn itself believes none, as anybody can
# send what it would take from one at this very machine: another scheme, another root.
forwarded_allow_ips = ""
forwarder_headers = ""
# Above the 16 KB that ossnet_site.middleware accepts. What is longer, ossnet_site.worker answers.
limit_request_field_size = 32768
# Two sites under one account would share the socket, and nobody here steers gunicorn through it.
control_socket_disable = True
# The site writes a line for each request where LOG_REQUESTS asks for it. gunicorn's own, which --access-logfile asks
# for, must not undo what the consent records leave out: no address, query string, referrer or user agent.
access_log_format = "%(m)s %(s)s %(B)s bytes %(M)s ms"
loglevel = "warning"
logger_class = "ossnet_site.worker.Logger"
# Connections of each worker. One takes a file and some kilobytes, and a thread only once its request is here.
# The file limit is often 1024, though the system would allow more.
FILES, MOST_FILES = resource.RLIMIT_NOFILE, 8192
allowed, at_most = resource.getrlimit(FILES)
if allowed < MOST_FILES:
    allowed = MOST_FILES if at_most == resource.RLIM_INFINITY else min(at_most, MOST_FILES)
    resource.setrlimit(FILES, (allowed, at_most))
worker_connections = max(64, min(4000, allowed - 200))  # the rest is for databases, logs and listeners


def pre_fork(server: object, worker: object) -> None:
    """What the workers share stays shared: the collector does not write into it."""
    gc.collect()
    gc.freeze()
