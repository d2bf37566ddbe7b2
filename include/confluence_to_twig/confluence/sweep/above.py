"""What is above the listed contents without being in the listing: folders and the like, and archived pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.content import Container
from confluence_to_twig.confluence.api.errors import ClientClosedError
from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.api.labels import Told
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.confluence.sweep.containers import ContainerReader
from confluence_to_twig.confluence.sweep.tree import unknown_parents
from confluence_to_twig.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content

    Node = Content | Container

DEEPEST_CONTAINERS = 50


@dataclass
class Above:
    """Ancestors that are not in the listing.

    :param nodes: by id. :param unreadable: id → why it could not be read.
    :param told: restrictions that were told along the way.
    :param untold: id → why a restriction request tells nothing of it; it need not be asked again.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    untold: dict[str, str] = field(default_factory=dict)

    def is_container(self, content_id: str) -> bool:
        """Whether this is a container, or cannot be read at all."""
        node = self.nodes.get(content_id)
        return isinstance(node, Container) if node is not None else content_id in self.unreadable


def read_above(client: ConfluenceClient, contents: Mapping[str, Content], *, restrictions: bool) -> Above:
    """Read the ancestors level by level, from the listed contents up.

    :param restrictions: whether the restrictions of containers matter.
    """
    containers = ContainerReader(client, contents)
    nodes: dict[str, Node] = {}
    unreadable: dict[str, str] = {}
    asked: set[str] = set()
    level: Sequence[Node] = list(contents.values())
    for _ in range(DEEPEST_CONTAINERS):
        unknown = unknown_parents(level, {**contents, **nodes}) - asked
        if not unknown:
            break
        asked |= unknown
        above = [(node.parent_id, node.parent_type or "page") for node in level]
        types = {key: kind for key, kind in above if key in unknown and key is not None}
        found, failed = _pages(client, sorted(key for key, kind in types.items() if kind == "page"))
        others, not_read = containers.read({k: v for k, v in types.items() if v != "page"}, restrictions=restrictions)
        level = [*found.values(), *others.values()]
        nodes |= {node.id: node for node in level}
        unreadable |= failed | not_read
        unreadable |= dict.fromkeys(types.keys() - nodes.keys() - unreadable.keys(), "this account cannot see it")
    # Who may read a container decides nothing where its place is unknown, and so what it inherits.
    readers = {key: readers for key, readers in containers.told.readers.items() if key in nodes}
    untold = {key: reason for key, reason in containers.untold.items() if key in nodes}
    return Above(nodes, unreadable, Told(readers), untold)


def _pages(client: ConfluenceClient, ids: Sequence[str]) -> tuple[dict[str, Content], dict[str, str]]:
    """Pages in whatever status, and for those of a request that failed why it did."""
    found: dict[str, Content] = {}
    failed: dict[str, str] = {}
    for batch in batches(ids, IDS_AT_ONCE):
        try:
            found |= client.api.states(batch, "page")
        except ClientClosedError:
            raise
        except PipelineError as error:
            failed |= dict.fromkeys(batch, error.summary)
    return found, failed
