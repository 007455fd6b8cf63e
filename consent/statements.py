"""The consent receipt: what one record says, after ISO/IEC TS 27560 and the consent receipt of Kantara.

Everything in it follows from ``record``, which is the very data that the seal over the log holds as a hash; only
``inclusion``, which proves that, comes once the record is sealed.
"""

import json
from typing import Any

import rfc8785
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from consent import facts, sealing, signing
from consent.models import ConsentRecord

KIND = "consent-receipt"
SCHEMA = "ISO/IEC TS 27560:2023"
SCHEMA_VERSION = 1
# What does not follow from the record.
ADDED = {"key_id", "inclusion"}


def receipt(record: ConsentRecord) -> dict[str, Any]:
    """All that the receipt says, as JSON data. The same record gives the same receipt, but for the proof."""
    content = statement(facts.of(record), settings.CONSENT_ISSUER) | {"key_id": signing.public_keys()[0]["kid"]}
    inclusion = sealing.proof(record.pk)
    return content | {"inclusion": inclusion} if inclusion else content


def as_text(record: ConsentRecord) -> str:
    """The receipt to read."""
    return json.dumps(receipt(record), ensure_ascii=False, indent=2) + "\n"


def signed(record: ConsentRecord) -> str:
    """The receipt with a signature."""
    return signing.sign(receipt(record), KIND) + "\n"


def statement(record: dict[str, Any], issuer: str) -> dict[str, Any]:
    """What ``issuer`` states about ``record`` (``facts.of``)."""
    controller = settings.CONSENT_CONTROLLER
    with translation.override(record["language"]):
        return {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "issuer": issuer,
            "receipt_id": record["number"],
            "pii_principal_id": record["subject_id"],
            "party_identification": [
                {"party_role": "pii_controller", "party_name": controller.name, "party_email": controller.email}
            ],
            "pii_processing": _processing(record, issuer),
            "event": {
                "event_type": record["event"],
                "event_time": record["decided_at"],
                "valid_until": record["valid_until"],
            },
            "keys": issuer + reverse("signing-keys"),
            "check": issuer + reverse("consent:check"),
            "record": record,
        }


def is_stated(content: dict[str, Any]) -> bool:
    """Whether all of ``content`` follows from its record. Raises KeyError, TypeError or ValueError for nonsense."""
    stated = {name: value for name, value in content.items() if name not in ADDED}
    return rfc8785.dumps(stated) == rfc8785.dumps(statement(content["record"], content["issuer"]))


def _processing(record: dict[str, Any], issuer: str) -> dict[str, Any]:
    version = record["policy_version"]
    return {
        "privacy_notice": issuer + reverse("privacy:show-version", args=[version]) if version else None,
        "privacy_notice_sha256": record["policy_sha256"],
        "disclosure_sha256": record["disclosure_sha256"],
        "language": record["language"],
        "jurisdiction": record["jurisdiction"],
        "lawful_basis": "consent",
        "collection_method": record["control"],
        "global_privacy_control": record["gpc"],
        "withdrawal_method": issuer + reverse("consent:cookie-settings"),
        "purposes": [
            {
                "purpose": category,
                "consent_state": "given" if granted else "refused",
                "valid_until": record["until"].get(category),
            }
            for category, granted in record["grants"].items()
        ],
    }
