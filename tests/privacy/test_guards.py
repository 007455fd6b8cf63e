"""Published texts stay as they are, whoever asks: ORM, bulk operations or raw SQL, on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from privacy.models import PolicyText, PolicyVersion
from privacy.publishing import Publication, cancel, publish

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
    "raw SQL empties the texts": lambda: sql("DELETE FROM privacy_policytext"),
    "a number replaced": lambda: sql("UPDATE {or_replace} privacy_policyversion SET number = 1 WHERE number = 2"),
    "a version replaced": lambda: sql(
        "UPDATE {or_replace} privacy_policyversion SET id = (SELECT id FROM privacy_policyversion WHERE number = 1) "
        "WHERE number = 2"
    ),
    "a text replaced": lambda: sql(
        "UPDATE {or_replace} privacy_policytext SET id = "
        "(SELECT t.id FROM privacy_policytext t JOIN privacy_policyversion v ON v.id = version_id WHERE number = 1) "
        "WHERE version_id = (SELECT id FROM privacy_policyversion WHERE number = 2)"
    ),
    "a version inserted over it": lambda: sql(
        "INSERT {or_replace} INTO privacy_policyversion (id, number, is_material, revision) "
        "SELECT id, 1, is_material, 0 FROM privacy_policyversion WHERE number = 1"
    ),
    "a text inserted over it": lambda: sql(
        "INSERT {or_replace} INTO privacy_policytext (id, language, title, body, change_summary, sha256, version_id) "
        "SELECT t.id, 'en', 'T', 'b', '', '', (SELECT id FROM privacy_policyversion WHERE number = 2) "
        "FROM privacy_policytext t JOIN privacy_policyversion v ON v.id = version_id WHERE number = 1"
    ),
    "a moment replaced": lambda: sql(
        "UPDATE {or_replace} privacy_policyversion SET published_at = CURRENT_TIMESTAMP, effective_at = "
        "(SELECT effective_at FROM privacy_policyversion WHERE number = 1) WHERE number = 2"
    ),
    "a draft's text moved in": lambda: sql(
        "UPDATE privacy_policytext SET version_id = (SELECT id FROM privacy_policyversion WHERE number = 1), "
        "language = 'en' WHERE version_id <> (SELECT id FROM privacy_policyversion WHERE number = 1)"
    ),
}


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(or_replace="OR REPLACE" if connection.vendor == "sqlite" else ""))


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
    somebody = User.objects.create_user("Somebody")
    version = publish(ready_draft, Publication(moment, is_material=True, summaries={"lv": "Jauns."}), by=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(cancelled_at=timezone.now(), is_material=False)
    for change in ({"revision": 9}, {"published_by": somebody}, {"cancelled_at": moment.replace(year=1970)}):
        with pytest.raises(DatabaseError), transaction.atomic():
            PolicyVersion.objects.filter(pk=version.pk).update(**{"cancelled_at": timezone.now()} | change)
    cancel(version)
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(cancelled_at=None)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("table", ["privacy_policytext", "privacy_policyversion"])
def test_published_texts_cannot_be_truncated_away(policy_in_force: PolicyVersion, table: str) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        sql(f"TRUNCATE {table} CASCADE")
    assert PolicyText.objects.exists()
