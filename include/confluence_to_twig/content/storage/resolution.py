"""The state of one page's conversion."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.content.model import LeftOut
from confluence_to_twig.content.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluence_to_twig.content.model import PageContext

#: How much included text one page may have, so that pages that include each other twice stay finite.
INCLUDE_LIMIT_CHARS = 2_000_000
INCLUDE_LIMIT_PAGES = 50
#: How deep included pages may include others; deeper ones become links.
INCLUDE_LIMIT_LEVELS = 4
#: How many texts that were left out one report names.
MOST_LEFT_OUT = 100
MOST_LEFT_OUT_CHARS = 200


@dataclass
class Resolution:
    """The running state of one page's conversion: its context, and what the report will say."""

    context: PageContext
    resolve: Callable[[Node, Resolution], Node]  # storage nodes → plain HTML nodes; included pages need it again
    constructs: Counter[str] = field(default_factory=Counter)
    unknown_macros: set[str] = field(default_factory=set)
    includes: set[str] = field(default_factory=set)
    include_path: list[str] = field(default_factory=list)  # ids of the pages being included, outermost first
    included_chars: int = 0
    included_pages: int = 0
    tolerant: bool = False
    left_out: list[LeftOut] = field(default_factory=list)
    drawn: set[str] = field(default_factory=set)  # files whose text stands where their diagram is shown

    def leave_out(self, text: str, reason: str, *, seen: bool = True) -> None:
        """Note a text, or the thing that would show one, that does not reach the Markdown.

        :param seen: whether a reader of the page sees it.
        """
        if len(self.left_out) < MOST_LEFT_OUT:
            self.left_out.append(LeftOut(text[:MOST_LEFT_OUT_CHARS], reason, seen))

    def count(self, construct: str) -> None:
        """Note that a construct was met."""
        self.constructs[construct] += 1


#: Set on a macro that stands beside text of a sentence: what it becomes stays in that sentence.
IN_SENTENCE = "data-in-sentence"

#: What an element becomes: nodes and text of plain HTML.
Replacement = list[Node | str]


def apart(children: Replacement) -> Node:
    """Text that keeps a blank to the words beside it: a status, a date, a name, a key."""
    return Node("span", {"data-lozenge": ""}, children)


_LINES = frozenset({"p", "div", "li", "br", "tr", "pre", "ul", "ol"})
_NOT_SHOWN = frozenset({"ac:parameter", "ac:default-parameter", "ac:plain-text-body"})


def parameters(macro: Node) -> dict[str, str]:
    """The text parameters of a macro; the unnamed one is ``""``. References in parameters are not among them."""
    return {child.get("ac:name"): child.text().strip() for child in macro.elements() if child.tag == "ac:parameter"}


def rich_body(macro: Node) -> Replacement:
    """The children of a macro's rich text body, and what stands beside it in a macro that is broken."""
    content: Replacement = []
    for child in macro.children:
        if isinstance(child, str):
            content.extend([child] if child.strip() else [])
        elif child.tag == "ac:rich-text-body":
            content.extend(child.children)
        elif child.tag not in _NOT_SHOWN:
            content.append(child)
    return content


def rich_lines(macro: Node) -> str:
    """The text of a macro's rich text body with a line for each paragraph, item and line break."""
    lines: list[str] = [""]
    pending = rich_body(macro)[::-1]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            lines[-1] += part
            continue
        if part.tag in _LINES and lines[-1]:
            lines.append("")
        pending += part.children[::-1]
    return "\n".join(lines)


def plain_body(macro: Node) -> str | None:
    """A macro's plain text body, or None when it has none."""
    body = macro.first("ac:plain-text-body")
    return body.text() if body else None
