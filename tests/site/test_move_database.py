"""Everything of a site on SQLite is on PostgreSQL after one command, as it was, or nothing is."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copy

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import CommandError
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import DjangoDbBlocker, Settings

from consent import disclosures
from consent.models import ConsentRecord, Purge, Seal
from ossnet_site import moving, second_factor, triggers
from ossnet_site.models import ContentStamp
from privacy.models import PolicyText, PolicyVersion
from tests import staff
from tests.consent.decide import decide
from tests.consent.seals import DAY, NOW, by_force, decided, seal
from tests.site import elsewhere
from tests.site.documented import Server

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("lived in")]  # what they share is made once
LATER = NOW + 2 * DAY


@pytest.fixture
def on_postgresql(moved: str, server: Server, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The moved site, in a copy of its own."""
    address = server.copy_of(moved)
    with django_db_blocker.unblock(), elsewhere.site_on(address), time_machine.travel(LATER, tick=True):
        yield address


@pytest.fixture
def on_sqlite(lived_in: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Path]:
    """The site before its move, in a copy of its own."""
    file = tmp_path / "db.sqlite3"
    copy(lived_in, file)
    with django_db_blocker.unblock(), elsewhere.site_on(f"sqlite:///{file}"):
        yield file


def test_every_row_of_every_table_arrives_as_it_was(on_sqlite: Path, moved: str) -> None:
    before, stamped = elsewhere.everything(), ContentStamp.objects.get().value
    assert sum(map(len, before.values())) > 300
    empty = {label for label, rows in before.items() if not rows}
    assert not {label for label in empty if label.startswith(("privacy.", "consent.", "otp_"))}, "nothing to move"
    with elsewhere.site_on(moved):
        assert elsewhere.everything() == before
        assert ContentStamp.objects.get().value != stamped
        assert not Session.objects.exists(), "staff sign in anew"


def test_what_was_moved_is_said_and_verified(moved: str, attempts: dict[str, str]) -> None:
    said = attempts["the last"]
    assert "consent_consentrecord: 26 rows, the same on both sides\n" in said
    assert "The log holds: 5 seals, 18 sealed records, 2 purged in time, 8 waiting to be sealed, 4 disclosures" in said
    assert "The policy holds: 2 published texts" in said
    assert "Now set DATABASE_URL" in said
    assert "django_session" not in said


def test_what_could_not_be_moved_is_named_and_the_command_can_be_repeated(moved: str, attempts: dict[str, str]) -> None:
    assert attempts["open elsewhere"].startswith("Nothing was moved. The site has its database open still")
    nul = attempts["a character that PostgreSQL has not"]
    assert nul.startswith("Nothing was moved. consent_cspreport: PostgreSQL text fields cannot contain NUL")
    changed = attempts["a value that changed on the way"]
    assert re.fullmatch(r"Nothing was moved\. \w+ is not the same in both databases after the move\.", changed)


def test_the_guards_stand_and_refuse(on_postgresql: str) -> None:
    assert triggers.missing(connection) == []
    for change in (
        lambda: ConsentRecord.objects.update(gpc=True),
        lambda: PolicyText.objects.update(body="x"),
        lambda: Purge.objects.all().delete(),
        lambda: Seal.objects.filter(number=1)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_numbers_go_on_where_they_were_and_none_comes_again(on_sqlite: Path, on_postgresql: str) -> None:
    used = User.objects.get().pk
    assert User.objects.create(username="New").pk > used + 1, "the account that was deleted had the next number"
    decided(LATER)
    PolicyVersion.objects.create(number=8)
    assert Purge.objects.create(cutoff=NOW - 3000 * DAY).pk == 2


def test_the_site_goes_on_from_there(on_postgresql: str) -> None:
    assert Client().get("/privatuma-politika/").status_code == 200
    browser = Client(headers={"Sec-Fetch-Site": "same-origin"})
    shown = disclosures.current("lv")
    assert shown
    assert decide(browser, "accept_all", disclosure=shown.sha256).status_code == 303
    page = browser.get("/sikdatnes/apliecinajums/").content.decode()
    assert ConsentRecord.objects.latest("decided_at").number in page
    with time_machine.travel(LATER + timedelta(hours=1)):
        assert [sealed.tree_size for sealed in seal()] == [9]
        assert elsewhere.run("verify_consent_log").startswith("The log holds: 6 seals, 27 sealed records")


def test_staff_come_in_with_their_password_and_second_factor(on_postgresql: str, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True
    anna = User.objects.get(username="Anna")
    assert anna.groups.count() == 3
    client = Client()
    staff.sign_in(client)
    assert client.get("/admin/").status_code == 302, "the password alone is not enough"
    code = staff.shown_by(TOTPDevice.objects.get(user=anna))
    assert client.post(staff.VERIFY, {"code": code}).status_code == 302
    assert client.get("/admin/consent/consentrecord/").status_code == 200
    assert second_factor.new_recovery_codes(anna)


def test_nobody_writes_to_the_source_before_the_move_ends(on_sqlite: Path) -> None:
    """Also not a process that had it closed when the move began."""
    connection.close()
    connections.databases[moving.SOURCE] = connections.databases["default"]
    with moving._held(), closing(sqlite3.connect(on_sqlite, timeout=0)) as another:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            another.execute("DELETE FROM django_session")
        assert another.execute("SELECT COUNT(*) FROM consent_consentrecord").fetchone() == (26,)


def test_a_database_that_holds_anything_is_refused(on_sqlite: Path, moved: str) -> None:
    with pytest.raises(CommandError, match=r"Nothing was moved\. The new database is not empty: .*auth_user"):
        elsewhere.run("move_database", moved)


def test_a_log_that_does_not_hold_is_not_moved(on_sqlite: Path, server: Server, refused: str) -> None:
    record = ConsentRecord.objects.filter(decided_at__lt=NOW).latest("decided_at")
    with by_force():
        ConsentRecord.objects.filter(pk=record.pk)._raw_delete("default")
    target = server.copy_of(refused)
    with pytest.raises(CommandError, match=f"^Record {record.number} .* was removed before its time"):
        elsewhere.run("move_database", target)
    with elsewhere.site_on(target):
        assert not ConsentRecord.objects.exists()
        assert not User.objects.exists()


@pytest.mark.parametrize("address", ["sqlite:////nowhere/db.sqlite3", "nonsense", "mysql://a@b/c"])
def test_an_address_of_anything_else_is_refused(on_sqlite: Path, address: str) -> None:
    with pytest.raises(CommandError, match="The address must look like postgres://"):
        elsewhere.run("move_database", address)


def test_a_server_that_is_away_is_one_clear_line(on_sqlite: Path) -> None:
    with pytest.raises(CommandError, match="The new database cannot be used: connection failed"):
        elsewhere.run("move_database", "postgres://nobody@127.0.0.1:9/site")


def test_a_table_of_somebody_elses_is_refused(on_sqlite: Path, server: Server) -> None:
    target = server.new()
    elsewhere.execute(target, "CREATE TABLE theirs (id int)")
    with pytest.raises(CommandError, match="is not empty: theirs"):
        elsewhere.run("move_database", target)


def test_a_database_that_belongs_to_somebody_else_is_named_as_what_stands_in_the_way(
    on_sqlite: Path, server: Server
) -> None:
    """And not the site, which has been stopped."""
    theirs = elsewhere.name_of(elsewhere.newly_created(server.superuser))
    with pytest.raises(CommandError, match=r"moved\. The new database cannot be used: .*permission denied"):
        elsewhere.run("move_database", server.address(theirs))


def test_postgresql_is_not_moved(moved: str, django_db_blocker: DjangoDbBlocker) -> None:
    with (
        django_db_blocker.unblock(),
        elsewhere.site_on(moved),
        pytest.raises(CommandError, match="DATABASE_URL must name the file of an SQLite database"),
    ):
        elsewhere.run("move_database", moved)


def test_rows_are_the_same_in_whatever_order_they_come() -> None:
    one, other, less = moving.Digest(), moving.Digest(), moving.Digest()
    for digest, rows in ((one, "abc"), (other, "cab"), (less, "ab")):
        for row in rows:
            digest.add((row, 1, True))
    assert one == other != less
