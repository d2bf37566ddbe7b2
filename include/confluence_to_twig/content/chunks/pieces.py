"""Cut blocks into pieces: the smallest parts of a document that chunking keeps whole.

A block that fits is one piece. A table that does not fit becomes its rows, code its lines, a list item or quote the
blocks inside it, prose its sentences. A piece of a table or code block knows what to put around it, so that each part
is again a table with its header, or fenced code with its language.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from confluence_to_twig.content.blocks import Block, Kind, Line, is_fence, item_indent, match_item, match_quote, scan
from confluence_to_twig.content.chunks.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from semantic_text_splitter import TextSplitter

#: Nested quotes and lists are opened this many levels deep. Deeper text is cut as prose.
_MAX_LEVELS = 12
#: A sentence longer than the limit is cut into parts of about this many tokens.
_FRAGMENT_TOKENS = 96
#: semantic-text-splitter is super-linear on long texts without blanks, so it gets windows of this many characters.
_WINDOW_CHARS = 6_000
#: A first cell with more tokens does not name its row, and is not repeated.
_KEY_TOKENS = 60
_ROW_END_TOKENS = 2
_NESTING = (Kind.ITEM, Kind.QUOTE)
#: A row of more cells is cut like prose: as many empty cells would leave no room.
_MOST_PIPES = 40
_PIPE = re.compile(r"(?<!\\)\|")
_SENTENCE_END = re.compile(r"(?:(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+(?=\s)|[。！？]++[」』）”’]*+|\n|<br>)\s*+")


class Frame(NamedTuple):
    """What a part of a divided block needs around it to be valid, and how many tokens that costs."""

    prefix: str = ""
    suffix: str = ""
    prefix_tokens: int = 0
    suffix_tokens: int = 0


NO_FRAME = Frame()


class Piece(NamedTuple):
    """A part of the document that is not cut.

    :param tokens: tokens of its text with the white space behind it.
    :param block: number of the block it was cut from; pieces of one block belong together.
    :param kind: what the innermost block is that the piece stands for.
    :param frame: what a chunk that begins or ends inside this piece's table or code adds.
    :param frame_id: pieces with the same number share one frame; 0 for none.
    """

    start: int
    end: int
    tokens: int
    block: int
    kind: Kind
    level: int = 0
    frame: Frame = NO_FRAME
    frame_id: int = 0


class Cutter:
    """Cuts the blocks of one document.

    :param document: the Markdown.
    """

    def __init__(self, document: str) -> None:
        self._document = document
        self._block = 0
        self._frames = 0

    def cut(self, block: Block, end: int, capacity: int) -> list[Piece]:
        """The pieces of the next block, which tile it up to ``end``, each with at most ``capacity`` tokens."""
        self._block += 1
        whole = self._piece(block.start, end, block.kind, block.level)
        return [whole] if whole.tokens <= capacity else list(self._parts(block, end, capacity, 0))

    def _piece(self, start: int, end: int, kind: Kind, level: int = 0) -> Piece:
        return Piece(start, end, count_tokens(self._document[start:end]), self._block, kind, level)

    def _pieces(self, block: Block, end: int, capacity: int, depth: int) -> Iterator[Piece]:
        whole = self._piece(block.start, end, block.kind, block.level)
        if whole.tokens <= capacity:
            yield whole
        else:
            yield from self._parts(block, end, capacity, depth)

    def _parts(self, block: Block, end: int, capacity: int, depth: int) -> Iterator[Piece]:
        if block.kind is Kind.TABLE:
            yield from self._rows(block, end, capacity)
        elif block.kind is Kind.CODE:
            yield from self._code_lines(block, end, capacity)
        elif block.kind in _NESTING and depth < _MAX_LEVELS:
            yield from self._inner(block, end, capacity, depth)
        else:
            yield from self._prose(block.start, end, block.kind, capacity)

    def _rows(self, block: Block, end: int, capacity: int) -> Iterator[Piece]:
        header = self._document[block.start : block.lines[1].end]
        frame = self._frame(header, "", capacity)
        starts = [block.start, *(line.start for line in block.lines[3:]), end]
        self._frames += 1
        room = max(1, capacity - frame.prefix_tokens)
        for number, (start, row_end) in enumerate(itertools.pairwise(starts)):
            piece = self._piece(start, row_end, Kind.TABLE)._replace(frame=frame, frame_id=self._frames)
            if piece.tokens <= room:
                yield piece
            else:
                row = block.lines[2].start if number == 0 and len(block.lines) > 2 else start
                yield from self._long_row(start, row, row_end, frame, capacity)

    def _long_row(self, start: int, row: int, end: int, header: Frame, capacity: int) -> Iterator[Piece]:
        """The sentences of a row that is longer than a chunk. A chunk that begins with one repeats the header and the row's
        first cell, and leaves the cells between empty.

        :param start: where the piece begins: at the row, or for the first row at the table's header.
        """
        pipes = [match.start() for match in _PIPE.finditer(self._document, row, end)]
        if not 3 <= len(pipes) <= _MOST_PIPES:
            room = max(1, capacity - header.prefix_tokens)
            yield from (
                part._replace(frame=header, frame_id=self._frames) for part in self._prose(start, end, Kind.TABLE, room)
            )
            return
        margin = self._document[row : pipes[0]]
        key = self._document[pipes[0] + 1 : pipes[1]].strip()
        key = key if count_tokens(key) <= _KEY_TOKENS else ""
        lead = f"{header.prefix}{margin}| {key} |"
        room = max(1, capacity - count_tokens(lead + "  |" * (len(pipes) - 2)) - _ROW_END_TOKENS)
        for part in self._prose(start, end, Kind.TABLE, room):
            suffix = "" if part.end >= pipes[-1] else " |"
            if part.start <= pipes[1]:
                frame = self._frame(header.prefix + (f"{margin}| " if part.start > row else ""), suffix, capacity)
            else:
                at_pipe = self._document[part.start] == "|"
                empty = bisect_left(pipes, part.start) - 2 - at_pipe
                prefix = lead + "  |" * empty + ("  " if at_pipe and empty >= 0 else " ")
                frame = Frame(lead[:-1] if empty < 0 else prefix, suffix, count_tokens(prefix), count_tokens(suffix))
            yield part._replace(frame=frame, frame_id=self._frames)

    def _code_lines(self, block: Block, end: int, capacity: int) -> Iterator[Piece]:
        """A piece a line; blank lines go with the line before."""
        opening = block.lines[0]
        fence = is_fence(opening.text)
        margin = opening.prefix if opening.prefix.lstrip().startswith(">") else " " * len(opening.prefix)
        frame = self._frame(f"{margin}{opening.text}\n", f"\n{margin}{fence[1] if fence else '```'}", capacity)
        starts = [block.start, *(line.start for line in block.lines[2:-1] if not line.blank), end]
        return self._framed(starts, Kind.CODE, frame, capacity)

    def _frame(self, prefix: str, suffix: str, capacity: int) -> Frame:
        """The frame, unless it would leave too little room for its content."""
        frame = Frame(prefix, suffix, count_tokens(prefix), count_tokens(suffix))
        return frame if frame.prefix_tokens <= capacity // 3 else NO_FRAME

    def _framed(self, starts: Sequence[int], kind: Kind, frame: Frame, capacity: int) -> Iterator[Piece]:
        self._frames += 1
        room = max(1, capacity - frame.prefix_tokens - frame.suffix_tokens)
        for start, end in itertools.pairwise(starts):
            piece = self._piece(start, end, kind)
            for part in [piece] if piece.tokens <= room else self._prose(start, end, kind, room):
                yield part._replace(frame=frame, frame_id=self._frames)

    def _inner(self, block: Block, end: int, capacity: int, depth: int) -> Iterator[Piece]:
        """The pieces of the blocks inside a list item or quote."""
        inner = scan(_inside(block))
        if not inner:
            yield from self._prose(block.start, end, block.kind, capacity)
            return
        first = inner[0].lines[0]._replace(start=block.start)  # the marker belongs to the first block inside
        parts = [inner[0]._replace(lines=[first, *inner[0].lines[1:]]), *inner[1:]]
        ends = [*(part.start for part in parts[1:]), end]
        for part, part_end in zip(parts, ends, strict=True):
            yield from self._pieces(part, part_end, capacity, depth + 1)

    def _prose(self, start: int, end: int, kind: Kind, capacity: int) -> Iterator[Piece]:
        """Sentences, and fragments of sentences that do not fit."""
        for first, last in _sentences(self._document, start, end):
            piece = self._piece(first, last, kind)
            if piece.tokens <= capacity:
                yield piece
            else:
                for left, right in fragments(self._document, first, last, min(capacity, _FRAGMENT_TOKENS)):
                    yield self._piece(left, right, kind)


def _inside(block: Block) -> list[Line]:
    """The lines of a list item or quote without its markers."""
    first = block.lines[0]
    if block.kind is Kind.QUOTE:
        return [_without(line, match.end()) if (match := match_quote(line.text)) else line for line in block.lines]
    item = match_item(first.text)
    indent = item_indent(item) if item else 0
    margin = " " * indent
    rest = (_without(line, indent if line.text.startswith(margin) else 0) for line in block.lines[1:])
    return [_without(first, indent), *rest]


def _without(line: Line, length: int) -> Line:
    return line._replace(prefix=line.prefix + line.text[:length], text=line.text[length:])


def _sentences(document: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for match in _SENTENCE_END.finditer(document, start, end):
        if match.end() < end:
            yield position, match.end()
            position = match.end()
    yield position, end


@cache
def _splitter(capacity: int) -> TextSplitter:
    from semantic_text_splitter import TextSplitter

    count: Callable[[str], int] = count_tokens
    return TextSplitter.from_callback(count, capacity, trim=False)


def fragments(document: str, start: int, end: int, capacity: int) -> Iterator[tuple[int, int]]:
    """Where a sentence that is too long is cut: between words, or between characters where there are no words."""
    for window in range(start, end, _WINDOW_CHARS):
        text = document[window : min(window + _WINDOW_CHARS, end)]
        offset = window
        for chunk in _splitter(capacity).chunks(text):
            yield offset, offset + len(chunk)
            offset += len(chunk)
