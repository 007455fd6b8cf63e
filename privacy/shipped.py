"""The policy texts that come with the repository, in ``privacy/texts/<number>/``."""

import tomllib
from pathlib import Path

from django.db import transaction

from privacy.models import AUTHORITATIVE_LANGUAGE, PolicyText, PolicyVersion, text_sha256
from privacy.rendering import UnknownMergeField, render

FOLDER = Path(__file__).parent / "texts"


class UnusableText(Exception):
    """A shipped file cannot be published."""


class PublishedTextDiffers(UnusableText):
    """A shipped file no longer says what was published under its number."""


def load_all(folder: Path = FOLDER) -> list[PolicyVersion]:
    """Load the versions the database lacks, and return those. Loaded ones are compared, never altered.

    Raises UnusableText or PublishedTextDiffers, and then loads nothing.
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
    if AUTHORITATIVE_LANGUAGE not in texts:
        raise UnusableText(f"{path.name} has no text in {AUTHORITATIVE_LANGUAGE}, which is the one that counts.")
    version = PolicyVersion.objects.create(number=facts["number"], effective_at=facts["effective_at"])
    for language, (title, body) in texts.items():
        try:
            render(body)
        except UnknownMergeField as error:
            raise UnusableText(
                f"{path.name}/{language}.html names the merge field {error}, which is unknown."
            ) from error
        PolicyText.objects.create(
            version=version, language=language, title=title, body=body, sha256=text_sha256(title, body)
        )
    return version


def _compare(known: PolicyVersion, facts: dict[str, object], texts: dict[str, tuple[str, str]]) -> None:
    stored = {text.language: (text.title, text.body) for text in known.texts.all()}
    if stored != texts or known.effective_at != facts["effective_at"]:
        raise PublishedTextDiffers(
            f"Version {known.number} is published and differs from its file. A published text never changes: "
            "restore the file and write a new version."
        )
