"""The drill of docs/backup.md: backup, destruction, restore, and a log that says whether it is whole."""

import json
import re
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copy
from typing import Protocol

import pytest
import time_machine
from django.core.management import CommandError
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker

from consent.models import ConsentRecord, SealedRecord
from ossnet_site import triggers
from ossnet_site.models import ContentStamp
from tests.consent.seals import DAY, NOW, by_force, decided, seal
from tests.site import documented, elsewhere
from tests.site.documented import Server

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("lived in")]  # what they share is made once
LATER = NOW + 3 * DAY


class Engine(Protocol):
    address: str

    def back_up(self) -> None: ...
    def destroy(self) -> None: ...
    def restore(self) -> None: ...


class OnSqlite:
    def __init__(self, folder: Path, lived_in: Path) -> None:
        self.file, self.backup = folder / "db.sqlite3", folder / "backup.sqlite3"
        copy(lived_in, self.file)
        self.address = f"sqlite:///{self.file}"

    def back_up(self) -> None:
        said = elsewhere.run("backup_database", self.backup)
        assert said == f"Wrote {self.backup}: {self.backup.stat().st_size} bytes, checked\n"

    def destroy(self) -> None:
        connection.close()
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()

    def restore(self) -> None:
        copy(self.backup, self.file)


class OnPostgresql:
    def __init__(self, folder: Path, server: Server, address: str) -> None:
        self.server, self.address, self.backup = server, address, folder / "site.dump"
        self.name = elsewhere.name_of(address)

    def back_up(self) -> None:
        self.server.call(documented.BACKUP, self.name, self.backup)

    def destroy(self) -> None:
        """Everything in it, as the role itself can do it by mistake."""
        elsewhere.let_go()
        elsewhere.execute(self.address, "DROP OWNED BY CURRENT_USER")

    def restore(self) -> None:
        self.server.call(documented.RESTORE, self.name, self.backup)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, lived_in: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Engine]:
    """A site of some years on each engine; PostgreSQL's is the one that was moved from SQLite."""
    if request.param == "sqlite":
        engine: Engine = OnSqlite(tmp_path, lived_in)
    else:
        server, moved = request.getfixturevalue("server"), request.getfixturevalue("moved")
        engine = OnPostgresql(tmp_path, server, server.copy_of(moved))
    with django_db_blocker.unblock(), elsewhere.site_on(engine.address), time_machine.travel(LATER, tick=False):
        yield engine


def seal_of_now(file: Path) -> Path:
    """What somebody elsewhere keeps of the log."""
    file.write_bytes(Client().get("/.well-known/consent-log.json").content)
    return file


def test_what_was_lost_is_back_and_the_log_says_so(engine: Engine, tmp_path: Path) -> None:
    log, policy, rows = elsewhere.run("verify_consent_log"), elsewhere.run("verify_policy"), elsewhere.everything()
    kept, stamped = seal_of_now(tmp_path / "kept.json"), ContentStamp.objects.get().value
    engine.back_up()
    engine.destroy()
    engine.restore()
    assert triggers.missing(connection) == [], "the guards come with the backup"
    elsewhere.run("migrate", interactive=False, verbosity=0)
    assert triggers.missing(connection) == []
    assert ContentStamp.objects.get().value != stamped, "whoever remembers pages of before notices"
    assert elsewhere.run("verify_consent_log", kept=kept) == log
    assert re.match(r"The log holds: 5 seals, 18 sealed records, 2 purged in time, 8 waiting", log)
    assert elsewhere.run("verify_policy") == policy
    assert policy.count("Version ") == 2
    assert elsewhere.everything() == rows
    assert Client().get("/privatuma-politika/").status_code == 200


def test_records_of_after_the_backup_are_missed_by_a_seal_that_was_kept(engine: Engine, tmp_path: Path) -> None:
    engine.back_up()
    decided(LATER - DAY)
    seal()
    kept = seal_of_now(tmp_path / "kept.json")
    assert json.loads(kept.read_text())["seal"]["number"] == 6
    engine.destroy()
    engine.restore()
    assert elsewhere.run("verify_consent_log").startswith("The log holds: 5 seals")
    with pytest.raises(CommandError, match="The kept seal 6 is not in the log: seals were removed or made anew"):
        elsewhere.run("verify_consent_log", kept=kept)


def test_a_restore_that_silently_lost_a_record_is_noticed(engine: Engine) -> None:
    engine.back_up()
    engine.destroy()
    engine.restore()
    sealed = SealedRecord.objects.filter(seal=5).order_by("position").values("pk")
    lost = ConsentRecord.objects.filter(pk__in=sealed).order_by("pk")[0]
    with by_force():
        ConsentRecord.objects.filter(pk=lost.pk)._raw_delete("default")
    with pytest.raises(CommandError, match=f"^Record {lost.number} .* of seal 5\\) was removed before its time"):
        elsewhere.run("verify_consent_log")


@pytest.fixture
def on_sqlite(tmp_path: Path, lived_in: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[OnSqlite]:
    engine = OnSqlite(tmp_path, lived_in)
    with django_db_blocker.unblock(), elsewhere.site_on(engine.address):
        yield engine


def test_decisions_are_written_while_a_backup_is_and_each_copy_is_of_one_moment(
    on_sqlite: OnSqlite, tmp_path: Path
) -> None:
    faults: list[Exception] = []
    enough = threading.Event()
    written = [ConsentRecord.objects.count()]

    def write() -> None:
        try:
            while not enough.is_set():
                decided(NOW)
                written[0] += 1
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    counts = []
    for number in range(12):
        file = tmp_path / f"{number}.sqlite3"
        before = written[0]
        elsewhere.run("backup_database", file)
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copied:
            (count,) = copied.execute("SELECT COUNT(*) FROM consent_consentrecord").fetchone()
            assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        counts.append(count)
        assert before <= count <= written[0] + 1
    enough.set()
    writer.join()
    assert faults == []
    assert len(set(counts)) > 3, "nothing was written meanwhile"


def test_a_backup_is_private_stands_alone_and_leaves_nothing_beside_it(on_sqlite: OnSqlite) -> None:
    on_sqlite.back_up()
    assert stat.S_IMODE(on_sqlite.backup.stat().st_mode) == 0o600
    there = {file.name for file in on_sqlite.file.parent.iterdir()}
    assert there - {"db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"} == {"backup.sqlite3"}


def test_an_earlier_backup_is_not_overwritten(on_sqlite: OnSqlite) -> None:
    on_sqlite.backup.write_text("an earlier one")
    with pytest.raises(CommandError, match=r"No backup was written: .* is there already"):
        elsewhere.run("backup_database", on_sqlite.backup)
    assert on_sqlite.backup.read_text() == "an earlier one"


def overwritten(file: Path) -> None:
    """As a bad disk does it."""
    content = bytearray(file.read_bytes())
    for page in range(100, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    file.write_bytes(content)


def not_whole(file: Path) -> None:
    """A row that the table's own rule forbids."""
    with closing(sqlite3.connect(file)) as by_hand, by_hand:
        by_hand.execute("PRAGMA ignore_check_constraints=ON")
        by_hand.execute("UPDATE consent_categorytext SET name_lv = ''")


@pytest.mark.parametrize(
    ("damage", "words"),
    [(overwritten, "malformed"), (not_whole, "the copy is damaged, and so is the database: CHECK constraint failed")],
)
def test_a_damaged_database_makes_no_backup(
    on_sqlite: OnSqlite, tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    connection.close()
    damage(on_sqlite.file)
    with pytest.raises(CommandError, match=f"No backup was written: .*{words}"):
        elsewhere.run("backup_database", on_sqlite.backup)
    assert not on_sqlite.backup.exists()
    assert not list(tmp_path.glob(".backup*"))


def test_a_folder_that_is_not_there_is_named(on_sqlite: OnSqlite) -> None:
    with pytest.raises(CommandError, match="/nowhere: No such file or directory"):
        elsewhere.run("backup_database", Path("/nowhere/backup.sqlite3"))


def test_what_was_purged_is_in_no_backup(on_sqlite: OnSqlite) -> None:
    """Not even in the free pages of the file: the words of this path stood in a record that is past its time."""
    with time_machine.travel(NOW - 1000 * DAY, tick=False):
        decided(NOW - 1000 * DAY, path="/a-page-of-long-ago/" + "x" * 900)
    on_sqlite.back_up()
    assert b"a-page-of-long-ago" in on_sqlite.backup.read_bytes()
    on_sqlite.backup.unlink()
    with time_machine.travel(LATER, tick=False):
        elsewhere.run("purge_consent_records")
    on_sqlite.back_up()
    assert b"a-page-of-long-ago" not in on_sqlite.backup.read_bytes()


def test_postgresql_is_told_of_its_own_program(postgres_server: str, django_db_blocker: DjangoDbBlocker) -> None:
    with (
        django_db_blocker.unblock(),
        elsewhere.site_on(postgres_server),
        pytest.raises(CommandError, match="pg_dump makes its backups"),
    ):
        elsewhere.run("backup_database", Path("/nowhere/backup.sqlite3"))
