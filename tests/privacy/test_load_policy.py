"""``manage.py load_policy``."""

import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from privacy.models import PolicyText, PolicyVersion
from privacy.shipped import FOLDER, UnusableText, load_all

pytestmark = pytest.mark.django_db


def load_policy() -> str:
    output = StringIO()
    call_command("load_policy", stdout=output)
    return output.getvalue()


def test_loading_says_what_it_did_and_a_second_time_does_nothing() -> None:
    assert load_policy() == "Loaded policy version 1\nLoaded a draft of policy version 2\n"
    assert load_policy() == ""
    assert PolicyVersion.objects.count() == PolicyText.objects.count() == 2


@pytest.mark.parametrize("change", [{"body": "<p>Other words</p>"}, {"title": "Other title"}])
def test_a_published_version_is_never_altered(
    policy_in_force: PolicyVersion, guards_lifted: None, change: dict[str, str]
) -> None:
    PolicyText.objects.filter(version=policy_in_force).update(**change)
    with pytest.raises(CommandError, match="Version 1 is published and differs from its file"):
        load_policy()
    (name, value), *_ = change.items()
    assert getattr(PolicyText.objects.get(version=policy_in_force), name) == value


def test_a_text_with_an_unknown_merge_field_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER / "1", tmp_path / "1")
    (tmp_path / "1" / "lv.html").write_text("<p>{{ company.fax }}</p>")
    monkeypatch.setattr("privacy.management.commands.load_policy.load_all", lambda: load_all(tmp_path))
    with pytest.raises(CommandError, match=r"^Version 1 cannot be published: .*company\.fax"):
        load_policy()
    assert not PolicyVersion.objects.exists()


def test_a_version_without_the_text_that_counts_is_not_loaded(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "1", tmp_path / "1")
    (tmp_path / "1" / "lv.html").rename(tmp_path / "1" / "en.html")
    facts = tmp_path / "1" / "version.toml"
    facts.write_text(facts.read_text().replace("lv =", "en ="))
    with pytest.raises(UnusableText, match="Trūkst teksta latviešu valodā"):
        load_all(tmp_path)
    assert not PolicyVersion.objects.exists()
