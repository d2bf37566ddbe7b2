"""Files of text: text, Markdown, CSV, JSON, YAML, logs. Run in a limited process, as all readers are.

A reader may raise anything, and need not bound what it takes: the process that runs it is bounded. It gives a text, or yields
pieces, so that reading ends as soon as there is as much text as is wanted.
"""

from __future__ import annotations

from confluence_to_twig.content.attachments.outcome import UnreadableFileError


def plain(data: bytes) -> str:
    """Text in UTF-8, UTF-16 with its mark, or the code page of Western Windows.

    :raises UnreadableFileError: it is binary.
    """
    if b"\0" in data[:1024] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFileError("it is binary")
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")
