"""Read Markdown back as a flat list of blocks, for files in other formats. The opposite of :mod:`.writer`.

It reads what :mod:`.writer` writes: CommonMark with tables and struck-out text, and ``<br>`` in table cells. No word is lost: what
is nested deeper than the parser goes comes as plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Kind = Literal["heading", "paragraph", "code", "table", "rule"]
#: markdown-it reads nothing below this depth.
_DEEPEST = 100
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True)
class Run:
    """Text of one look. A line break is ``\\n``. :param href: where it leads to; empty: nowhere."""

    text: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    href: str = ""


Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, a code block, a table or a rule.

    :param level: of a heading, from 1. :param depth: how many lists or quotes it stands in.
    :param marker: of a list item's first paragraph: ``•`` or ``3.``; empty elsewhere.
    :param rows: of a table, the first one is its header; all of one width.
    """

    kind: Kind
    runs: Runs = ()
    level: int = 0
    depth: int = 0
    marker: str = ""
    rows: tuple[tuple[Runs, ...], ...] = ()


def read_markdown(markdown: str) -> list[Block]:
    """The blocks of a document in reading order."""
    try:
        tokens = _parser().parse(markdown)
    except RecursionError:
        return _as_text(markdown)
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        return _as_text(markdown)
    return list(_Reading().blocks(tokens))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable(["table", "strikethrough"])


def _as_text(markdown: str) -> list[Block]:
    return [Block("paragraph", (Run(part.strip()),)) for part in markdown.split("\n\n") if part.strip()]


@dataclass
class _List:
    """A list that is open. :param number: of the next item; None: bullets."""

    number: int | None

    def marker(self) -> str:
        if self.number is None:
            return "•"
        self.number += 1
        return f"{self.number - 1}."


@dataclass
class _Reading:
    lists: list[_List] = field(default_factory=list)
    quotes: int = 0
    marker: str = ""
    level: int = 0
    rows: list[list[Runs]] | None = None

    def blocks(self, tokens: Iterable[Token]) -> Iterator[Block]:
        for token in tokens:
            self._open_or_close(token)
            if token.type == "inline":
                yield from self._inline(token)
            elif token.type in {"fence", "code_block"}:
                yield self._block("code", (Run(token.content.rstrip("\n"), code=True),))
            elif token.type == "html_block":
                yield self._block("paragraph", (Run(token.content.strip()),))
            elif token.type == "hr":
                yield self._block("rule")
            elif token.type == "table_close":
                yield self._table()

    def _open_or_close(self, token: Token) -> None:
        match token.type:
            case "blockquote_open" | "blockquote_close":
                self.quotes += token.nesting
            case "heading_open" | "heading_close":
                self.level = int(token.tag[1:]) if token.nesting > 0 else 0
            case "table_open":
                self.rows = []
            case "tr_open" if self.rows is not None:
                self.rows.append([])
            case _:
                self._list(token)

    def _list(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self.lists.append(_List(None))
            case "ordered_list_open":
                self.lists.append(_List(int(token.attrGet("start") or 1)))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self.marker = self.lists[-1].marker()

    def _inline(self, token: Token) -> Iterator[Block]:
        runs = tuple(_joined(_runs(token.children or [])))
        if self.rows is not None:
            self.rows[-1].append(runs)
        elif self.level:
            yield self._block("heading", runs)
        else:
            yield self._block("paragraph", runs)

    def _block(self, kind: Kind, runs: Runs = ()) -> Block:
        marker, self.marker = self.marker, ""
        return Block(kind, runs, self.level, len(self.lists) + self.quotes, marker)

    def _table(self) -> Block:
        rows, self.rows = tuple(map(tuple, self.rows or ())), None
        return replace(self._block("table"), rows=rows)


def _runs(tokens: Iterable[Token]) -> Iterator[Run]:
    look = Run("")
    for token in tokens:
        match token.type:
            case "text" | "html_inline":
                yield replace(look, text="\n" if _BREAK.fullmatch(token.content) else token.content)
            case "code_inline":
                yield replace(look, text=token.content, code=True)
            case "softbreak":
                yield replace(look, text=" ")
            case "hardbreak":
                yield replace(look, text="\n")
            case "image":
                yield replace(look, text=token.content or "image", href=look.href or str(token.attrGet("src") or ""))
            case _:
                look = _changed(look, token)


def _changed(look: Run, token: Token) -> Run:
    """How text looks from this mark on. Marks of one kind are not nested in each other."""
    is_open = token.nesting > 0
    match token.type:
        case "strong_open" | "strong_close":
            return replace(look, bold=is_open)
        case "em_open" | "em_close":
            return replace(look, italic=is_open)
        case "s_open" | "s_close":
            return replace(look, struck=is_open)
        case "link_open" | "link_close":
            return replace(look, href=str(token.attrGet("href") or "") if is_open else "")
    return look


def _joined(runs: Iterable[Run]) -> Iterator[Run]:
    """Neighbours of one look as one run."""
    last: Run | None = None
    for run in runs:
        if last is not None and replace(last, text="") == replace(run, text=""):
            last = replace(last, text=last.text + run.text)
            continue
        if last is not None and last.text:
            yield last
        last = run
    if last is not None and last.text:
        yield last
