"""Keyed hashes are Django's, made sooner; what follows from the settings follows them."""

import pytest
from django.core.signing import Signer
from django.utils import crypto
from pytest_django import Settings

from consent import cookie, services
from ossnet_site.keyed_hash import salted_hmac


@pytest.mark.parametrize("text", ["", "192.0.2.1", "ā€\n"])
def test_the_hash_is_the_one_that_django_makes(text: str) -> None:
    assert salted_hmac("salt", text, "key") == crypto.salted_hmac("salt", text, "key", algorithm="sha256").digest()


def test_it_follows_the_key_of_the_site(settings: Settings) -> None:
    assert salted_hmac("salt", "text") == salted_hmac("salt", "text", settings.SECRET_KEY)
    settings.SECRET_KEY = "another key"
    assert salted_hmac("salt", "text") == salted_hmac("salt", "text", "another key")


def test_the_cookie_is_signed_as_djangos_signer_signs(settings: Settings) -> None:
    django = Signer(sep="|signature=", salt="consent.cookie")
    for value in ("record=1|subject=2", "ā"):
        assert cookie._signer().sign(value) == django.sign(value)
    signed = django.sign("record=1")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next key"
    assert cookie._signer().unsign(signed) == "record=1"
    assert cookie._signer().sign("record=1") != signed


def test_a_service_without_an_id_is_not_offered_from_the_moment_its_setting_says_so(settings: Settings) -> None:
    assert "hotjar" in services.offered_categories()
    settings.HOTJAR_SITE_ID = ""
    assert "hotjar" not in services.offered_categories()
