"""Paragraphs with a level, as Office files have them, as lists in lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from confluence_to_twig.content.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEEPEST = 12


class Item(NamedTuple):
    """A paragraph that is an item of a list.

    :param level: from 0. :param tag: ``ul`` or ``ol``. :param number: of the item; None: it is the next one.
    """

    level: int
    tag: str
    children: list[Node | str]
    number: int | None = None


def lists(parts: Iterable[Item | Node]) -> list[Node | str]:
    """The parts in their order, with items that follow each other in one list; a deeper one inside the item before it."""
    nodes: list[Node | str] = []
    open_lists: list[Node] = []
    for part in parts:
        if isinstance(part, Node):
            open_lists = []
            nodes.append(part)
            continue
        level = max(0, min(part.level, _DEEPEST, len(open_lists)))
        del open_lists[level + 1 :]
        if len(open_lists) == level + 1 and open_lists[-1].tag != part.tag:
            open_lists.pop()
        if len(open_lists) <= level:
            begun = Node(part.tag)
            around = open_lists[-1].children[-1] if open_lists else None
            (around.children if isinstance(around, Node) else nodes).append(begun)
            open_lists.append(begun)
        counted = {} if part.number is None else {"value": str(part.number)}
        open_lists[-1].children.append(Node("li", counted, part.children))
    return nodes
