"""The settings of the site, with static files as they lie in the repository: collecting them takes long."""

from pathlib import Path

from ossnet_site import settings as site

globals().update({name: value for name, value in vars(site).items() if name.isupper()})

STATIC_ROOT = Path(site.__file__).resolve().parents[1] / "static"
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATICFILES_DIRS: list[str] = []
