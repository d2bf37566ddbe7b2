"""Pack pieces into chunks: which boundaries between pieces become boundaries between chunks.

Cuts are chosen by content, not by counting from the top. Every boundary has a rank (before a heading of level 1, …,
between blocks, inside a block) and, among equals, an order by a hash of how the piece behind it begins. Boundaries are tried in
that order. One before a heading is cut when neither side would be tiny, any other only when the stretch around it does not fit
into a chunk. So an edit moves only the cuts next to it, wherever on the page it is.
"""

from __future__ import annotations

from bisect import bisect_left
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from confluence_to_twig.content.blocks import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from confluence_to_twig.content.chunks.pieces import Piece

#: This much of a piece decides its place in the order of boundaries. An edit after it does not change the order.
_KEY_CHARS = 64
#: A section of so many tokens is a chunk of its own. One vector stands for all that a chunk says, so a chunk of two subjects is near
#: to questions about neither, with any model. Measured in ``docs/benchmarks.md``.
SECTION_TOKENS = 40
#: Cuts that leave at least a third of the target on either side are tried first, then those that leave a fifth.
_SMALL, _TINY = 3, 5
#: Ranks: 1 to 6 before headings, then between blocks, between items of a list, inside a block, and behind a heading or
#: what introduces the block behind it.
_BETWEEN_BLOCKS, _BETWEEN_ITEMS, _INSIDE, _LAST_RESORT = 7, 8, 9, 10
#: A paragraph of at most this many tokens before code or a table says what that is.
_CAPTION_TOKENS = 40
_SPOKEN = (Kind.PROSE, Kind.ITEM, Kind.QUOTE)
_SHOWN = (Kind.CODE, Kind.TABLE)
#: What a quote has behind its text, where its paragraphs end.
_ENDS = " \t\n>"


class Packer:
    """Packs the pieces of one document.

    :param lead_tokens: for each piece, what a chunk that begins with it holds before it: context line, frame, overlap.
    :param tail_tokens: for each piece, what a chunk that ends with it holds behind it: the end of its frame.
    :param document: the text that the pieces are parts of.
    :param target: a stretch with more tokens is cut where neither side gets tiny.
    :param limit: a stretch with more tokens is cut wherever it can be.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        lead_tokens: Sequence[int],
        tail_tokens: Sequence[int],
        document: str,
        target: int,
        limit: int,
    ) -> None:
        self._pieces = pieces
        self._lead = lead_tokens
        self._tail = tail_tokens
        self._document = document
        self._target = target
        self._limit = limit
        self._keys: dict[int, str] = {}
        self._sums = list(accumulate((piece.tokens for piece in pieces), initial=0))
        content = (index for index, piece in enumerate(reversed(pieces)) if piece.kind is not Kind.HEADING)
        self._last_content = len(pieces) - 1 - next(content, len(pieces))

    def pack(self) -> list[tuple[int, int]]:
        """All pieces as consecutive stretches, each within the limit by the sum of its tokens."""
        return [stretch for start, end in self._sections() for stretch in self.split(start, end, self._limit)]

    def _sections(self) -> Iterator[tuple[int, int]]:
        """Each section by itself, a tiny one with its neighbours."""
        cuts = [0, len(self._pieces)]
        headings = (index for index, piece in enumerate(self._pieces) if index and piece.kind is Kind.HEADING)
        for rank, boundaries in sorted(self._ranks(headings).items()):
            if rank < _BETWEEN_BLOCKS:
                for boundary in sorted(boundaries, key=self._place):
                    self._try(boundary, cuts, SECTION_TOKENS, 0)
        return pairwise(cuts)

    def split(self, start: int, end: int, limit: int) -> list[tuple[int, int]]:
        """The stretch, divided as often as the limit requires. Single pieces stay whole whatever their size."""
        target = min(self._target, limit)
        if end - start < 2 or self._cost(start, end) <= target:
            return [(start, end)]
        cuts = [start, end]
        ranks = self._ranks(range(start + 1, end))
        ordered: dict[int, list[int]] = {}
        for smallest, most, worst in (
            (target // _SMALL, target, _INSIDE),
            (target // _TINY, target, _INSIDE),
            (1, limit, _INSIDE),
            (1, limit, _LAST_RESORT),
        ):
            for rank in sorted(ranks):
                if rank > worst or all(self._cost(left, right) <= most for left, right in pairwise(cuts)):
                    break
                if rank not in ordered:
                    ordered[rank] = sorted(ranks[rank], key=self._place)
                for boundary in ordered[rank]:
                    self._try(boundary, cuts, smallest, most)
        return list(pairwise(cuts))

    def _try(self, boundary: int, cuts: list[int], smallest: int, most: int) -> None:
        """Cut at a boundary if the stretch around it has more than ``most`` tokens and both sides at least ``smallest``."""
        index = bisect_left(cuts, boundary)
        left, right = cuts[index - 1], cuts[index]
        if right == boundary or self._cost(left, right) <= most:
            return
        if self._sum(left, boundary) >= smallest and self._sum(boundary, right) >= smallest:
            cuts.insert(index, boundary)

    def _ranks(self, boundaries: Iterable[int]) -> dict[int, list[int]]:
        """The boundaries by their rank, and how often the piece behind each occurred before."""
        seen: dict[str, int] = {}
        ranks: dict[int, list[int]] = {}
        for boundary in boundaries:
            piece = self._pieces[boundary]
            key = self._document[piece.start : min(piece.end, piece.start + _KEY_CHARS)]
            seen[key] = seen.get(key, 0) + 1
            self._keys[boundary] = f"{seen[key]}\0{key}"
            ranks.setdefault(self._rank(boundary), []).append(boundary)
        return ranks

    def _place(self, boundary: int) -> bytes:
        """The place of a boundary among those of its rank. Equal pieces differ by how often they occurred before."""
        return blake2b(self._keys[boundary].encode("utf-8", "replace"), digest_size=8).digest()

    def _rank(self, boundary: int) -> int:
        """How good a place for a cut the boundary before a piece is; lower is better."""
        before, after = self._pieces[boundary - 1], self._pieces[boundary]
        if before.kind is Kind.HEADING or boundary > self._last_content:
            return _LAST_RESORT
        if after.kind is Kind.HEADING:
            return after.level
        if self._introduces(before):
            return _LAST_RESORT
        if before.block == after.block or self._is_caption(before, after):
            return _INSIDE
        both_items = before.kind is Kind.ITEM and after.kind is Kind.ITEM
        return _BETWEEN_ITEMS if both_items else _BETWEEN_BLOCKS

    def _introduces(self, piece: Piece) -> bool:
        """Whether a sentence, item or label leads to what follows: it ends with a colon, or is a bold title."""
        end = self._document[max(piece.start, piece.end - 16) : piece.end].rstrip(_ENDS)
        return end.endswith((":", "：", "**", ":_")) and piece.kind in _SPOKEN

    def _is_caption(self, before: Piece, after: Piece) -> bool:
        return after.kind in _SHOWN and before.kind is Kind.PROSE and before.tokens <= _CAPTION_TOKENS

    def _sum(self, start: int, end: int) -> int:
        return self._sums[end] - self._sums[start]

    def _cost(self, start: int, end: int) -> int:
        return self._lead[start] + self._sum(start, end) + self._tail[end - 1]
