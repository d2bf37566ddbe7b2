"""The lines of a PDF's pages: heads and feet that stand on each of them, and lines that go on in the next one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, count, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: A head or foot is one of so many lines at an edge of its page …
_AT_EDGE = 2
#: … and stands on two more of so many pages before it and behind it.
_NEAR = 2
_NUMBER = re.compile(r"\d{1,5}")
#: A line that ends inside a word of letters.
_PARTED = re.compile(r"""(?<!\S)[(\["'“‘«]*((?:[^\W\d_]+-)*[^\W\d_]{2,})[-‐]\Z""")
_LETTERS = re.compile(r"[^\W\d_]+")
_GOES_ON = re.compile(r"[^\W\d_],?\Z")
_COLUMNS = re.compile(r"\t|\S {3,}\S")
_SOFT_HYPHEN = "\u00ad"
#: A line that is shorter than this share of the usual width ends where it does on purpose.
_FULL = 0.6


@dataclass(frozen=True)
class _Page:
    """A page's lines, and for those at its edges by what they are known again."""

    lines: Sequence[str]
    edges: dict[int, frozenset[str]]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(self.edges.values()))


def without_heads(pages: Iterable[str]) -> Iterator[str]:
    """The pages. A line stands once that is the head or foot of several in a row; one that is only a page number, never."""
    known: list[_Page] = []
    shown: set[str] = set()
    for page in chain(map(_page, count(1), pages), [_Page((), {})] * _NEAR):
        known.append(page)
        here = len(known) - 1 - _NEAR
        if here >= 0:
            near = [*known[max(0, here - _NEAR) : here], *known[here + 1 :]]
            heads = dict(_heads(known[here], near))
            gone = {line for line, keys in heads.items() if keys & shown or known[here].lines[line].strip().isdigit()}
            shown.update(chain.from_iterable(heads.values()))
            yield "\n".join(line for number, line in enumerate(known[here].lines) if number not in gone)


def _page(number: int, text: str) -> _Page:
    lines = text.strip().split("\n")
    written = [place for place, line in enumerate(lines) if line.strip()]
    return _Page(lines, {place: _keys(lines[place], number) for place in {*written[:_AT_EDGE], *written[-_AT_EDGE:]}})


def _keys(line: str, page: int) -> frozenset[str]:
    """The line itself, and the line with each of its numbers as the distance to the page's."""
    text = " ".join(line.split())
    numbers = _NUMBER.finditer(text)
    return frozenset([text, *(f"{text[: at.start()]}#{int(at[0]) - page}{text[at.end() :]}" for at in numbers)])


def _heads(page: _Page, near: Sequence[_Page]) -> Iterator[tuple[int, frozenset[str]]]:
    """The lines that two of the pages near have at an edge as well, with what they have in common."""
    for place, keys in page.edges.items():
        common = frozenset(key for key in keys if sum(key in other.keys for other in near) > 1)
        if common:
            yield place, common


def joined(text: str) -> str:
    """A page's text with words whole that a line's end parts, and lines whole that go on in small letters."""
    lines = [line.rstrip() for line in text.split("\n")]
    widths = sorted(map(len, lines))
    width = widths[len(widths) * 9 // 10]
    ends = (_joint(line, following, text, width) for line, following in pairwise([*lines, ""]))
    return "".join(ends).rstrip("\n")


def _joint(line: str, following: str, text: str, width: int) -> str:
    """A line with what parts it from the next one. A hyphen stays in words that have one elsewhere: ``well-known``."""
    if line.endswith(_SOFT_HYPHEN):
        return line[:-1]
    rest = _LETTERS.match(following) if following[:1].islower() else None
    if rest and (parted := _PARTED.search(line)):
        return line if f"{parted[1]}-{rest[0]}" in text else line[:-1]
    in_columns = _COLUMNS.search(line) or _COLUMNS.search(following)
    if rest and not in_columns and len(line) >= _FULL * width and _GOES_ON.search(line):
        return f"{line} "
    return f"{line}\n"
