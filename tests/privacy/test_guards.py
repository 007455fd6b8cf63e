"""Published texts stay as they are, whoever asks: ORM, bulk operations or raw SQL, on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from privacy import guards
from privacy.models import PolicyText, PolicyVersion
from privacy.publishing import Publication, cancel, publish

NOW_SQL = "UPDATE privacy_policyversion SET "
CHANGES = {
    "the words": lambda: PolicyText.objects.update(body="<p>Other</p>"),
    "the title": lambda: PolicyText.objects.update(title="Other"),
    "the fingerprint": lambda: PolicyText.objects.update(sha256="0" * 64),
    "the summary": lambda: PolicyText.objects.update(change_summary="Other"),
    "the number": lambda: PolicyVersion.objects.filter(number=1).update(number=9),
    "the effective date": lambda: PolicyVersion.objects.filter(number=1).update(effective_at=timezone.now()),
    "its being published": lambda: PolicyVersion.objects.filter(number=1).update(published_at=None),
    "the material mark": lambda: PolicyVersion.objects.filter(number=1).update(is_material=True),
    "its having been in force": lambda: PolicyVersion.objects.filter(number=1).update(cancelled_at=timezone.now()),
    "a deleted text": lambda: PolicyText.objects.all()._raw_delete("default"),
    "a deleted version": lambda: PolicyVersion.objects.filter(number=1).delete(),
    "a saved text": lambda: PolicyText.objects.get(version__number=1).save(),
    "a text more": lambda: PolicyText.objects.create(
        version=PolicyVersion.objects.get(number=1), language="en", title="T", body="<p>b</p>"
    ),
    "raw SQL update": lambda: sql("UPDATE privacy_policytext SET body = 'x'"),
    "raw SQL delete": lambda: sql("DELETE FROM privacy_policyversion WHERE number = 1"),
    "a draft's text moved in": lambda: sql(
        "UPDATE privacy_policytext SET version_id = (SELECT id FROM privacy_policyversion WHERE number = 1), "
        "language = 'en' WHERE version_id <> (SELECT id FROM privacy_policyversion WHERE number = 1)"
    ),
}


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_published_version_refuses_every_change(policy_in_force: PolicyVersion, change: Callable[[], Model]) -> None:
    before = list(PolicyText.objects.values()), list(PolicyVersion.objects.values())
    with pytest.raises(DatabaseError, match="published policy text never changes"), transaction.atomic():
        change()
    assert (list(PolicyText.objects.values()), list(PolicyVersion.objects.values())) == before


def test_a_draft_can_be_changed_and_deleted(policy_in_force: PolicyVersion) -> None:
    draft = PolicyVersion.objects.get(number=2)
    draft.texts.update(body="<p>Other</p>")
    draft.delete()
    assert not PolicyText.objects.filter(version__number=2).exists()


def test_a_scheduled_version_can_be_called_back_once_and_nothing_else(ready_draft: PolicyVersion) -> None:
    moment = timezone.now() + timedelta(days=1)
    version = publish(ready_draft, Publication(moment, is_material=True, summaries={"lv": "Jauns."}), by=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(cancelled_at=timezone.now(), is_material=False)
    cancel(version)
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(cancelled_at=None)


@pytest.mark.parametrize("name", list(guards.TRIGGERS))
def test_a_missing_guard_is_noticed_at_start_and_mended_by_migrate(db: None, name: str) -> None:
    assert guards.missing(connection) == []
    guards.require(connection)
    on_table = f" ON {guards.TRIGGERS[name][0]}" if connection.vendor == "postgresql" else ""
    sql(f"DROP TRIGGER {name}{on_table}")
    assert guards.missing(connection) == [name]
    assert [w.id for w in run_checks(tags=["database"], databases=["default"])] == ["privacy.W001"]
    with pytest.raises(ImproperlyConfigured, match=name):
        guards.require(connection)
    guards.install(connection)
    assert guards.missing(connection) == []


def test_a_database_that_does_not_answer_keeps_the_site_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("no server")

    monkeypatch.setattr("privacy.guards.missing", fail)
    guards.require(connection)


def test_before_the_tables_exist_nothing_is_missing(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", list)
    assert guards.missing(connection) == []
    guards.remove(connection)
    guards.install(connection)


@pytest.mark.parametrize("name", list(guards.TRIGGERS))
@pytest.mark.parametrize("create", [guards._create_on_sqlite, guards._create_on_postgresql])
def test_both_engines_refuse_the_same(create: Callable[..., list[str]], name: str) -> None:
    table, event, condition = guards.TRIGGERS[name]
    statements = " ".join(create(name, table, event, condition))
    assert f"BEFORE {event} ON {table}" in statements
    assert guards.REFUSED in statements
    assert condition.split("{now}")[0] in statements
    assert "{now}" not in statements
