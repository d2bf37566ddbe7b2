"""The tree that a body becomes before it is Markdown: elements, and text between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Elements nested deeper than this are dissolved into their ancestor; their text stays.
MAX_DEPTH = 100
#: The same for content that is put into another page: an included page, a piece of HTML.
MAX_INNER_DEPTH = 30


class Node:
    """An element: its tag (``p``, ``ac:link``), its attributes, and its children in order."""

    __slots__ = ("attrs", "children", "tag")

    def __init__(self, tag: str, attrs: dict[str, str] | None = None, children: list[Node | str] | None = None) -> None:
        self.tag = tag
        self.attrs = {} if attrs is None else attrs
        self.children: list[Node | str] = [] if children is None else children

    def __repr__(self) -> str:
        return f"Node({self.tag!r}, {self.attrs!r}, {self.children!r})"

    def get(self, name: str, default: str = "") -> str:
        """The value of an attribute, or the default."""
        return self.attrs.get(name, default)

    def elements(self) -> list[Node]:
        """The child elements, without the text between them."""
        return [child for child in self.children if isinstance(child, Node)]

    def first(self, *tags: str) -> Node | None:
        """The first child element with one of these tags."""
        for child in self.children:
            if isinstance(child, Node) and child.tag in tags:
                return child
        return None

    def walk(self) -> Iterator[Node]:
        """This element and every element below it, in document order."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(child for child in reversed(node.children) if isinstance(child, Node))

    def text(self) -> str:
        """All text below this element, as it stands."""
        if only_text(self.children):
            return "".join(self.children)
        parts: list[str] = []
        pending: list[Node | str] = [self]
        while pending:
            item = pending.pop()
            if isinstance(item, str):
                parts.append(item)
            else:
                pending.extend(reversed(item.children))
        return "".join(parts)


def only_text(children: Sequence[Node | str]) -> TypeGuard[Sequence[str]]:
    """Whether there is no element among the children."""
    for child in children:  # noqa: SIM110 - it is asked of most nodes, and a generator takes twice as long
        if child.__class__ is Node:
            return False
    return True


def names(text: str) -> frozenset[str]:
    """Blank-separated tag or macro names as a set."""
    return frozenset(text.split())
