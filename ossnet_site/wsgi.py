"""The WSGI application that gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection

from ossnet_site import checks, patience, triggers
from ossnet_site.warm_up import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ossnet_site.settings")

application = django = get_wsgi_application()
# These need the applications, which are ready only now.
from ossnet_site.health import Probes  # noqa: E402
from ossnet_site.observing import Observed  # noqa: E402

front = None
if not settings.DEBUG:  # where templates are edited, every page is made anew
    from ossnet_site.front import Front
    from ossnet_site.short_way import ShortWay

    application = front = Front(ShortWay(application))  # type: ignore[assignment]
checks.require_sound_production()
triggers.require(connection)
warm_up(application)
patience.answers_requests()
application = Observed(Probes(application, django), front)  # type: ignore[assignment]
connection.close()  # the workers are forked from this process, and each needs its own
if connection.vendor == "postgresql":
    connection.close_pool()  # type: ignore[attr-defined]  # its threads do not come along
