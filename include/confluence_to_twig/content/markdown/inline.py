"""Inline content as Markdown. html2text writes links; this module does what it gets wrong, or slowly.

html2text gets events from the nodes instead of HTML text, so nothing is parsed twice, and ``<T>`` in a sentence stays
text. What is outside links needs nothing of html2text. Emphasis (it invents blanks inside words), code spans (a backtick ends them), escaping and white space are
rendered here.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from html2text import HTML2Text

from confluence_to_twig.content.characters import without_invisible
from confluence_to_twig.content.markdown.emphasis import (
    BREAK,
    CODE,
    EMPHASIS,
    EMPHASIS_END,
    LINK_END,
    STRONG,
    STRONG_END,
    STRUCK,
    STRUCK_END,
    place_emphasis,
)
from confluence_to_twig.content.markdown.escape import OPEN, close_open_ends, code_span, escape_text
from confluence_to_twig.content.markdown.structure import UNSEEN
from confluence_to_twig.content.nodes import Node, only_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_MARKED = {
    "strong": (STRONG, STRONG_END),
    "b": (STRONG, STRONG_END),
    "em": (EMPHASIS, EMPHASIS_END),
    "i": (EMPHASIS, EMPHASIS_END),
    "cite": (EMPHASIS, EMPHASIS_END),
    "dfn": (EMPHASIS, EMPHASIS_END),
    "del": (STRUCK, STRUCK_END),
    "s": (STRUCK, STRUCK_END),
    "strike": (STRUCK, STRUCK_END),
}
_CODE_TAGS = frozenset({"code", "tt", "kbd", "samp"})
_WHITE_SPACE = re.compile(r"\s+")
_OTHER_SPACE = re.compile(r"[^\S ]")
_AROUND_BREAK = re.compile(f" *{BREAK}[ {BREAK}]*")
_LINK_END = re.compile(r"(?<!\\)((?:\\\\)*)\]\(([^()\s]*)\)")
_LINK_ENDS = re.compile(LINK_END)
_CODES = re.compile(f"{CODE}+")
#: The beginning and end of a lozenge, which is kept apart from letters and from other lozenges.
_LOZENGE, _LOZENGE_END = "\ufdda", "\ufddb"
#: Delimiters of emphasis may stand between, and blanks within them move out.
_MARKS = f"[{STRONG}{STRONG_END}{EMPHASIS}{EMPHASIS_END}{STRUCK}{STRUCK_END}]*"
_APART_BEFORE = re.compile(f"([^\\W_]|[){CODE}{_LOZENGE_END}])({_MARKS}){_LOZENGE}")
_APART_BEHIND = re.compile(f"{_LOZENGE_END}({_MARKS})(?=[^\\W_]|[{CODE}\\[])")
_LOZENGE_MARKS = re.compile(f"[{_LOZENGE}{_LOZENGE_END}]")
_EXPONENT = re.compile(r"[+−-]?[\dn]{1,4}")


class InlineRenderer:
    """Renders runs of inline nodes. One instance serves one document.

    :param strong: False leaves strong emphasis out, for places that are emphasised anyway.
    """

    def __init__(self) -> None:
        self._written: list[str] = []
        self._writer = _html2text(self._written.append)
        self._codes: list[str] = []
        self._in_link = False
        self.strong = True

    def render(self, children: Sequence[Node | str]) -> str:
        """One run as inline Markdown on one line, with ``BREAK`` where a line ends."""
        if only_text(children):
            return rendered_text("".join(children))
        self._feed(children)
        text = _even("".join(self._written)).strip()
        self._written.clear()
        if _LOZENGE in text:
            text = _APART_BEFORE.sub(rf"\1\2 {_LOZENGE}", text)
            text = _LOZENGE_MARKS.sub("", _APART_BEHIND.sub(r"\1 ", text))
        urls: list[str] = []
        if "](" in text:
            text = _LINK_END.sub(lambda match: f"{match[1]}{_kept(match[2], urls)}", text)
        if OPEN in text:
            text = close_open_ends(text)
        text = _single_breaks(place_emphasis(_single_breaks(text)))
        if "  " in text:  # emphasis stood between blanks that are neighbours now
            text = _even(text)
        return self._with_codes(_with_urls(text, urls)).strip()

    def _with_codes(self, text: str) -> str:
        """Code spans in their places; adjacent ones are one, since their backticks would run together."""
        if not self._codes:
            return text
        codes = iter(self._codes)
        several = len(self._codes) > 1
        self._codes = []
        if not several:
            return text.replace(CODE, code_span(next(codes)))
        return _CODES.sub(lambda match: code_span("".join(islice(codes, len(match[0])))), text)

    def _feed(self, children: Sequence[Node | str]) -> None:
        pending: list[str] = []
        for child in children:
            if isinstance(child, str):
                pending.append(child)
                continue
            if pending:
                self._text("".join(pending))
                pending.clear()
            self._element(child)
        if pending:
            self._text("".join(pending))

    def _text(self, text: str) -> None:
        if text:
            escaped = escape_text(_even(text), in_link=self._in_link, last=False)
            if self._in_link:
                self._writer.handle_data(escaped, entity_char=True)  # as if from a reference: html2text adds no escapes
            else:
                self._written.append(escaped)

    def _element(self, node: Node) -> None:
        tag = node.tag
        if tag in _MARKED:
            self._marked(node)
        elif tag in _CODE_TAGS:
            self._code(node)
        elif tag == "a":
            self._link(node)
        elif tag == "img":
            self._image(node)
        elif tag == "br":
            self._mark(BREAK)
        elif tag == "sup":
            self._superscript(node)
        elif "data-lozenge" in node.attrs:
            self._lozenge(node)
        elif tag not in UNSEEN and not tag.startswith("ri:"):
            self._feed(node.children)

    def _mark(self, mark: str) -> None:
        if self._in_link:
            self._writer.handle_starttag("span", [])  # html2text puts a link's bracket before the first thing in it
            self._writer.o(mark)
        else:
            self._written.append(mark)

    def _marked(self, node: Node) -> None:
        start, end = _MARKED[node.tag]
        if start == STRONG and not self.strong:
            self._feed(node.children)
            return
        self._mark(start)
        self._feed(node.children)
        self._mark(end)

    def _code(self, node: Node) -> None:
        text = _WHITE_SPACE.sub(" ", node.text())
        if text.strip():
            self._codes.append(text)
            self._mark(CODE)

    def _lozenge(self, node: Node) -> None:
        self._mark(_LOZENGE)
        self._feed(node.children)
        self._mark(_LOZENGE_END)

    def _link(self, node: Node) -> None:
        url = node.get("href")
        if self._in_link or not url or not _shows(node):
            self._feed(node.children)
            return
        before, words, behind = _without_blanks(node.children)
        self._text(before)
        self._in_link = True
        self._writer.handle_starttag("a", [("href", url)])
        self._feed(words)
        self._writer.handle_endtag("a")
        self._in_link = False
        self._text(behind)

    def _image(self, node: Node) -> None:
        alt = " ".join(without_invisible(node.get("alt")).split())
        if not node.get("src"):
            self._text(alt)
            return
        self._mark(f"![{escape_text(alt, in_link=True)}]({node.get('src')})")

    def _superscript(self, node: Node) -> None:
        """``10<sup>6</sup>`` is not 106."""
        if _EXPONENT.fullmatch(node.text().strip()):
            self._text("^")
        self._feed(node.children)


def rendered_text(text: str) -> str:
    """A run without elements as inline Markdown on one line."""
    return escape_text(_even(text).strip())


def _even(text: str) -> str:
    """Text without invisible characters, each run of white space one blank."""
    if not text.isprintable():  # of all white space only the blank is
        text = without_invisible(text)
        if _OTHER_SPACE.search(text):
            return _WHITE_SPACE.sub(" ", text)
    return _WHITE_SPACE.sub(" ", text) if "  " in text else text


def _single_breaks(text: str) -> str:
    """Without blanks around line breaks, empty lines, or breaks at the ends."""
    return _AROUND_BREAK.sub(BREAK, text).strip(f" {BREAK}") if BREAK in text else text


def _shows(node: Node) -> bool:
    return any(child.tag == "img" for child in node.walk()) or bool(without_invisible(node.text()).strip())


def _without_blanks(children: Sequence[Node | str]) -> tuple[str, list[Node | str], str]:
    """The words of a link, and the blanks at its ends, which are none of them."""
    words = list(children)
    before = behind = ""
    if isinstance(first := words[0], str) and first[:1].isspace():
        before, words[0] = " ", first.lstrip()
    if isinstance(last := words[-1], str) and last[-1:].isspace():
        behind, words[-1] = " ", last.rstrip()
    return before, words, behind


def _kept(url: str, urls: list[str]) -> str:
    urls.append(url.replace("\\", ""))  # html2text escapes brackets, which need none there; no URL has a backslash
    return LINK_END


def _with_urls(text: str, urls: list[str]) -> str:
    if not urls:
        return text
    remaining = iter(urls)
    return _LINK_ENDS.sub(lambda _match: f"]({next(remaining)})", text)


def _html2text(out: Callable[[str], None]) -> HTML2Text:
    writer = HTML2Text(out=out, bodywidth=0)
    writer.unicode_snob = True
    writer.skip_internal_links = False
    writer.ignore_tables = True
    return writer
