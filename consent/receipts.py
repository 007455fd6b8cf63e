"""The visitor's own copy of the evidence: what this browser's cookie leads to."""

from django.db.models import QuerySet

from consent.models import ConsentRecord
from consent.state import StoredChoice


def history(choice: StoredChoice) -> list[ConsentRecord]:
    """The records from the one that the cookie names back to the first, the newest first (1 query for most visitors).

    The chain is followed, not the subject: two people whose first presses were taken for one (``consent.repeats``)
    have that record in common and nothing else.
    """
    known = {record.pk: record for record in _records(subject_id=choice.subject_id)}
    chain: list[ConsentRecord] = []
    wanted = choice.record_id
    while record := known.get(wanted) or _records(pk=wanted).first():
        chain.append(record)
        if record.previous_id is None:
            break
        wanted = record.previous_id
    return chain


def _records(**lookup: object) -> QuerySet[ConsentRecord]:
    return ConsentRecord.objects.filter(**lookup).select_related("policy_version")
