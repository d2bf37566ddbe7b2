"""What is known of a file by its name and type: which reader it has, and what the text is that this finds.

Readers are named here, not imported: only the limited process loads them.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal, NamedTuple

#: Raise it when a reader can read what it could not: files that were set aside are tried again.
READERS_VERSION = 4
#: ``plain``: as people type, ``markdown``: with marks, ``rows``: CSV, ``code``: lines to be kept as they are, ``drawing``: what its shapes say.
Form = Literal["plain", "markdown", "rows", "code", "drawing"]


class FileKind(NamedTuple):
    """A kind of file.

    :param reader: ``module:function``, below ``confluence_to_twig.content``. :param form: of the text that it finds.
    :param language: of code, as a fence names it.
    """

    reader: str
    form: Form
    language: str = ""


_TEXT = "attachments.plain_reader:plain"
_PLAIN, _ROWS, _MARKDOWN = FileKind(_TEXT, "plain"), FileKind(_TEXT, "rows"), FileKind(_TEXT, "markdown")
_LINES, _JSON, _YAML = FileKind(_TEXT, "code"), FileKind(_TEXT, "code", "json"), FileKind(_TEXT, "code", "yaml")
_PLANTUML, _MERMAID = FileKind(_TEXT, "code", "plantuml"), FileKind(_TEXT, "code", "mermaid")
_PDF, _HTML = FileKind("attachments.pdf_reader:pdf", "markdown"), FileKind("attachments.html_reader:html", "markdown")
_DOCX = FileKind("attachments.docx_reader:docx", "markdown")
_PPTX = FileKind("attachments.pptx_reader:pptx", "markdown")
_XLSX = FileKind("attachments.xlsx_reader:xlsx", "markdown")
_DRAWIO = FileKind("diagrams.drawio:drawio_text", "drawing")
_GLIFFY = FileKind("diagrams.gliffy:gliffy_text", "drawing")

_BY_SUFFIX = {
    ".txt": _PLAIN,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".csv": _ROWS,
    ".tsv": _ROWS,
    ".log": _LINES,
    ".json": _JSON,
    ".yaml": _YAML,
    ".yml": _YAML,
    ".pdf": _PDF,
    ".docx": _DOCX,
    ".pptx": _PPTX,
    ".pptm": _PPTX,
    ".xlsx": _XLSX,
    ".xlsm": _XLSX,
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".drawio": _DRAWIO,
    ".gliffy": _GLIFFY,
    ".puml": _PLANTUML,
    ".plantuml": _PLANTUML,
    ".mmd": _MERMAID,
    ".mermaid": _MERMAID,
}
_DRAWIO_ENDINGS = (".drawio.xml", ".drawio.svg")
_OFFICE = "application/vnd.openxmlformats-officedocument"
_BY_TYPE = {
    "text/plain": _PLAIN,
    "text/markdown": _MARKDOWN,
    "text/csv": _ROWS,
    "text/tab-separated-values": _ROWS,
    "application/json": _JSON,
    "application/yaml": _YAML,
    "text/html": _HTML,
    "application/xhtml+xml": _HTML,
    "application/pdf": _PDF,
    f"{_OFFICE}.wordprocessingml.document": _DOCX,
    f"{_OFFICE}.presentationml.presentation": _PPTX,
    f"{_OFFICE}.spreadsheetml.sheet": _XLSX,
    # The apps give the files of their macros these types, and mostly names without a suffix.
    "application/vnd.jgraph.mxfile": _DRAWIO,
    "application/gliffy+json": _GLIFFY,
}


def kind_of(name: str, media_type: str) -> FileKind | None:
    """The kind of a file of this name and type; ``None`` when its text is not worth having or not to be had."""
    lowered = name.lower()
    if lowered.endswith(_DRAWIO_ENDINGS):
        return _DRAWIO
    return _BY_SUFFIX.get(PurePosixPath(lowered).suffix) or _BY_TYPE.get(media_type.partition(";")[0].strip().lower())


def reader_for(name: str, media_type: str) -> str | None:
    """The reader of a file of this name and type, as ``module:function`` for
    :meth:`~confluence_to_twig.content.attachments.limited.LimitedReader.read`; ``None`` where :func:`kind_of` is.
    """
    kind = kind_of(name, media_type)
    return f"confluence_to_twig.content.{kind.reader}" if kind else None
