"""Sends a decision as a browser would."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client

FORM = "application/x-www-form-urlencoded"


def decide(client: Client, decision: str, *categories: str, address: str = "/sikdatnes/", **fields: str) -> Any:
    """POST one decision; further fields are ``disclosure`` and ``next_`` (``next`` is reserved)."""
    pairs = [("decision", decision), *(("category", category) for category in categories)]
    pairs += [(name.rstrip("_"), value) for name, value in fields.items()]
    return client.post(address, urlencode(pairs), content_type=FORM)
