"""A folder with a database for one run, and the environment of the site in it."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.servers import ROOT, Request

BROTLI = (("Accept-Encoding", "gzip, deflate, br"), ("X-Forwarded-Proto", "https"))


def environment(database: str) -> dict[str, str]:
    """A deployment behind TLS, with every header; nobody is turned away for coming often."""
    return {
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "CONSENT_SIGNING_KEYS": secrets.token_urlsafe(32),
        "HTTPS": "True",
        "BEHIND_TLS_PROXY": "True",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": database,
        "GOOGLE_ANALYTICS_ID": "G-SAMPLE0001",
        "FACEBOOK_PIXEL_ID": "1234567890",
        "HOTJAR_SITE_ID": "12345",
        "RATE_LIMIT_DECISIONS": "1000000/second",
        "DJANGO_SETTINGS_MODULE": "ossnet_site.settings",
    }


@dataclass
class Bench:
    """One prepared site."""

    folder: Path
    database: str = ""
    env: dict[str, str] = field(default_factory=dict)
    disclosure: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.env = environment(self.database or f"sqlite:///{self.folder}/site.sqlite3")
        self.disclosure = self.inside("prepare", str(self.folder / "cookies"))["disclosure"]

    def inside(self, *arguments: str) -> dict[str, Any]:
        """What ``tests.benchmarks.inside`` says."""
        return inside(self.env, "tests.benchmarks.inside", *arguments)

    def cookies(self) -> list[str]:
        """The signed cookies of 10,000 visitors in all states."""
        return (self.folder / "cookies").read_text().splitlines()

    def visitors(self, path: str = "/privatuma-politika/") -> list[Request]:
        """A request of each of them."""
        return [Request(path, headers=(*BROTLI, ("Cookie", cookie))) for cookie in self.cookies()]


def inside(env: Mapping[str, str], module: str, *arguments: str) -> dict[str, Any]:
    """Run a module in an environment; it prints JSON."""
    command = [sys.executable, "-m", module, *arguments]
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, check=True, stdout=subprocess.PIPE)
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer
