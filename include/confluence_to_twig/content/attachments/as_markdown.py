"""The text of one file as Markdown: for a document of its own, and below the page that it is attached to."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import TYPE_CHECKING

from confluence_to_twig.content.attachments.drawn import drawn_nodes
from confluence_to_twig.content.attachments.kinds import kind_of
from confluence_to_twig.content.markdown.writer import to_markdown
from confluence_to_twig.content.nodes import Node
from confluence_to_twig.content.raw_markdown import (
    closed,
    with_headings_from,
    without_code_sources,
    without_front_matter,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_COLUMNS = 100
_SNIFFED_CHARS = 4_000
_DELIMITERS = ",;\t|"
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
#: Columns that blanks or tabs keep apart, as programs print them.
_COLUMNS = re.compile(r"\S(?:[ ]{3,}|\t)\s*\S")


def file_markdown(name: str, media_type: str, text: str, top: int = 2) -> str:
    """The body of a file's document, without a heading for the file itself.

    :param name: of the file; it and the type say which form the text has: :func:`~.kinds.kind_of`.
    :param text: what its reader found.
    :param top: level of the outermost headings.
    """
    kind = kind_of(name, media_type)
    form = kind.form if kind else "plain"
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if form == "markdown":
        return closed(with_headings_from(without_code_sources(without_front_matter(lines)), top)).strip()
    if form == "code":
        return to_markdown(_root([Node("pre", {"data-language": kind.language if kind else ""}, [lines])]))
    if form == "drawing":
        return to_markdown(_root(drawn_nodes(lines)))
    table = _csv_table(lines) if form == "rows" else None
    return to_markdown(_root([table] if table else list(_paragraphs(lines))))


def _root(children: list[Node | str]) -> Node:
    return Node("root", {}, children)


def _paragraphs(text: str) -> Iterator[Node | str]:
    """Paragraphs with their line breaks; those that are printed in columns as they are."""
    for part in _EMPTY_LINES.split(text):
        lines = part.split("\n")
        if sum(_COLUMNS.search(line) is not None for line in lines) > max(1, len(lines) // 2):
            yield Node("pre", {}, [part])
        else:
            yield Node("p", {}, [child for line in lines for child in (line, Node("br"))][:-1])


def _csv_table(text: str) -> Node | None:
    """The file as a table whose first row is the header; None when the text is not CSV."""
    delimiter = _delimiter(text[:_SNIFFED_CHARS], is_whole=len(text) <= _SNIFFED_CHARS)
    if not delimiter:
        return None
    try:
        rows = [row[:_MOST_COLUMNS] for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    except csv.Error:
        return None
    tags = ["th", *["td"] * (len(rows) - 1)]
    body = [Node("tr", {}, [Node(tag, {}, [cell]) for cell in row]) for tag, row in zip(tags, rows, strict=False)]
    return Node("table", {}, list(body))


def _delimiter(text: str, *, is_whole: bool) -> str:
    """The character between the cells: the one that gives most rows the same number of them; empty: none does."""
    best, most = "", (0.0, 1)
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
        except csv.Error:
            continue
        widths = widths if is_whole or len(widths) < 2 else widths[:-1]
        width, rows = max(Counter(widths).items(), key=lambda found: (found[1], found[0]), default=(1, 0))
        if width > 1 and (rows / len(widths), width) > most:
            best, most = delimiter, (rows / len(widths), width)
    return best
