"""What ``collectstatic`` makes of the files in ``static/``."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile, File
from rcssmin import cssmin
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = {"css": cssmin, "js": jsmin}  # by folder; the packages' own files have others


class StaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names and compressed copies; our own scripts and style sheets without comments and needless spaces.

    No name is shortened and nothing rearranged, so that an error in a browser can still be found in the source.
    """

    def file_hash(self, name: str | None, content: File[Any] | None = None) -> str:
        """Of the smaller file: another minifier is another address, too."""
        digest: str = super().file_hash(name, smaller(name, content) if content else None)
        return digest

    def _save(self, name: str, content: File[Any]) -> str:
        saved: str = super()._save(name, smaller(name, content))
        return saved


def smaller(name: str | None, content: File[Any]) -> File[Any]:
    """The file without what only people read, if it is ours; the manifest has no name yet."""
    minify = OURS.get(PurePosixPath(name).parts[0]) if name else None
    return ContentFile(minify(b"".join(content.chunks()))) if minify else content
