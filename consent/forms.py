"""The one form of a decision, whichever page it came from."""

import re
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from django import forms
from django.core.exceptions import BadRequest
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from consent.decisions import Decision
from consent.services import CATEGORIES, offered_categories

SHA256_HEX = re.compile(r"[0-9a-f]{64}")
MAX_PATH = 2000  # characters; what ConsentRecord.path holds


class BadForm(BadRequest):
    """A form that cannot be understood; the message is a sentence for the visitor, or empty."""


def is_utf8(body: bytes) -> bool:
    """Whether a form's body says UTF-8 throughout, as the pages of this site send it."""
    try:
        unquote_to_bytes(body).decode()
    except UnicodeDecodeError:
        return False
    return True


def is_same_site_path(address: str) -> bool:
    """Whether ``address`` is a path of this site and nothing that a browser could read as another host."""
    return (
        len(iri_to_uri(address) or "") <= MAX_PATH
        and address.startswith("/")
        and address.isprintable()
        and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
        and "\x00" not in unquote(address)
    )


class DecisionForm(forms.Form):
    """Fields ``decision``, ``category`` (repeated), ``disclosure`` (hash of what was shown) and ``next``."""

    decision = forms.ChoiceField(
        choices=[(decision.value, decision.value) for decision in Decision],
        error_messages={"required": _("No decision was sent."), "invalid_choice": _("Unknown decision.")},
    )
    category = forms.MultipleChoiceField(
        choices=[(slug, slug) for slug in CATEGORIES],
        required=False,
        error_messages={"invalid_choice": _("Unknown cookie category.")},
    )
    disclosure = forms.Field(required=False)
    next = forms.CharField(required=False, strip=False)

    def clean_decision(self) -> str:
        """Where nothing is offered there is nothing to agree to; a no is always taken."""
        decision = str(self.cleaned_data["decision"])
        if not offered_categories() and decision in {Decision.ACCEPT_ALL, Decision.SAVE}:
            raise forms.ValidationError(_("This site uses only necessary cookies."))
        return decision

    def clean_disclosure(self) -> str:
        """A hash in hex or nothing: never an error, as a refusal is honoured whatever stands here."""
        value = str(self.cleaned_data["disclosure"])
        return value if SHA256_HEX.fullmatch(value) else ""

    def clean_next(self) -> str:
        """Without fragment, so that the confirmation's own can be added; empty means the settings page."""
        address: str = self.cleaned_data["next"]
        if address and not is_same_site_path(address):
            raise forms.ValidationError(_("The page to return to is not on this site."))
        return urlsplit(address)._replace(fragment="").geturl()

    @property
    def explanation(self) -> str:
        """All that is wrong with the form, as sentences."""
        return " ".join(str(message) for messages in self.errors.values() for message in messages)
