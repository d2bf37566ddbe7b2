"""Find the blocks of a Markdown text: headings, code, tables, list items, quotes, paragraphs.

One pass over the lines; each block knows where it stands in the document. The scanner also reads the inside of list
items and quotes, whose lines have a prefix (indentation, ``>``) in front.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import partial
from itertools import accumulate, count, repeat
from operator import add
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^\n]*)$")
_ITEM = re.compile(r"( {0,3}(?:[-+*]|\d{1,9}[.)]))(?:([ \t]+)\S|[ \t]*$)")
_QUOTE = re.compile(r" {0,3}> ?")
_DELIMITER_ROW = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$")


class Kind(Enum):
    """What a block is."""

    HEADING = "heading"
    CODE = "code"
    TABLE = "table"
    ITEM = "item"
    QUOTE = "quote"
    PROSE = "prose"


class Line(NamedTuple):
    """A line: where it begins and ends in the document (with its line break), its prefix, and its text after that."""

    start: int
    end: int
    prefix: str
    text: str

    @property
    def blank(self) -> bool:
        """Nothing but white space."""
        return not self.text or self.text.isspace()


class Block(NamedTuple):
    """Consecutive lines that belong together. ``level`` is that of a heading, else 0."""

    kind: Kind
    lines: Sequence[Line]
    level: int = 0

    @property
    def start(self) -> int:
        """Where the block begins in the document."""
        return self.lines[0].start

    @property
    def end(self) -> int:
        """Where it ends, its last line break included."""
        return self.lines[-1].end


#: A line of its four values; a document has many.
_line: Callable[[tuple[int, int, str, str]], Line] = partial(tuple.__new__, Line)


def lines_of(markdown: str) -> list[Line]:
    """The lines of a document."""
    texts = markdown.split("\n")
    starts = list(map(add, accumulate(map(len, texts), initial=0), count()))  # with the line breaks before them
    ends = [*starts[1:-1], len(markdown)]
    if "\r" in markdown:
        texts = [text.removesuffix("\r") for text in texts]
    return list(map(_line, zip(starts, ends, repeat(""), texts, strict=False)))


def scan(lines: Sequence[Line]) -> list[Block]:
    """The blocks of consecutive lines; blank lines between blocks belong to none."""
    blocks: list[Block] = []
    position = 0
    while position < len(lines):
        text = lines[position].text
        if not text or text.isspace():
            position += 1
            continue
        block = _block_at(lines, position)
        blocks.append(block)
        position += len(block.lines)
    return blocks


def _block_at(lines: Sequence[Line], start: int) -> Block:
    text = lines[start].text
    if text[0].isalpha() and "|" not in text:
        return Block(Kind.PROSE, lines[start : _prose_end(lines, start)])
    heading = _HEADING.match(text)
    if heading:
        return Block(Kind.HEADING, lines[start : start + 1], len(heading[1]))
    if is_fence(text):
        return Block(Kind.CODE, lines[start : _code_end(lines, start)])
    if _is_table(lines, start):
        return Block(Kind.TABLE, lines[start : _table_end(lines, start)])
    if item := _ITEM.match(text):
        return Block(Kind.ITEM, lines[start : _item_end(lines, start, item_indent(item))])
    if _QUOTE.match(text):
        return Block(Kind.QUOTE, lines[start : _quote_end(lines, start)])
    return Block(Kind.PROSE, lines[start : _prose_end(lines, start)])


def is_fence(text: str) -> re.Match[str] | None:
    """The opening fence of a code block: groups are the fence and the info string."""
    match = _FENCE.match(text)
    return None if match is None or (match[1][0] == "`" and "`" in match[2]) else match


def _code_end(lines: Sequence[Line], start: int) -> int:
    opening = is_fence(lines[start].text)
    fence = opening[1] if opening else "```"
    closing = re.compile(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    for position in range(start + 1, len(lines)):
        if closing.match(lines[position].text):
            return position + 1
    return len(lines)


def _is_table(lines: Sequence[Line], start: int) -> bool:
    if start + 1 >= len(lines) or "|" not in lines[start].text or "-" not in lines[start + 1].text:
        return False
    delimiter = lines[start + 1].text.strip()
    return "|" in delimiter and bool(_DELIMITER_ROW.match(delimiter))


def _table_end(lines: Sequence[Line], start: int) -> int:
    position = start + 2
    while position < len(lines) and "|" in lines[position].text and not is_fence(lines[position].text):
        position += 1
    return position


def item_indent(item: re.Match[str]) -> int:
    """The indentation of a list item's content: its marker and the spaces after it."""
    blanks = len(item[2] or " ")
    return len(item[1]) + (blanks if blanks <= 4 else 1)


def match_item(text: str) -> re.Match[str] | None:
    """The marker of a list item."""
    return _ITEM.match(text)


def match_quote(text: str) -> re.Match[str] | None:
    """The marker of a quote."""
    return _QUOTE.match(text)


def _item_end(lines: Sequence[Line], start: int, indent: int) -> int:
    """The end of an item, with indented lines, blank lines before them, and lines that continue its paragraph."""
    position = start + 1
    end = position
    after_blank = False
    while position < len(lines):
        line = lines[position]
        if line.blank:
            after_blank = True
        elif line.text.startswith(" " * indent):
            after_blank = False
            end = position + 1
        elif after_blank or _interrupts(lines, position):
            break
        else:
            end = position + 1
        position += 1
    return end


def _quote_end(lines: Sequence[Line], start: int) -> int:
    position = start + 1
    while position < len(lines) and _QUOTE.match(lines[position].text):
        position += 1
    return position


def _prose_end(lines: Sequence[Line], start: int) -> int:
    position = start + 1
    while position < len(lines) and not lines[position].blank and not _interrupts(lines, position):
        position += 1
    return position


def _interrupts(lines: Sequence[Line], position: int) -> bool:
    text = lines[position].text
    if text[:1].isalpha() and "|" not in text:
        return False
    return bool(
        _HEADING.match(text) or is_fence(text) or _ITEM.match(text) or _QUOTE.match(text) or _is_table(lines, position)
    )
