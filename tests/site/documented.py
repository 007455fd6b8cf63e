"""A PostgreSQL server with the site's role, who is no superuser, and docs/backup.md's own commands for it."""

import os
import re
import secrets
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from psycopg import conninfo, sql

from tests.site import elsewhere

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "backup.md"
ENV = {"host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}


def commands(heading: str) -> list[str]:
    """The lines of the shell blocks below a heading that call a program of PostgreSQL."""
    _before, section = re.split(rf"^##+ {heading}\n", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    blocks = re.findall(
        r"^```sh\n(.*?)^```$", re.split(r"^##+ ", section, flags=re.MULTILINE)[0], re.DOTALL | re.MULTILINE
    )
    return [line for block in blocks for line in block.splitlines() if line.startswith("pg ")]


BACKUP, RESTORE, MOVE = map(commands, ("PostgreSQL", "Restore from a dump", "From SQLite to PostgreSQL"))


@dataclass(frozen=True)
class Server:
    """Its superuser makes databases and restores; the site comes in as its own role."""

    superuser: str
    role: str
    password: str

    @classmethod
    def at(cls, superuser: str) -> "Server":
        """Make the role that docs/deployment.md makes with createuser, under a name that nobody else has."""
        server = cls(superuser, f"site_{secrets.token_hex(6)}", secrets.token_hex(12))
        statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        elsewhere.execute(superuser, statement.format(sql.Identifier(server.role), sql.Literal(server.password)))
        return server

    def address(self, name: str) -> str:
        """What the site's DATABASE_URL is for a database."""
        parts = urlsplit(self.superuser)
        place = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{self.role}:{quote(self.password)}@{place}", path=f"/{name}").geturl()

    def new(self) -> str:
        """The address of an empty database, made as the document makes it."""
        name = f"site_{secrets.token_hex(6)}"
        self.call(MOVE, name)
        return self.address(name)

    def copy_of(self, address: str) -> str:
        """The address of another database with the same content."""
        name = f"site_{secrets.token_hex(6)}"
        names = (name, elsewhere.name_of(address), self.role)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(*map(sql.Identifier, names))
        elsewhere.execute(self.superuser, statement)
        return self.address(name)

    def call(self, lines: list[str], name: str, file: Path = Path("nowhere")) -> None:
        """Do what the document says, as the superuser, with this database and file instead of the document's."""
        assert lines, "the document says nothing of it any more"
        script = "\n".join(['set -eu; pg() { "$@"; }', *lines])
        script = re.sub(r"/backups/.*", lambda _: shlex.quote(str(file)), script)
        script = re.sub(r"(?<!-owner=)(?<!-role=)\bossnet", name, script)
        script = re.sub(r"(?<=-owner=|--role=)ossnet", self.role, script)
        given = conninfo.conninfo_to_dict(self.superuser)
        environment = {variable: str(given[key]) for key, variable in ENV.items() if given.get(key)}
        environment["PATH"] = f"{elsewhere.programs()}:{os.environ['PATH']}"
        done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
