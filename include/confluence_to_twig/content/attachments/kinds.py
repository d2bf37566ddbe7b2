"""Which reader a file has, by its name and type. Readers are named here, not imported: only the limited process loads them."""

from __future__ import annotations

from pathlib import PurePosixPath

#: Raise it when a reader can read what it could not: files that were set aside are tried again.
READERS_VERSION = 2
_READERS = "confluence_to_twig.content.attachments.readers"
_PLAIN, _PDF, _DOCX = f"{_READERS}:plain", f"{_READERS}:pdf", f"{_READERS}:docx"
_DRAWIO = "confluence_to_twig.content.diagrams.drawio:drawio_text"
_GLIFFY = "confluence_to_twig.content.diagrams.gliffy:gliffy_text"

_BY_SUFFIX = {
    ".txt": _PLAIN,
    ".md": _PLAIN,
    ".markdown": _PLAIN,
    ".csv": _PLAIN,
    ".log": _PLAIN,
    ".pdf": _PDF,
    ".docx": _DOCX,
    ".drawio": _DRAWIO,
    ".gliffy": _GLIFFY,
    ".puml": _PLAIN,
    ".plantuml": _PLAIN,
    ".mmd": _PLAIN,
    ".mermaid": _PLAIN,
}
_DRAWIO_ENDINGS = (".drawio.xml", ".drawio.svg")
_BY_TYPE = {
    "text/plain": _PLAIN,
    "text/markdown": _PLAIN,
    "text/csv": _PLAIN,
    "application/pdf": _PDF,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _DOCX,
    # The apps give the files of their macros these types, and mostly names without a suffix.
    "application/vnd.jgraph.mxfile": _DRAWIO,
    "application/gliffy+json": _GLIFFY,
}


def reader_for(name: str, media_type: str) -> str | None:
    """The reader of a file of this name and type, as ``module:function`` for
    :meth:`~confluence_to_twig.content.attachments.limited.LimitedReader.read`; ``None`` when its text is not worth having
    or not to be had.
    """
    lowered = name.lower()
    if lowered.endswith(_DRAWIO_ENDINGS):
        return _DRAWIO
    return _BY_SUFFIX.get(PurePosixPath(lowered).suffix) or _BY_TYPE.get(media_type.partition(";")[0].strip().lower())


def is_drawing(name: str, media_type: str) -> bool:
    """Whether the text of a file of this name and type is what a drawing says."""
    return reader_for(name, media_type) in {_DRAWIO, _GLIFFY}
