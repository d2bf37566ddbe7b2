"""The text of one file as Markdown: for a document of its own, and below the page that it is attached to."""

from __future__ import annotations

import csv
import io
from collections import Counter

from confluence_to_twig.content.attachments.drawn import drawn_nodes
from confluence_to_twig.content.attachments.kinds import kind_of
from confluence_to_twig.content.attachments.written import table, typed, written
from confluence_to_twig.content.nodes import Node
from confluence_to_twig.content.raw_markdown import (
    closed,
    with_headings_from,
    without_code_sources,
    without_comments,
    without_front_matter,
)

_MOST_COLUMNS = 100
_SNIFFED_CHARS = 4_000
_DELIMITERS = ",;\t|"


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
        return closed(
            with_headings_from(without_code_sources(without_comments(without_front_matter(lines))), top)
        ).strip()
    if form == "code":
        return written([Node("pre", {"data-language": kind.language if kind else ""}, [lines])]).strip()
    if form == "drawing":
        return written(drawn_nodes(lines)).strip()
    rows = _rows(lines) if form == "rows" else []
    return written(_with_preface(rows) if rows else typed(lines)).strip()


def _with_preface(rows: list[list[str]]) -> list[Node | str]:
    """A table, below the lines that stand above its header: a title, comments."""
    filled = [sum(map(bool, row)) for row in rows]
    begin = next((number for number, cells in enumerate(filled) if cells > 1), 0)
    preface = "\n".join("".join(row) for row in rows[:begin])
    return [*(typed(preface) if begin else ()), table(rows[begin:])]


def _rows(text: str) -> list[list[str]]:
    """The rows of a file; none when the text is not CSV."""
    delimiter = _delimiter(text[:_SNIFFED_CHARS], is_whole=len(text) <= _SNIFFED_CHARS)
    if not delimiter:
        return []
    try:
        return [row[:_MOST_COLUMNS] for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    except csv.Error:
        return []


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
