"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.db import connection

from ossnet_site import triggers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ossnet_site.settings")

application = get_wsgi_application()
triggers.require(connection)
connection.close()  # the workers are forked from this process, and each needs its own
