"""A consent record as plain data, the same on every database and for ever: what receipts state and seals hold."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import rfc8785

from consent import merkle

if TYPE_CHECKING:
    from consent.models import ConsentRecord


def of(record: ConsentRecord) -> dict[str, Any]:
    """Every field of ``record`` as JSON data. The policy version is named by its number, the words by their hash."""
    return {
        "record_id": str(record.pk),
        "number": record.number,
        "schema_version": record.schema_version,
        "subject_id": str(record.subject_id),
        "previous_id": str(record.previous_id) if record.previous_id else None,
        "event": record.event,
        "control": record.control,
        "decided_at": moment(record.decided_at),
        "valid_until": moment(record.valid_until),
        "grants": record.grants,
        "asked": record.asked,
        "scopes": record.scopes,
        "until": record.until,
        "disclosure_sha256": record.disclosure_id,
        "policy_version": record.policy_version.number if record.policy_version else None,
        "policy_sha256": record.policy_sha256,
        "language": record.language,
        "jurisdiction": record.jurisdiction,
        "path": record.path,
        "gpc": record.gpc,
    }


def sha256(facts: Any) -> str:
    """The hash of JSON data in its canonical form (RFC 8785), in hex. Raises what that form raises for other data."""
    return hashlib.sha256(rfc8785.dumps(facts)).hexdigest()


def leaf_hash(entry: dict[str, str]) -> bytes:
    """The leaf of a Merkle tree for an entry of the log."""
    return merkle.leaf_hash(rfc8785.dumps(entry))


def moment(value: datetime) -> str:
    """A moment in UTC, always with microseconds."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")
