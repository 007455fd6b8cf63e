"""Telling clients apart without keeping who they are."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac


def client_pseudonym(request: HttpRequest) -> str:
    """64 hexadecimal digits that stand for the client until midnight UTC, and say nothing without the secret key."""
    salt = f"ossnet_site.clients {timezone.now():%Y-%m-%d}"
    return salted_hmac(salt, network_of(client_address(request)), algorithm="sha256").hexdigest()


def client_address(request: HttpRequest) -> str:
    """The address that the connection came from; behind our proxy the one that the proxy itself wrote down, the last.

    What stands before it in the header is the client's own word.
    """
    peer: str = request.META.get("REMOTE_ADDR") or ""
    if not settings.BEHIND_TLS_PROXY:
        return peer
    return request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or peer


def network_of(address: str) -> str:
    """What one client cannot change at will: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
