"""Keys sign, rotate and are published; nothing but what they signed is taken for theirs."""

import json
import secrets
import subprocess
import sys
from base64 import urlsafe_b64encode
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from consent import signing
from tests.environment import child_environment

CONTENT = {"number": 1, "words": "ā"}
KIND = "consent-receipt"


def encoded(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_what_a_key_signed_is_read_again_and_always_looks_the_same() -> None:
    signed = signing.sign(CONTENT, KIND)
    assert signing.verified(signed, KIND) == CONTENT
    assert signing.sign(dict(reversed(CONTENT.items())), KIND) == signed
    key_id = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # the thumbprint in RFC 8037, appendix A.3
    assert signing.header_of(signed) == {"alg": "EdDSA", "kid": key_id, "typ": KIND}


def test_a_text_altered_in_any_one_character_is_never_taken_for_what_was_signed() -> None:
    signed = signing.sign(CONTENT, KIND)
    for place, character in enumerate(signed):
        for other in {"A", "B", "_", ".", "ā", "="} - {character}:
            with pytest.raises(signing.NotSigned):
                signing.verified(signed[:place] + other + signed[place + 1 :], KIND)
    for last in set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") - {signed[-1]}:
        with pytest.raises(signing.Altered):
            signing.verified(signed[:-1] + last, KIND)


def test_what_was_signed_as_something_else_is_not_taken() -> None:
    with pytest.raises(signing.Altered):
        signing.verified(signing.sign(CONTENT, "consent-log-seal"), KIND)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "EdDSA", "kid": 5, "typ": KIND},
        {"alg": "EdDSA", "kid": "KID", "typ": "consent-log-seal"},
        {"alg": "HS256", "kid": "KID", "typ": KIND},
        {"alg": "Ed25519", "kid": "KID", "typ": KIND},
        {"alg": "EdDSA", "kid": "KID", "typ": KIND, "b64": False, "crit": ["b64"]},
        ["no", "object"],
        "x",
    ],
)
def test_another_header_is_an_alteration(header: Any) -> None:
    signed = signing.sign(CONTENT, KIND)
    _own, payload, signature = signed.split(".")
    if isinstance(header, dict) and header.get("kid") == "KID":
        header["kid"] = signing.header_of(signed)["kid"]
    with pytest.raises(signing.Altered):
        signing.verified(f"{encoded(header)}.{payload}.{signature}", KIND)


def test_a_header_that_is_nested_without_end_is_an_alteration() -> None:
    deep = urlsafe_b64encode(b"[" * 200_000).decode().rstrip("=")
    with pytest.raises(signing.Altered):
        signing.header_of(f"{deep}.AA.{'A' * 86}")


def test_after_a_rotation_the_new_key_signs_and_what_the_old_one_signed_still_holds(settings: Any) -> None:
    old = signing.sign(CONTENT, KIND)
    output = StringIO()
    call_command("new_signing_key", stdout=output)
    (value,) = output.getvalue().split()
    new_key, retired = value.split(",")
    assert retired.startswith("public:")
    settings.CONSENT_SIGNING_KEYS = [new_key, retired]
    assert signing.verified(old, KIND) == CONTENT
    assert signing.header_of(signing.sign(CONTENT, KIND))["kid"] != signing.header_of(old)["kid"]
    settings.CONSENT_SIGNING_KEYS = [new_key]
    with pytest.raises(signing.UnknownKey):
        signing.verified(old, KIND)


def test_published_keys_hold_no_private_half(settings: Any) -> None:
    settings.CONSENT_SIGNING_KEYS = [secrets.token_urlsafe(32), *settings.CONSENT_SIGNING_KEYS]
    keys = signing.public_keys()
    assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x"]] * 2
    assert keys[1]["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"  # RFC 8037, appendix A.2
    assert keys[0]["kid"] == signing.header_of(signing.sign(CONTENT, KIND))["kid"]


@pytest.mark.once
def test_a_process_that_signs_nothing_does_not_carry_the_library() -> None:
    program = (
        "import sys, ossnet_site.wsgi, ossnet_site.urls; "
        "print([name for name in sys.modules if name.startswith(('joserfc', 'cryptography.hazmat'))])"
    )
    command = [sys.executable, "-c", program]
    env = child_environment() | {"DATABASE_URL": "sqlite://:memory:", "ALLOWED_HOSTS": "localhost"}
    assert subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_only_one_algorithm_is_known() -> None:
    from joserfc.errors import UnsupportedAlgorithmError

    with pytest.raises(UnsupportedAlgorithmError):
        signing._registry().get_alg("none")
