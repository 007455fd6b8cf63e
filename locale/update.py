"""Brings locale/lv/LC_MESSAGES/django.po and .mo up to date with the code, without GNU gettext on the machine.

Run it as ``.venv/bin/python locale/update.py`` after changing a string, translate what is new, and run it again.
"""

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "locale" / "lv" / "LC_MESSAGES" / "django.po"
EDITOR_PO = PO.with_name("djangojs.po")
APPS = ("ossnet_site", "privacy", "consent")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
# [one, other, zero]: 1 and 21 sīkdatne, 2 to 20 sīkdatnes, 0 sīkdatņu.
PLURALS = "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2);"
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # a date of today would change the file each day
Found = tuple[str, str | tuple[str, ...], str | None]


def strings_in_code() -> Iterator[Found]:
    """File, string (or singular and plural) and context of every translatable string."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            yield from _strings(path, path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "templates").rglob("*.html")):
        # Django turns a template into Python-like text; the brackets let it be read over any indentation.
        yield from _strings(path, f"({templatize(path.read_text(encoding='utf-8'))})")


def _strings(path: Path, source: str) -> Iterator[Found]:
    found = extract("python", io.BytesIO(source.encode()), KEYWORDS, (), {"encoding": "utf-8"})
    for _line, string, _comments, context in found:
        yield str(path.relative_to(ROOT)), string, context


def catalogue_of_code() -> Catalog:
    """All strings of the code, untranslated."""
    catalogue = Catalog(locale="lv", project="ossnet-site", version="")
    for file, string, context in strings_in_code():
        catalogue.add(string, locations=[(file, 0)], context=context)
    return catalogue


def stored_catalogue() -> Catalog:
    """The Latvian catalogue as it lies in the repository."""
    return read(PO)


def read(path: Path) -> Catalog:
    """The catalogue in a file."""
    with path.open("rb") as file:
        return read_po(file, locale="lv")


def missing(catalogue: Catalog) -> list[Message]:
    """The entries that are untranslated or only guessed."""
    return [message for message in catalogue if message.id and (message.fuzzy or not all(translations(message)))]


def translations(message: Message) -> list[str]:
    """The translation, or one for each plural form."""
    return [message.string] if isinstance(message.string, str) else [str(form) for form in message.string or ("",)]


def merged() -> Catalog:
    """The code's strings with the stored translations; strings that are gone from the code are dropped."""
    result, stored = catalogue_of_code(), stored_catalogue() if PO.exists() else Catalog(locale="lv")
    for message in result:
        known = stored.get(message.id, message.context)
        if message.id and known:
            message.string = known.string
    return result


def mo_bytes(catalogue: Catalog) -> bytes:
    """The compiled catalogue; the same catalogue always gives the same bytes."""
    catalogue.creation_date = catalogue.revision_date = NO_DATE
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def po_text(catalogue: Catalog) -> str:
    """The catalogue as text, sorted, with a header that changes only when the strings do."""
    catalogue.header_comment = "# Latvian translation of the interface. Kept by locale/update.py."
    catalogue.fuzzy = False
    buffer = io.BytesIO()
    write_po(buffer, catalogue, sort_output=True, width=110, include_lineno=False)
    lines = buffer.getvalue().decode().splitlines()
    kept = [
        line
        for line in lines
        if not line.startswith(('"POT-Creation', '"PO-Revision', '"Generated-By', '"Last-', '"Report-'))
    ]
    return (
        "\n".join(f'"Plural-Forms: {PLURALS}\\n"' if line.startswith('"Plural-Forms') else line for line in kept) + "\n"
    )


def main() -> int:
    """Write both files; exit status 1 while something is untranslated."""
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_text(po_text(merged()), encoding="utf-8")
    catalogue = stored_catalogue()
    PO.with_suffix(".mo").write_bytes(mo_bytes(catalogue))
    EDITOR_PO.with_suffix(".mo").write_bytes(mo_bytes(read(EDITOR_PO)))
    for message in missing(catalogue):
        print(f"untranslated: {message.id!r}")
    return 1 if missing(catalogue) else 0


if __name__ == "__main__":
    sys.exit(main())
