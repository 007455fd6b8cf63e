"""The one form of a decision, whichever page it came from."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from django.conf import settings
from django.core.exceptions import BadRequest
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from consent.decisions import Decision
from consent.services import CATEGORIES, offered_categories

SHA256_HEX = re.compile(r"[0-9a-f]{64}")
DECISIONS = {decision.value for decision in Decision}
AGREEING = {Decision.ACCEPT_ALL, Decision.SAVE}
MAX_PATH = 2000  # characters; what ConsentRecord.path holds


class BadForm(BadRequest):
    """A form that cannot be understood; the message is a sentence for the visitor, or empty."""


def is_same_site_path(address: str) -> bool:
    """Whether ``address`` is a path of this site and nothing that a browser could read as another host."""
    return len(address) <= MAX_PATH and _is_same_site_path(address)


@lru_cache(maxsize=64)  # most visitors decide on the same few pages
def _is_same_site_path(address: str) -> bool:
    return (
        len(iri_to_uri(address) or "") <= MAX_PATH
        and address.startswith("/")
        and address.isprintable()
        and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
        and "\x00" not in unquote(address)
    )


@dataclass(frozen=True)
class DecisionForm:
    """What a form says. ``disclosure`` is the hash of what was shown, or empty.

    ``address`` is the page to return to, without fragment; empty means the settings page.
    """

    decision: Decision
    ticked: tuple[str, ...]
    disclosure: str
    address: str


def read(body: bytes) -> DecisionForm:
    """The fields ``decision``, ``category`` (repeated), ``disclosure`` and ``next``. Raises BadForm with all faults.

    Of a field that comes more than once, the last counts. Plain look-ups: Django's forms and QueryDict would take a
    fifth of a decision's time.
    """
    pairs = _pairs(body)
    fields = dict(pairs)
    decision, address, disclosure = fields.get("decision", ""), fields.get("next", ""), fields.get("disclosure", "")
    ticked = tuple(value for name, value in pairs if name == "category")
    faults = [fault for fault in (_fault_of_decision(decision), _fault_of(ticked), _fault_of_next(address)) if fault]
    if faults:
        raise BadForm(" ".join(faults))
    # A hash in hex or nothing, never an error: a refusal is honoured whatever stands there.
    known = disclosure if SHA256_HEX.fullmatch(disclosure) else ""
    return DecisionForm(Decision(decision), ticked, known, address.partition("#")[0])


def _pairs(body: bytes) -> list[tuple[str, str]]:
    """Names and values in their order. What is not UTF-8 throughout, as the pages of this site send it, is no form."""
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError:
        raise BadForm from None


def _fault_of_decision(decision: str) -> str:
    if not decision:
        return _("No decision was sent.")
    if decision not in DECISIONS:
        return _("Unknown decision.")
    if decision in AGREEING and not offered_categories():  # there is nothing to agree to; a no is always taken
        return _("This site uses only necessary cookies.")
    return ""


def _fault_of(ticked: tuple[str, ...]) -> str:
    return "" if set(ticked) <= set(CATEGORIES) else _("Unknown cookie category.")


def _fault_of_next(address: str) -> str:
    return "" if not address or is_same_site_path(address) else _("The page to return to is not on this site.")
