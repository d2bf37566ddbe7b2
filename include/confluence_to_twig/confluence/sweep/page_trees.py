"""The page trees that a source takes of a space: what is in them, as the last inventory has it and as Confluence lists it.

Where the trees are small beside their space, a full sweep of them alone takes far fewer requests than one of the whole space.
The listing of a tree only finds what came into it. What leaves is asked for by id, with all that is above it: a listing that
is not complete deletes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.confluence.api.bidirectional import LIMIT
from confluence_to_twig.confluence.api.interface import DEEPEST_TREE, IDS_AT_ONCE
from confluence_to_twig.planning.selection import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confluence_to_twig.confluence.api.interface import ContentApi
    from confluence_to_twig.confluence.sweep.known import Known

#: A look at page trees asks for news of the space, for what is above the roots, and for this much of each batch of contents:
#: their states, labels and restrictions, and what hangs on them.
_REQUESTS_BESIDES, _REQUESTS_A_BATCH = 6, 4


@dataclass(frozen=True)
class Trees:
    """Page trees of a space.

    :param entries: of the source, which name the roots. :param roots: id → type, of pages and containers. :param contents: ids of the pages and blog posts in them.
    """

    entries: tuple[str, ...]
    roots: Mapping[str, str]
    contents: frozenset[str]


def trees_in(known: Known, root_pages: tuple[str, ...]) -> Trees | None:
    """The trees as an inventory has them. ``None``: it knows no root, or not what kind of container a root is."""
    roots = {key for ids in named(known.table, root_pages).values() for key in ids}
    contents = known.rows(roots)
    types = {key: row["kind"] for key, row in contents.items()}
    parents = known.table.filter(
        pc.is_in(known.table["parent_id"], pa.array(sorted(roots - types.keys()), pa.string()))
    )
    types |= dict(zip(parents["parent_id"].to_pylist(), parents["parent_type"].to_pylist(), strict=True))
    if not roots or roots - types.keys():
        return None
    return Trees(root_pages, types, frozenset([*contents, *known.below(roots)["page_id"].to_pylist()]))


def are_cheaper(trees: Trees, contents: int) -> bool:
    """Whether a look at these trees takes at most half of the requests that a sweep of the whole space takes.

    :param contents: of the whole space.
    """
    batches = math.ceil(len(trees.contents) / IDS_AT_ONCE)
    alone = len(trees.roots) + _REQUESTS_BESIDES + _REQUESTS_A_BATCH * batches
    return 2 * alone <= contents / LIMIT + contents / IDS_AT_ONCE


def list_trees(api: ContentApi, roots: Mapping[str, str]) -> set[str]:
    """Ids of the pages that Confluence lists below roots, however deep.

    :param roots: id → type.
    """
    pages: set[str] = set()
    rest, listed = dict(roots), set[str]()
    while rest:
        content_id, kind = rest.popitem()
        listed.add(content_id)
        for found in (kind != "blogpost" and api.descendants(content_id, kind)) or ():
            if found.type == "page":
                pages.add(found.id)
            if found.depth >= DEEPEST_TREE and found.id not in listed:
                rest[found.id] = found.type
    return pages


def held_among(known: Known, held: Iterable[str]) -> list[str]:
    """Which of these ids an inventory has."""
    ids: list[str] = (
        known.table["page_id"].filter(pc.is_in(known.table["page_id"], pa.array(list(held), pa.string()))).to_pylist()
    )
    return ids
