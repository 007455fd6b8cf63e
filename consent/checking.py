"""Whether a consent receipt that somebody holds is what this site issued, and what its log says of that record."""

import json
import uuid
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import rfc8785
from django.conf import settings
from django.http.request import validate_host

from consent import facts, sealing, signing, statements
from consent.models import ConsentRecord, SealedRecord


class NotAReceipt(Exception):
    """The text is neither JSON nor a signature, or says nothing that a receipt says."""


class Verdict(Enum):
    """The answer."""

    VALID = "valid"
    ALTERED = "altered"
    UNKNOWN = "unknown"


class Reason(Enum):
    """Why; ``consent.check_pages`` has the words."""

    SIGNED = "signed and in the log"
    PURGED = "signed, and deleted from the log since"
    UNSIGNED = "not signed, but as in the log"
    UNSIGNED_PURGED = "not signed, but as in the log until it was deleted"
    DAMAGED = "not what was signed"
    DIFFERS = "not signed, and not as in the log"
    LOG_DIFFERS = "signed, but the log says something else"
    UNKNOWN_KEY = "signed by a key that is not ours"
    OTHER_ISSUER = "of another issuer"
    NOT_IN_LOG = "nothing in the log"


@dataclass(frozen=True)
class Result:
    """The answer; ``record`` is what a valid receipt states of the record."""

    verdict: Verdict
    reason: Reason
    record: dict[str, Any] | None = None


def check(text: str) -> Result:
    """Judge a receipt, signed or plain. Raises NotAReceipt."""
    text = text.strip()
    if text.startswith("{"):
        return _judge(_parsed(text), is_signed=False)
    compact = "".join(text.split())  # a mail program may have broken the line
    if compact.count(".") != 2 or not compact.isascii():
        raise NotAReceipt
    try:
        content = signing.verified(compact, statements.KIND)
    except signing.UnknownKey:
        return Result(Verdict.UNKNOWN, Reason.UNKNOWN_KEY)
    except signing.Altered:
        return Result(Verdict.ALTERED, Reason.DAMAGED)
    return _judge(content, is_signed=True)


def _parsed(text: str) -> dict[str, Any]:
    """JSON as one can only read it in one way: no name twice, no NaN."""
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotAReceipt from error
    return dict(content)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _judge(content: dict[str, Any], *, is_signed: bool) -> Result:
    record, issuer = content.get("record"), content.get("issuer")
    record_id = _uuid(record.get("record_id")) if isinstance(record, dict) else None
    if record_id is None or not isinstance(issuer, str):
        raise NotAReceipt
    if not _is_ours(issuer):
        return Result(Verdict.UNKNOWN, Reason.OTHER_ISSUER)
    stored = ConsentRecord.objects.select_related("policy_version").filter(pk=record_id).first()
    leaf = SealedRecord.objects.filter(pk=record_id).first()
    if stored is None and leaf is None:
        return Result(Verdict.UNKNOWN, Reason.NOT_IN_LOG)
    in_log = facts.sha256(facts.of(stored)) if stored else leaf.record_sha256 if leaf else ""
    if not _agrees(content, record_id, in_log, is_signed=is_signed):
        return Result(Verdict.ALTERED, Reason.LOG_DIFFERS if is_signed else Reason.DIFFERS)
    if is_signed:
        return Result(Verdict.VALID, Reason.SIGNED if stored else Reason.PURGED, record)
    return Result(Verdict.VALID, Reason.UNSIGNED if stored else Reason.UNSIGNED_PURGED, record)


def _agrees(content: dict[str, Any], record_id: uuid.UUID, in_log: str, *, is_signed: bool) -> bool:
    """Whether record and proof are those of the log. The rest is the signature's to vouch for, if there is one."""
    try:
        if facts.sha256(content["record"]) != in_log:
            return False
        if "inclusion" in content and facts.sha256(content["inclusion"]) != facts.sha256(sealing.proof(record_id)):
            return False
        return is_signed or (_names_our_key(content) and statements.is_stated(content))
    except (rfc8785.CanonicalizationError, ValueError, RecursionError):  # what no receipt of ours can hold
        return False


def _names_our_key(content: dict[str, Any]) -> bool:
    return any(content.get("key_id") == key["kid"] for key in signing.public_keys())


def _is_ours(issuer: str) -> bool:
    """Whether a host of ours says so; one that was the first of ALLOWED_HOSTS once may still be among them."""
    try:
        host = urlsplit(issuer).hostname
    except ValueError:
        return False
    return issuer == settings.CONSENT_ISSUER or validate_host(host or "", settings.ALLOWED_HOSTS)


def _uuid(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
