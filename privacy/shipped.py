"""The policy texts that come with the repository, in ``privacy/texts/<number>/``."""

import tomllib
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction

from privacy.models import PolicyText, PolicyVersion
from privacy.publishing import Publication, publish

FOLDER = Path(__file__).parent / "texts"


class UnusableText(Exception):
    """A shipped file cannot be published."""


class PublishedTextDiffers(UnusableText):
    """A shipped file no longer says what was published under its number."""


def load_all(folder: Path = FOLDER) -> list[PolicyVersion]:
    """Load the versions the database lacks, and return those. Loaded ones are compared, never altered.

    A folder whose ``version.toml`` has no ``effective_at`` becomes a draft. Raises UnusableText or
    PublishedTextDiffers, and then loads nothing.
    """
    with transaction.atomic():
        return [version for path in sorted(folder.iterdir()) if (version := _load(path))]


def _load(path: Path) -> PolicyVersion | None:
    facts = tomllib.loads((path / "version.toml").read_text(encoding="utf-8"))
    texts = {
        language: (title, (path / f"{language}.html").read_text(encoding="utf-8"))
        for language, title in facts["title"].items()
    }
    known = PolicyVersion.objects.filter(number=facts["number"]).first()
    if known:
        _compare(known, facts, texts)
        return None
    version = PolicyVersion.objects.create(number=facts["number"])
    for language, (title, body) in texts.items():
        PolicyText.objects.create(version=version, language=language, title=title, body=body)
    if effective_at := facts.get("effective_at"):
        try:
            return publish(version, Publication(effective_at, is_material=False, summaries={}), by=None)
        except ValidationError as error:
            raise UnusableText(f"Version {path.name} cannot be published: {' '.join(error.messages)}") from error
    return version


def _compare(known: PolicyVersion, facts: dict[str, object], texts: dict[str, tuple[str, str]]) -> None:
    """A draft belongs to the editors from the day it was loaded; only what is published must still be the same."""
    stored = {text.language: (text.title, text.body) for text in known.texts.all()}
    if "effective_at" in facts and (stored != texts or known.effective_at != facts["effective_at"]):
        raise PublishedTextDiffers(
            f"Version {known.number} is published and differs from its file. A published text never changes: "
            "restore the file and write a new version."
        )
