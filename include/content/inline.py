"""Inline content as Markdown: html2text writes text, links and images; what it gets wrong is ours.

html2text is driven by events from the nodes rather than by HTML text, so that nothing is parsed twice and ``<T>`` in a
sentence stays a sentence. Emphasis (it invents blanks inside words), code spans (a backtick ends them), escaping and
white space are rendered here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from html2text import HTML2Text

from include.content.emphasis import (
    ATOM,
    BREAK,
    EDGE,
    EMPHASIS,
    EMPHASIS_END,
    STRONG,
    STRONG_END,
    STRUCK,
    STRUCK_END,
    place_emphasis,
)
from include.content.escape import code_span, escape_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from include.content.nodes import Node

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
_CODE = frozenset({"code", "tt", "kbd", "samp"})
#: What is left of elements that a rule has read already.
_UNSEEN = frozenset({"script", "style", "colgroup", "col", "ac:parameter", "input"})
_WHITE_SPACE = re.compile(r"\s+")
_AROUND_BREAK = re.compile(f" *{BREAK} *")
_EDGES = re.compile(f"(?<=[^\\W_]){EDGE}|{EDGE}(?=[^\\W_])")
_EXPONENT = re.compile(r"[+−-]?[\dn]{1,4}")


class InlineRenderer:
    """Renders runs of inline nodes. One instance serves one document.

    :param strong: False leaves strong emphasis out, for places that are emphasised anyway.
    """

    def __init__(self) -> None:
        self._writer = _html2text()
        self._atoms: list[str] = []
        self._in_link = False
        self.strong = True

    def render(self, children: Sequence[Node | str]) -> str:
        """One run as inline Markdown on one line, with ``BREAK`` where a line ends."""
        if all(isinstance(child, str) for child in children):
            return escape_text(_WHITE_SPACE.sub(" ", "".join(children))).strip()  # type: ignore[arg-type]
        self._writer.start = True
        self._feed(children)
        text = self._writer.finish()
        text = _WHITE_SPACE.sub(" ", text).strip()
        text = _EDGES.sub(" ", text).replace(EDGE, "")
        text = place_emphasis(_AROUND_BREAK.sub(BREAK, text)).strip(f" {BREAK}")
        return self._with_atoms(text)

    def _with_atoms(self, text: str) -> str:
        if not self._atoms:
            return text
        atoms = iter(self._atoms)
        text = re.sub(ATOM, lambda _match: next(atoms), text)
        self._atoms = []
        return text

    def _feed(self, children: Sequence[Node | str]) -> None:
        pending: list[str] = []
        for child in children:
            if isinstance(child, str):
                pending.append(child)
                continue
            self._text("".join(pending))
            pending.clear()
            self._element(child)
        self._text("".join(pending))

    def _text(self, text: str) -> None:
        if text:
            escaped = escape_text(_WHITE_SPACE.sub(" ", text), in_link=self._in_link)
            self._writer.handle_data(escaped, entity_char=True)  # as if from a reference: html2text adds no escapes

    def _element(self, node: Node) -> None:
        tag = node.tag
        if tag in _MARKED:
            self._marked(node)
        elif tag in _CODE:
            self._atom(code_span(_WHITE_SPACE.sub(" ", node.text()).replace(BREAK, " ")))
        elif tag == "a":
            self._link(node)
        elif tag == "img":
            self._image(node)
        elif tag == "br":
            self._writer.o(BREAK)
        elif tag == "sup":
            self._superscript(node)
        elif "data-lozenge" in node.attrs:
            self._lozenge(node)
        elif tag not in _UNSEEN and not tag.startswith("ri:"):
            self._feed(node.children)

    def _marked(self, node: Node) -> None:
        start, end = _MARKED[node.tag]
        if start == STRONG and not self.strong:
            self._feed(node.children)
            return
        self._writer.o(start)
        self._feed(node.children)
        self._writer.o(end)

    def _atom(self, markdown: str) -> None:
        if markdown:
            self._atoms.append(markdown)
            self._writer.o(ATOM)

    def _lozenge(self, node: Node) -> None:
        self._writer.o(EDGE)
        self._feed(node.children)
        self._writer.o(EDGE)

    def _link(self, node: Node) -> None:
        url = node.get("href")
        if self._in_link or not url:
            self._feed(node.children)
            return
        self._in_link = True
        self._writer.handle_starttag("a", [("href", url)])
        self._feed(node.children)
        self._writer.handle_endtag("a")
        self._in_link = False

    def _image(self, node: Node) -> None:
        alt = _WHITE_SPACE.sub(" ", node.get("alt")).strip()
        self._writer.handle_starttag("img", [("src", node.get("src")), ("alt", alt)])

    def _superscript(self, node: Node) -> None:
        """``10<sup>6</sup>`` is not 106."""
        if _EXPONENT.fullmatch(node.text().strip()):
            self._text("^")
        self._feed(node.children)


def _html2text() -> HTML2Text:
    writer = HTML2Text(bodywidth=0)
    writer.unicode_snob = True
    writer.skip_internal_links = False
    writer.ignore_tables = True
    return writer
