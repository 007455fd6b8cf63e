"""gunicorn for every way of running the site; an option on the command line wins over this file."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
preload_app = True
# A heartbeat file on a disk can block a worker; memory cannot.
MEMORY = "/dev/shm"  # noqa: S108 - the kernel's own folder for shared memory
worker_tmp_dir = MEMORY if os.path.isdir(MEMORY) else None
# Above the 16 KB that ossnet_site.middleware accepts, so that the visitor gets our page and not gunicorn's.
limit_request_field_size = 32768
# The access log must not undo what the consent records leave out: no address, query string, referrer or user agent.
access_log_format = '%(t)s "%(m)s %(U)s %(H)s" %(s)s %(B)s %(M)sms'
loglevel = "warning"
