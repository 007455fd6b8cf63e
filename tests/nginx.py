"""``deploy/nginx.conf`` as tests run it: on loopback, in a folder of its own, before machines of the test."""

import getpass
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[1] / "deploy" / "nginx.conf"
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def shipped(folder: Path, upstreams: Sequence[int], changes: Mapping[str, str]) -> str:
    """The file with what must differ everywhere, and with ``changes`` by regular expression.

    Raises LookupError where one finds nothing to change.
    """
    text = SHIPPED.read_text()
    everywhere = {
        r"user www-data;": f"user {getpass.getuser()};",
        r"/run/nginx.pid": f"{folder}/nginx.pid",
        r"/var/log/nginx/error.log": f"{folder}/error.log",
        r"sendfile on;": " ".join(["sendfile on;", *(f"{kind}_temp_path {folder}/{kind};" for kind in KINDS)]),
        r"listen \[::\].*": "",
        r"server 127.0.0.1:8000 (.*)": "\n".join(rf"server 127.0.0.1:{port} \1" for port in upstreams),
    }
    for pattern, replacement in {**everywhere, **changes}.items():
        text, found = re.subn(pattern, replacement, text)
        if not found:
            raise LookupError(pattern)
    return text
