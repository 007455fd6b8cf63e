"""Looks whether every policy text still has the words that its fingerprint is of, and every version its texts."""

from collections.abc import Iterator

from privacy.models import AUTHORITATIVE_LANGUAGE, PolicyText, PolicyVersion, text_sha256


class Broken(Exception):
    """A text is not what it was; the message names the first that shows it."""


def verify() -> Iterator[PolicyText]:
    """Give each text of a published version, its ``version`` loaded, after a look at it. Raises Broken.

    A fingerprint that was made anew with the words shows where it is compared: consent records and archives hold it.
    """
    standing = PolicyVersion.objects.exclude(published_at=None)
    wordless = standing.exclude(texts__language=AUTHORITATIVE_LANGUAGE).order_by("number").first()
    if wordless:
        raise Broken(f"The published version {wordless} has lost its Latvian text.")
    for text in PolicyText.objects.select_related("version").order_by("version__number", "language"):
        if text.sha256 != text_sha256(text.title, text.body):
            raise Broken(f"The text of version {text} was altered: it has another SHA-256 than {text.sha256}.")
        if text.version.is_published:
            yield text
