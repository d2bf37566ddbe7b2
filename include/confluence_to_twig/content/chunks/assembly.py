"""Put the pieces of a document together into the texts of its chunks."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from confluence_to_twig.content.blocks import Kind, lines_of, scan
from confluence_to_twig.content.chunks.headings import WHOLE_PAGE_CONTEXT, Outline, Section
from confluence_to_twig.content.chunks.packing import Packer
from confluence_to_twig.content.chunks.pieces import Cutter, Piece, fragments
from confluence_to_twig.content.chunks.tokens import count_tokens, last_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from confluence_to_twig.content.model import Heading, PageContext

LIMIT_TOKENS = 512
#: Sections longer than this are cut where blocks end. Measured on questions (``docs/benchmarks.md``): from
#: 512 down to about 300 more of them are answered, by keywords and by embeddings alike, for fewer tokens; below, fewer.
TARGET_TOKENS = 320
OVERLAP_TOKENS = 50
#: A heading chain longer than half of what a chunk holds does not narrow the blocks below it any more.
_MOST_LEAD = 2
_SLACK_TOKENS = 2
#: What remains of a panel's empty lines where the panel is cut.
_QUOTE_MARKS_AT_END = re.compile(r"\n[>\s]*\Z")


class Part(NamedTuple):
    """A chunk before it has an identity.

    :param body: the text without the context line.
    :param section: the innermost section that all of it lies in.
    :param anchor: the section to link to: that one, or, when it begins before the chunk does, the first one in the chunk.
    """

    start: int
    end: int
    body: str
    text: str
    tokens: int
    section: Section
    anchor: Section


class DocumentParts:
    """The pieces of a document with the section that each lies in.

    :param markdown: the document.
    :param page: where it stands, for the context lines.
    :param headings: its headings, as far as the conversion knows them.
    """

    def __init__(self, markdown: str, page: PageContext, headings: Sequence[Heading]) -> None:
        self.outline = Outline(page, headings, LIMIT_TOKENS // 4)
        self._markdown = markdown
        self._pieces: list[Piece] = []
        self._sections: list[Section] = []
        self._cut()

    def _cut(self) -> None:
        blocks = scan(lines_of(self._markdown))
        cutter = Cutter(self._markdown)
        lead = 0  # tokens of the headings directly before, which share a chunk with the next piece
        ends = [*(block.start for block in blocks[1:]), len(self._markdown)]
        for block, end in zip(blocks, ends, strict=False):
            if block.kind is Kind.HEADING:
                self.outline.add(block.level, block.lines[0].text)
            section = self.outline.current
            free = LIMIT_TOKENS - section.context_tokens - OVERLAP_TOKENS - _SLACK_TOKENS
            pieces = cutter.cut(block, end, free - lead if lead < free // _MOST_LEAD else free)
            self._pieces.extend(pieces)
            self._sections.extend([section] * len(pieces))
            lead = lead + sum(piece.tokens for piece in pieces) if block.kind is Kind.HEADING else 0

    def parts(self) -> Iterator[Part]:
        """The chunks' contents in reading order."""
        if not self._pieces:
            return
        packer = Packer(self._pieces, *self._around_tokens(), self._markdown, TARGET_TOKENS, LIMIT_TOKENS)
        for start, end in packer.pack():
            yield from self._fitting(packer, start, end, LIMIT_TOKENS)

    def _fitting(self, packer: Packer, start: int, end: int, limit: int) -> Iterator[Part]:
        """The stretch as one part, or as several when the tokens of the whole are more than the sum of its pieces'."""
        part = self._part(start, end)
        if part.tokens <= LIMIT_TOKENS:
            if part.body:
                yield part
        elif end - start == 1:
            yield from self._by_force(part)
        else:
            smaller = limit - (part.tokens - LIMIT_TOKENS) - 1
            for left, right in packer.split(start, end, smaller):
                yield from self._fitting(packer, left, right, smaller)

    def _part(self, start: int, end: int) -> Part:
        first, last = self._pieces[start], self._pieces[end - 1]
        overlap = self._overlap_start(start)
        text = self._markdown[overlap : last.end].rstrip()
        if last.kind is not Kind.CODE:
            text = _QUOTE_MARKS_AT_END.sub("", text)
        char_end = overlap + len(text)
        plain = text.lstrip("\n")
        char_start = char_end - len(plain)
        body = _dedented(self._framed(plain, start, end))
        section = self._section(start, end)
        first_section = self._sections[start]
        anchor = section if section.shared(first_section) is first_section else first_section
        least = WHOLE_PAGE_CONTEXT if (start, end) == (0, len(self._pieces)) else 0
        if (
            body == plain
            and char_start == first.start
            and last.start < char_end
            and all(map(self._begins_a_line, self._pieces[start:end]))
        ):
            tokens = self._sum(start, end, char_end)
            context, context_tokens = section.context_for(tokens, least)
            return Part(char_start, char_end, body, context + body, context_tokens + tokens, section, anchor)
        return _counted(char_start, char_end, body, section, anchor, least)

    def _sum(self, start: int, end: int, char_end: int) -> int:
        """The tokens of a stretch of whole lines. No cl100k token reaches over a line break into a line with text, so
        the tokens of the pieces add up; only the end of the last one is counted again, without its blank lines."""
        last = self._pieces[end - 1]
        tokens = sum(piece.tokens for piece in self._pieces[start:end])
        if last.end == char_end:
            return tokens
        word = last_word(self._markdown, last.start, char_end)
        return tokens - count_tokens(self._markdown[word : last.end]) + count_tokens(self._markdown[word:char_end])

    def _begins_a_line(self, piece: Piece) -> bool:
        before = self._markdown[piece.start - 1] if piece.start else "\n"
        return before == "\n" and not self._markdown[piece.start].isspace()

    def _framed(self, text: str, start: int, end: int) -> str:
        if self._continues(start) and self._pieces[start].frame_id:
            text = self._pieces[start].frame.prefix + text
        if self._continues(end) and self._pieces[end - 1].frame_id:
            text += self._pieces[end - 1].frame.suffix
        return text

    def _by_force(self, part: Part) -> Iterator[Part]:
        """A single piece that turned out too long in its surroundings: in fragments, without its frame."""
        room = (LIMIT_TOKENS - part.section.context_tokens) // 2
        for left, right in fragments(self._markdown, part.start, part.end, room):
            text = self._markdown[left:right].strip()
            if text:
                yield _counted(left, right, text, part.section, part.anchor)

    def _section(self, start: int, end: int) -> Section:
        """The section a chunk stands in: that of its first piece, or, when it begins with headings, the innermost one
        that all its content has in common."""
        first = self._sections[start]
        if self._pieces[start].kind is not Kind.HEADING:
            return first
        content = [
            section
            for section, piece in zip(self._sections[start:end], self._pieces[start:end], strict=True)
            if piece.kind is not Kind.HEADING
        ]
        return reduce(Section.shared, content) if content else first

    def _continues(self, index: int) -> bool:
        """Whether the pieces before and at ``index`` come out of the same table, code or prose."""
        if not 0 < index < len(self._pieces):
            return False
        before, after = self._pieces[index - 1], self._pieces[index]
        return before.block == after.block and before.frame_id == after.frame_id and before.kind is after.kind

    def _overlaps(self, index: int) -> bool:
        """Whether a chunk that begins with this piece begins in the middle of prose."""
        piece = self._pieces[index]
        return piece.kind is Kind.PROSE and not piece.frame_id and self._continues(index)

    def _overlap_start(self, index: int) -> int:
        """Where a chunk's text begins: some sentences earlier if the piece continues prose, else at the piece."""
        position = start = self._pieces[index].start
        while self._overlaps(index):
            index -= 1
            earlier = self._pieces[index].start
            if count_tokens(self._markdown[earlier:position]) > OVERLAP_TOKENS:
                break
            start = earlier
        return start

    def _around_tokens(self) -> tuple[list[int], list[int]]:
        """For each piece what a chunk that begins with it holds before it (context line, overlap, frame), and what one that
        ends with it holds behind it (the end of its frame)."""
        leads = [section.context_tokens for section in self._sections]
        tails = [0] * len(self._pieces)
        for index in range(1, len(self._pieces)):
            before, piece = self._pieces[index - 1], self._pieces[index]
            if before.block == piece.block and self._continues(index):
                leads[index] += OVERLAP_TOKENS if self._overlaps(index) else piece.frame.prefix_tokens
                tails[index - 1] = before.frame.suffix_tokens
        return leads, tails


def _counted(start: int, end: int, body: str, section: Section, anchor: Section, least: int = 0) -> Part:
    context, _ = section.context_for(count_tokens(body), least) if section.around else (section.context, 0)
    text = context + body
    return Part(start, end, body, text, count_tokens(text), section, anchor)


def _dedented(body: str) -> str:
    """A piece of a nested list without its indentation, which Markdown would read as code."""
    if not body.startswith(" "):
        return body
    indent = len(body) - len(body.lstrip(" "))
    margin = " " * indent
    return "\n".join(line[indent:] if line.startswith(margin) else line.lstrip(" ") for line in body.split("\n"))
