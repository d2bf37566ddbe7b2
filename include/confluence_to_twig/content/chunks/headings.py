"""The headings of a document, and the place that each gives to the text below it."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluence_to_twig.content.anchors import Anchors
from confluence_to_twig.content.chunks.tokens import count_tokens
from confluence_to_twig.staging.rows import ATTACHMENT_KIND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.content.model import Heading, PageContext

#: What stands around the page is told as long as the context line takes at most a sixteenth of the chunk's text. It is the same for
#: all pages around, so it tells none from the other: measured in docs/benchmarks.md. A page that is one chunk says it once and in
#: nobody's way, if so many tokens are enough.
_CONTEXT_SHARE, WHOLE_PAGE_CONTEXT = 16, 16
_ARROW = " › "
_SEPARATOR = "\n\n"
_MARKUP = re.compile(r"[\[<*_~`\\]")
#: What stands as it is: an escaped character, and the inside of a code span.
_VERBATIM = re.compile(r"\\([!-/:-@\[-`{-~])|(?<!`)(`{1,8})(?!`)(.{1,500}?)(?<!`)\2(?!`)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_AUTOLINK = re.compile(r"<([a-z][a-z+.-]*:[^<>\s]*)>")
_EMPHASIS = re.compile(r"(\*{1,3}|~~|(?<![^\W_])_{1,3}(?=\S))(?=\S)([^*~]{1,500}?)(?<=\S)\1(?!_|(?<=_)\w)")
_MOST_NESTED = 3
_KEPT = "\ufdd7"


def plain_text(markdown: str) -> str:
    """Inline Markdown as the text it shows."""
    if not _MARKUP.search(markdown):
        return markdown.strip()
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[1] or match[3].strip(" ") or match[3])
        return _KEPT

    text = _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", _VERBATIM.sub(keep, markdown)))
    for _ in range(_MOST_NESTED):
        text = _EMPHASIS.sub(r"\2", text)
    verbatim = iter(kept)
    return re.sub(_KEPT, lambda _match: next(verbatim), text).strip()


@dataclass(frozen=True, eq=False)
class Section:
    """The text below a heading. The page itself is the outermost section, of level 0.

    :param path: the texts of the headings from the outermost one to the section's own.
    :param anchor: the heading's fragment in the page's URL; empty for the page.
    :param context: ``Space › Ancestor › Page › Heading`` and an empty line, which begins every chunk; empty for a bare text.
    :param context_tokens: the tokens of that line.
    :param around: the outermost parts of that line, which it can do without, from outside in.
    :param own: its other parts.
    """

    level: int
    path: tuple[str, ...]
    anchor: str
    context: str
    context_tokens: int
    around: tuple[str, ...]
    own: tuple[str, ...]
    parent: Section | None

    def context_for(self, body_tokens: int, least: int = 0) -> tuple[str, int]:
        """The context line for a chunk of that size, and its tokens: a sixteenth of the text, where title and headings allow.

        :param least: tokens that it may have at any rate.
        """
        most = max(least, body_tokens // _CONTEXT_SHARE)
        if self.context_tokens <= most or not self.around:
            return self.context, self.context_tokens
        context = _line(self.own)
        tokens = count_tokens(context)
        for left in range(len(self.around) - 1, 0, -1) if tokens < most else ():
            wider = _line([*self.around[left:], *self.own])
            if (more := count_tokens(wider)) > most:
                break
            context, tokens = wider, more
        return context, tokens

    def shared(self, other: Section) -> Section:
        """The innermost section that this one and another lie in."""
        around_other: set[Section] = set()
        outer: Section | None = other
        while outer is not None:
            around_other.add(outer)
            outer = outer.parent
        section = self
        while section not in around_other and section.parent is not None:
            section = section.parent
        return section


class Outline:
    """The sections met so far on one page.

    :param headings: those that the conversion knows, in order. A heading line that is not among them was Markdown on the page.
    :param context_limit: the largest number of tokens of a context line; a longer line loses its beginning.
    """

    def __init__(self, page: PageContext, headings: Sequence[Heading], context_limit: int) -> None:
        self._page = page
        way = [page.space_name or page.space_key, *page.ancestors, page.title]
        named = (
            2 if page.kind == ATTACHMENT_KIND and page.ancestors else 1
        )  # the name of a file says little without its page
        self._around, self._named = _shown(way[:-named]), way[-named:]
        self._limit = context_limit
        self._anchors = Anchors(page.url, page.title, page.editor)
        self._known: dict[str, deque[tuple[int, str, str]]] = {}
        self._met = -1
        for number, heading in enumerate(headings):
            anchor = self._anchors.add(heading.text, heading.named)
            self._known.setdefault(heading.line, deque()).append((number, heading.text, anchor))
        self.current = self._section(0, (), "", None)

    def add(self, level: int, line: str) -> Section:
        """Enter the section below a heading line (``## Set up``)."""
        text, anchor = self._heading(line.strip())
        parent = self.current
        while parent.level >= level and parent.parent is not None:
            parent = parent.parent
        path = (*parent.path, text) if text else parent.path
        self.current = self._section(level, path, anchor, parent)
        return self.current

    def _heading(self, line: str) -> tuple[str, str]:
        """Text and fragment of a heading line."""
        known = self._known.get(line) or deque()
        while known:
            number, text, anchor = known.popleft()
            if number > self._met:
                self._met = number
                return text, anchor
        text = plain_text(line.lstrip("#").strip())
        return text, self._anchors.add(text)

    def url(self, section: Section) -> str:
        """The page's URL, with the heading's fragment if there is one. What opens a file shows none of its headings."""
        if not self._page.url or not section.anchor or self._page.kind == ATTACHMENT_KIND:
            return self._page.url
        return f"{self._page.url.partition('#')[0]}#{section.anchor}"

    def _section(self, level: int, path: tuple[str, ...], anchor: str, parent: Section | None) -> Section:
        around = self._around
        own = _shown([*self._named, *path])
        context = self._context([*around, *own])
        whole = bool(own) and context == _line([*around, *own])
        return Section(
            level, path, anchor, context, count_tokens(context), tuple(around) if whole else (), tuple(own), parent
        )

    def _context(self, parts: list[str]) -> str:
        line = _ARROW.join(parts)
        tokens = len(line.encode())
        if tokens > self._limit:  # no token is less than a byte, so most lines need not be counted
            tokens = count_tokens(line)
        while tokens > self._limit and len(parts) > 1:
            parts.pop(0)
            line = f"…{_ARROW}{_ARROW.join(parts)}"
            tokens = count_tokens(line)
        while tokens > self._limit:
            line = line[: len(line) * self._limit // (tokens + 1)].rstrip() + "…"
            tokens = count_tokens(line)
        return line + _SEPARATOR if line else ""


def _shown(parts: list[str]) -> list[str]:
    return [text for part in parts if (text := " ".join(part.split()))]


def _line(parts: Sequence[str]) -> str:
    return _ARROW.join(parts) + _SEPARATOR
