"""A policy text that is not what its fingerprint says is found, and named."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from privacy.models import PolicyText, PolicyVersion


def verdict() -> str:
    output = StringIO()
    call_command("verify_policy", stdout=output)
    return output.getvalue()


def test_a_policy_that_is_as_it_was_is_listed_by_its_fingerprints(policy_in_force: PolicyVersion) -> None:
    sha256 = policy_in_force.texts.get().sha256
    assert verdict() == f"Version 1, lv: {sha256}\nThe policy holds: 1 published texts\n"


@pytest.mark.parametrize("number", [1, 2])
def test_an_altered_text_is_named_published_or_not(
    policy_in_force: PolicyVersion, guards_lifted: None, number: int
) -> None:
    PolicyText.objects.filter(version__number=number).update(body="<p>Kaut kas cits.</p>")
    with pytest.raises(
        CommandError, match=rf"^The text of version {number} \(lv\) was altered: it has another SHA-256"
    ):
        verdict()


def test_a_published_version_without_its_text_is_named(policy_in_force: PolicyVersion, guards_lifted: None) -> None:
    PolicyText.objects.update(language="en")
    with pytest.raises(CommandError, match=r"^The published version 1 has lost its Latvian text"):
        verdict()
