"""Markdown → chunks of at most 512 tokens that can stand alone: with their place in the space, table headers, fences.

What is kept whole, where it is cut, and why an edit changes few chunks is decided in
:mod:`~include.content.pieces` and :mod:`~include.content.packing`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256

from include.content.blocks import Block, Kind, lines_of, scan
from include.content.headings import Heading, Outline
from include.content.language import detect_language
from include.content.model import Chunk, PageContext
from include.content.packing import Packer
from include.content.pieces import Cutter, Piece, fragments
from include.content.tokens import count_tokens

LIMIT_TOKENS = 512
OVERLAP_TOKENS = 50
_SEPARATOR = "\n\n"
_CUTTABLE = frozenset({Kind.PROSE, Kind.ITEM, Kind.QUOTE})


def chunk_document(markdown: str, context: PageContext | None = None) -> list[Chunk]:
    """The chunks of a document in reading order; none for a document without text.

    Together they hold every word of the document. A chunk has at most :data:`LIMIT_TOKENS` cl100k tokens, its context
    line included.
    """
    page = context or PageContext()
    document = _Document(markdown, page)
    language = detect_language(markdown)
    seen: Counter[str] = Counter()
    chunks: list[Chunk] = []
    for part in document.parts():
        digest = sha256(part.body.encode("utf-8", "replace")).hexdigest()[:20]
        seen[digest] += 1
        chunk_id = f"{page.page_id}:{digest}" if page.page_id else digest
        url = document.outline.url(part.heading)
        chunks.append(
            Chunk(
                chunk_id=chunk_id if seen[digest] == 1 else f"{chunk_id}:{seen[digest]}",
                ordinal=len(chunks),
                text=part.text,
                heading_path=part.path,
                url=url,
                token_count=part.tokens,
                char_start=part.start,
                char_end=part.end,
                content_hash=sha256(f"{url}\0{part.text}".encode("utf-8", "replace")).hexdigest(),
                page=page,
                language=language,
            )
        )
    return chunks


@dataclass(frozen=True)
class _Part:
    """A chunk before it has an identity. ``body`` is the text without the context line."""

    start: int
    end: int
    body: str
    text: str
    tokens: int
    path: tuple[str, ...]
    heading: Heading | None


class _Document:
    """The pieces of a document with the headings above each."""

    def __init__(self, markdown: str, page: PageContext) -> None:
        self.markdown = markdown
        self.outline = Outline(page, LIMIT_TOKENS // 4)
        self.pieces: list[Piece] = []
        self.headings: list[Heading | None] = []  # for each piece, the innermost heading above or at it
        self._cut(scan(lines_of(markdown)))

    def _cut(self, blocks: list[Block]) -> None:
        cutter = Cutter(self.markdown)
        lead = 0  # tokens of the headings directly before, which the next piece shares its chunk with
        ends = [*(block.start for block in blocks[1:]), len(self.markdown)][: len(blocks)]
        for number, (block, end) in enumerate(zip(blocks, ends, strict=True)):
            if block.kind is Kind.HEADING:
                self.outline.add(block.level, block.lines[0].text)
            heading = self.outline.current
            free = LIMIT_TOKENS - self.outline.context_tokens(heading) - 2
            capacity = free - lead if lead < free // 2 else free
            pieces = cutter.cut(block, number, end, capacity - (OVERLAP_TOKENS if block.kind in _CUTTABLE else 0))
            self.pieces.extend(pieces)
            self.headings.extend([heading] * len(pieces))
            lead = lead + sum(piece.tokens for piece in pieces) if block.kind is Kind.HEADING else 0

    def parts(self) -> list[_Part]:
        """The chunks' contents."""
        if not self.pieces:
            return []
        packer = Packer(
            self.pieces,
            [self._lead_tokens(index) for index in range(len(self.pieces))],
            [self._tail_tokens(index) for index in range(len(self.pieces))],
            [self.markdown[piece.start : piece.end] for piece in self.pieces],
            LIMIT_TOKENS,
        )
        parts: list[_Part] = []
        for start, end in packer.pack():
            parts.extend(self._fitting(packer, start, end, LIMIT_TOKENS))
        return parts

    def _fitting(self, packer: Packer, start: int, end: int, limit: int) -> list[_Part]:
        """The stretch as one part, or as several when the tokens of the whole are more than the sum of its pieces'."""
        part = self._part(start, end)
        if part.tokens <= LIMIT_TOKENS:
            return [part] if part.body else []
        if end - start == 1:
            return self._by_force(part)
        smaller = limit - (part.tokens - LIMIT_TOKENS) - 1
        parts: list[_Part] = []
        for left, right in packer.split(start, end, smaller):
            parts.extend(self._fitting(packer, left, right, smaller))
        return parts

    def _part(self, start: int, end: int) -> _Part:
        first, last = self.pieces[start], self.pieces[end - 1]
        char_start = self._overlap_start(start)
        text = self.markdown[char_start : last.end].rstrip()
        char_end = char_start + len(text)
        body = text.lstrip("\n")
        char_start += len(text) - len(body)
        if self._continues(start) and first.frame_id:
            body = first.frame.prefix + body
        if self._continues(end) and last.frame_id:
            body += last.frame.suffix
        return self._finished(char_start, char_end, _dedented(body), self._heading(start, end))

    def _finished(self, start: int, end: int, body: str, heading: Heading | None) -> _Part:
        line = self.outline.context_line(heading)
        text = f"{line}{_SEPARATOR}{body}" if line else body
        anchor = heading or self.headings[0]
        path = heading.path if heading else ()
        return _Part(start, end, body, text, count_tokens(text), path, anchor)

    def _by_force(self, part: _Part) -> list[_Part]:
        """A single piece that turned out too long in its surroundings: in fragments, without its frame."""
        room = (LIMIT_TOKENS - self.outline.context_tokens(part.heading)) // 2
        return [
            self._finished(left, right, self.markdown[left:right].strip(), part.heading)
            for left, right in fragments(self.markdown, part.start, part.end, room)
            if self.markdown[left:right].strip()
        ]

    def _heading(self, start: int, end: int) -> Heading | None:
        """The heading a chunk stands under: the one above its first piece, or, when it begins with headings, the
        innermost one that all its content has in common."""
        first = self.headings[start]
        if self.pieces[start].kind is not Kind.HEADING:
            return first
        common: Heading | None = None
        for index in range(start, end):
            if self.pieces[index].kind is Kind.HEADING:
                continue
            heading = self.headings[index]
            common = heading if common is None else common.shared(heading)
            if common is None:
                break
        return common or first

    def _continues(self, index: int) -> bool:
        """Whether the pieces before and at ``index`` come out of the same table, code or prose."""
        if not 0 < index < len(self.pieces):
            return False
        before, after = self.pieces[index - 1], self.pieces[index]
        return before.block == after.block and before.frame_id == after.frame_id and before.kind is after.kind

    def _overlap_start(self, index: int) -> int:
        """Where a chunk's text begins: a little before a piece that goes on with prose, else at the piece."""
        piece = self.pieces[index]
        if not self._overlaps(index):
            return piece.start
        earliest = next(
            (at for at in range(index - 1, -1, -1) if self.pieces[at].block != piece.block or not self._overlaps(at)), 0
        )
        start = piece.start
        for before in range(index - 1, earliest - 1, -1):
            if count_tokens(self.markdown[self.pieces[before].start : piece.start]) > OVERLAP_TOKENS:
                break
            start = self.pieces[before].start
        return start

    def _overlaps(self, index: int) -> bool:
        piece = self.pieces[index]
        return piece.kind is Kind.PROSE and not piece.frame_id and self._continues(index)

    def _lead_tokens(self, index: int) -> int:
        tokens = self.outline.context_tokens(self.headings[index]) + 2
        if self._overlaps(index):
            return tokens + OVERLAP_TOKENS
        return tokens + self.pieces[index].frame.prefix_tokens if self._continues(index) else tokens

    def _tail_tokens(self, index: int) -> int:
        return self.pieces[index].frame.suffix_tokens if self._continues(index + 1) else 0


def _dedented(body: str) -> str:
    """A piece out of a nested list, moved to the left margin, where it is a list and not code."""
    indent = len(body) - len(body.lstrip(" "))
    if not indent:
        return body
    margin = " " * indent
    return "\n".join(line[indent:] if line.startswith(margin) else line.lstrip(" ") for line in body.split("\n"))
