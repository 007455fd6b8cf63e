"""Signatures over receipts and seals: JWS (RFC 7515) with Ed25519 (RFC 8037), by the library joserfc.

``CONSENT_SIGNING_KEYS`` holds keys of 32 bytes in base64url. The first signs. The others were first once; of them
``public:…`` is enough, the half that verifies. The library is imported with the first signature: no page needs it.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING, Any

import rfc8785
from django.conf import settings

if TYPE_CHECKING:
    from joserfc.jwk import OKPKey
    from joserfc.jws import JWSRegistry

# RFC 9864 now says "Ed25519"; what people verify with knows the older name.
ALGORITHM = "EdDSA"
PUBLIC = "public:"
# Three parts in base64url, the last of 64 bytes.
COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})", re.ASCII)


class NotSigned(Exception):
    """The text is no signature of ours over anything."""


class UnknownKey(NotSigned):
    """It names a key that is none of ours."""


class Altered(NotSigned):
    """It names a key of ours, or none that can be read, and is not what that key signed."""


def sign(content: dict[str, Any], kind: str) -> str:
    """``content`` as canonical JSON (RFC 8785) with a signature, in the compact form. ``kind`` says what it is.

    The same content gives the same text, as the signatures of Ed25519 do.
    """
    from joserfc import jws

    kid, key = next(iter(_keys().items()))
    header = {"alg": ALGORITHM, "kid": kid, "typ": kind}
    return jws.serialize_compact(header, rfc8785.dumps(content), key, registry=_registry())


def verified(text: str, kind: str) -> dict[str, Any]:
    """The content that one of our keys signed as a ``kind``. Raises UnknownKey or Altered."""
    from joserfc import jws
    from joserfc.errors import JoseError

    header = header_of(text)
    key = _keys().get(str(header.get("kid")))
    if key is None and isinstance(header.get("kid"), str):
        raise UnknownKey
    if key is None or header.get("typ") != kind:
        raise Altered
    try:
        content = json.loads(jws.deserialize_compact(text, key, registry=_registry()).payload)
    except (JoseError, ValueError) as error:
        raise Altered from error
    return dict(content)


def header_of(text: str) -> dict[str, Any]:
    """What a signature in compact form says of itself, believed or not. Raises Altered."""
    parts = COMPACT.fullmatch(text)
    if parts is None:
        raise Altered
    try:
        header = json.loads(_decoded(parts[1]))
    except (ValueError, RecursionError) as error:
        raise Altered from error
    if not isinstance(header, dict):
        raise Altered
    return header


def public_keys() -> list[dict[str, Any]]:
    """Every key's public half as a JWK (RFC 7517), the one that signs first."""
    return [{**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM} for kid, key in _keys().items()]


def rotated(new: str) -> str:
    """The value of the setting after ``new`` has become the key that signs: of the earlier ones the public half."""
    return ",".join([new, *(f"{PUBLIC}{key['x']}" for key in public_keys())])


@cache
def _registry() -> JWSRegistry:
    """What joserfc may use: this one algorithm, without its warning that there is a newer name for it."""
    from joserfc.errors import UnsupportedAlgorithmError
    from joserfc.jws import JWSRegistry

    class OneAlgorithm(JWSRegistry):
        def get_alg(self, name: str) -> Any:
            if name != ALGORITHM:
                raise UnsupportedAlgorithmError(name)
            return self.algorithms[name]

    return OneAlgorithm()


def _keys() -> dict[str, OKPKey]:
    """Each key under its thumbprint (RFC 7638)."""
    return _imported(tuple(settings.CONSENT_SIGNING_KEYS))


@cache
def _imported(values: tuple[str, ...]) -> dict[str, OKPKey]:
    keys = [_imported_key(value) for value in values]
    return {key.thumbprint(): key for key in keys}


def _imported_key(value: str) -> OKPKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from joserfc.jwk import OKPKey

    if value.startswith(PUBLIC):
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": value.removeprefix(PUBLIC)})
    public = Ed25519PrivateKey.from_private_bytes(_decoded(value)).public_key().public_bytes_raw()
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _encoded(public), "d": value})


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
