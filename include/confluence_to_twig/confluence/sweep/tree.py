"""The page tree, rebuilt from what the sweep saw: no request for any page's ancestors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Node(Protocol):
    """A page, blog post or container."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def parent_id(self) -> str | None: ...


@dataclass(frozen=True)
class Path:
    """The way from the root of the space to a node, without the node itself.

    :param broken_at: id of an ancestor that nobody knows (not visible, archived), or that closes a circle.
    """

    ids: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    broken_at: str | None = None


def paths_below(nodes: Mapping[str, Node]) -> dict[str | None, Path]:
    """The path of the nodes below each parent, in time linear in their number; no recursion, so any depth works.

    By parent, as a large space has many nodes and few parents. ``None`` stands for the root of the space.
    """
    known: dict[str, Path] = {}
    below: dict[str | None, Path] = {None: Path()}
    for start in nodes:
        chain: list[str] = []
        current: str | None = start
        on_chain: set[str] = set()
        while current is not None and current in nodes and current not in known and current not in on_chain:
            chain.append(current)
            on_chain.add(current)
            current = nodes[current].parent_id
        for node_id in reversed(chain):
            parent_id = nodes[node_id].parent_id
            if parent_id is not None and parent_id not in below:
                below[parent_id] = _below(parent_id, nodes, known)
            known[node_id] = below[parent_id]
    return below


def _below(parent_id: str, nodes: Mapping[str, Node], known: Mapping[str, Path]) -> Path:
    above = known.get(parent_id)
    if above is None:
        return Path(broken_at=parent_id)
    return Path((*above.ids, parent_id), (*above.titles, nodes[parent_id].title), above.broken_at)


def unknown_parents(nodes: Iterable[Node], known: Mapping[str, object]) -> set[str]:
    """Ids of parents that are not among the known nodes."""
    return {node.parent_id for node in nodes if node.parent_id is not None and node.parent_id not in known}
