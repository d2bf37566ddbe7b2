"""The headings of a document, and what each says about the place of the text below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.content.anchors import Anchors
from include.content.tokens import count_tokens

if TYPE_CHECKING:
    from include.content.model import PageContext

_ARROW = " › "
_SEPARATOR = "\n\n"
_LINK = re.compile(r"!?\[((?:[^\[\]\\]|\\.)*)\]\([^()\s]*\)")
_AUTOLINK = re.compile(r"<([a-z][a-z+.-]*:[^<>\s]*)>")
_DELIMITERS = re.compile(r"(?<!\\)(?:\*{1,3}|~~|`+|(?<![^\W_])_|_(?![^\W_]))")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def plain_text(markdown: str) -> str:
    """Inline Markdown as the text it shows."""
    text = _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", markdown))
    return _ESCAPE.sub(r"\1", _DELIMITERS.sub("", text)).strip()


@dataclass(frozen=True)
class Heading:
    """A heading with the texts of the headings above it and itself, and its fragment in the page's URL."""

    level: int
    path: tuple[str, ...]
    anchor: str
    parent: Heading | None

    def shared(self, other: Heading | None) -> Heading | None:
        """The innermost heading that this one and another have in common."""
        above_other = set()
        while other is not None:
            above_other.add(id(other))
            other = other.parent
        heading: Heading | None = self
        while heading is not None and id(heading) not in above_other:
            heading = heading.parent
        return heading


class Outline:
    """The headings met so far on one page.

    :param context_limit: most tokens of a context line; a longer one loses its beginning.
    """

    def __init__(self, page: PageContext, context_limit: int) -> None:
        self.current: Heading | None = None
        self._page = page
        self._limit = context_limit
        self._anchors = Anchors()
        self._lines: dict[tuple[str, ...], tuple[str, int]] = {}

    def add(self, level: int, line: str) -> Heading:
        """Enter the section below a heading line (``## Set up``)."""
        text = plain_text(line.strip().lstrip("#").strip())
        parent = self.current
        while parent is not None and parent.level >= level:
            parent = parent.parent
        path = (*(parent.path if parent else ()), text) if text else (parent.path if parent else ())
        self.current = Heading(level, path, self._anchors.add(text), parent)
        return self.current

    def url(self, heading: Heading | None) -> str:
        """The page's URL, with the heading's fragment if there is one."""
        if not self._page.url or heading is None or not heading.anchor:
            return self._page.url
        return f"{self._page.url.partition('#')[0]}#{heading.anchor}"

    def context_line(self, heading: Heading | None) -> str:
        """``Space › Ancestor › Page › Heading`` and an empty line: where a text below the heading stands."""
        return self._context(heading)[0]

    def context_tokens(self, heading: Heading | None) -> int:
        """The tokens of the context line."""
        return self._context(heading)[1]

    def _context(self, heading: Heading | None) -> tuple[str, int]:
        path = heading.path if heading else ()
        if path not in self._lines:
            self._lines[path] = self._made(path)
        return self._lines[path]

    def _made(self, path: tuple[str, ...]) -> tuple[str, int]:
        page = self._page
        parts = [page.space_name or page.space_key, *page.ancestors, page.title, *path]
        parts = [" ".join(part.split()) for part in parts if part.strip()]
        line = _ARROW.join(parts)
        tokens = count_tokens(line)
        while tokens > self._limit and len(parts) > 1:
            parts.pop(0)
            line = f"…{_ARROW}{_ARROW.join(parts)}"
            tokens = count_tokens(line)
        while tokens > self._limit:
            line = line[: len(line) * self._limit // (tokens + 1)].rstrip() + "…"
            tokens = count_tokens(line)
        if line:
            line += _SEPARATOR
        return line, count_tokens(line)
