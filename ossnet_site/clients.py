"""Telling one client from another without keeping anybody's address."""

import re
from contextlib import suppress
from datetime import UTC
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import AF_INET, inet_pton

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from ossnet_site.keyed_hash import salted_hmac

# Some proxies name the port too: 192.0.2.1:49152 and [2001:db8::1]:49152.
WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](:[0-9]+)?|(?P<four>[0-9.]+):[0-9]+")
# One household or hosting customer has at least a /64 of IPv6, and any address in it.
OTHER_64_BITS = (1 << 64) - 1
# Who sends no readable address shares one count with everybody else who does not.
UNKNOWN = "unknown"


def client_pseudonym(request: HttpRequest) -> str:
    """A name for the client that nobody can turn back into its address, another one each day (UTC).

    A keyed hash of the address, cut to its /64 for IPv6. It belongs in the store of the rate limits, in the throttling
    of sign-ins and nowhere else: never in a log, a record or a page.
    """
    address = client_address(request)
    day = timezone.now().astimezone(UTC).date()
    return salted_hmac(f"ossnet_site.clients {day}", address).hex()


def client_address(request: HttpRequest) -> str:
    """The address of the client, which with BEHIND_TLS_PROXY the proxy has added to X-Forwarded-For as the last one.

    What stands before it was said by the client and is not believed. Where the last entry is no address, all that is
    known is the proxy's own.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2] if settings.BEHIND_TLS_PROXY else ""
    return (forwarded and normalised(forwarded)) or normalised(request.META.get("REMOTE_ADDR", "")) or UNKNOWN


def normalised(text: str) -> str:
    """The address in one spelling, without port, IPv6 cut to its first 64 bits; empty when it is none."""
    text = text.strip()
    with suppress(OSError, ValueError):  # in its one spelling already, like nearly all
        inet_pton(AF_INET, text)
        return text
    if match := WITH_PORT.fullmatch(text):
        text = match["six"] or match["four"] or ""
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) & ~OTHER_64_BITS))
