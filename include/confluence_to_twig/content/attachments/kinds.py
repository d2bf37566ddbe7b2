"""Which reader a file has, by its name and type. Readers are named here, not imported: only the limited process loads them."""

from __future__ import annotations

from pathlib import PurePosixPath

#: Raise it when a reader can read what it could not: files that were set aside are tried again.
READERS_VERSION = 1
_READERS = "confluence_to_twig.content.attachments.readers"
_PLAIN, _PDF, _DOCX = f"{_READERS}:plain", f"{_READERS}:pdf", f"{_READERS}:docx"

_BY_SUFFIX = {
    ".txt": _PLAIN,
    ".md": _PLAIN,
    ".markdown": _PLAIN,
    ".csv": _PLAIN,
    ".log": _PLAIN,
    ".pdf": _PDF,
    ".docx": _DOCX,
}
_BY_TYPE = {
    "text/plain": _PLAIN,
    "text/markdown": _PLAIN,
    "text/csv": _PLAIN,
    "application/pdf": _PDF,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _DOCX,
}


def reader_for(name: str, media_type: str) -> str | None:
    """The reader of a file of this name and type, as ``module:function`` for
    :meth:`~confluence_to_twig.content.attachments.limited.LimitedReader.read`; ``None`` when its text is not worth having
    or not to be had.
    """
    by_name = _BY_SUFFIX.get(PurePosixPath(name).suffix.lower())
    return by_name or _BY_TYPE.get(media_type.partition(";")[0].strip().lower())
