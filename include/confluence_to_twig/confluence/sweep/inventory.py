"""The sweep: one complete walk of a space that yields its inventory, and knows whether it was complete."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.confluence.api.content import KINDS
from confluence_to_twig.confluence.api.errors import RestrictionsUnknownError
from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.api.restrictions import effective_restrictions
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.confluence.sweep.labels_and_restrictions import Marks, read_marks
from confluence_to_twig.confluence.sweep.missing import explain_missing
from confluence_to_twig.confluence.sweep.tree import Path, paths_below, unknown_parents
from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.staging.schemas import INVENTORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Container, Content, Kind
    from confluence_to_twig.confluence.api.space import Space

__all__ = ["InventoryRow", "Restrictions", "Sweep", "explain_missing", "sweep"]

log = logging.getLogger(__name__)

Restrictions = Literal["skip", "include", "unchecked"]
DEEPEST_CONTAINERS = 50
NAMED_IN_WARNING = 5
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """A row of :data:`confluence_to_twig.staging.schemas.INVENTORY`."""

    page_id: str
    kind: Kind
    status: str
    version: int
    title: str
    url: str
    parent_id: str | None
    parent_type: str | None
    ancestor_ids: tuple[str, ...]
    ancestors: tuple[str, ...]
    labels: tuple[str, ...]
    restricted: bool
    author_id: str | None
    created_at: datetime | None
    modified_at: datetime
    position: int | None


@dataclass(frozen=True)
class Sweep:
    """The inventory of a space.

    :param table: :data:`confluence_to_twig.staging.schemas.INVENTORY`, a row for each current page or blog post that the account
        sees, restricted ones included.
    :param complete: whether the walk provably saw everything. Only then does a missing page mean anything.
    :param problems: why it is not complete, one sentence each.
    :param warnings: what a human should know, complete or not.
    :param restricted_count: rows with ``restricted``; ``None`` when restrictions were not checked.
    :param requests: HTTP requests that the sweep took.
    """

    table: pa.Table
    complete: bool
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    restricted_count: int | None
    requests: int


def sweep(
    client: ConfluenceClient,
    space: Space,
    *,
    kinds: Sequence[Kind] = KINDS,
    labels: bool = True,
    restrictions: Restrictions = "skip",
) -> Sweep:
    """Walk a space: N/250 requests for N pages, and N/200 to check restrictions (labels come along with these).

    :param kinds: which kinds of content belong to the inventory.
    :param labels: whether labels are read; without a restrictions check that takes 1 request and 1 for 250 labelled contents.
    :param restrictions: ``skip`` needs the check and fails without it; ``include`` checks to be able to warn, and goes
        on without; ``unchecked`` saves the requests, all rows are then ``restricted = False``.
    :raises RestrictionsUnknownError: with ``skip``, when restrictions cannot be read.
    :raises confluence_to_twig.errors.TransientError: when nothing could be read at all.
    """
    give_memory_back()
    before = client.requests_made
    contents, problems, labelled = _walk(client, space, kinds, labels=labels and restrictions == "unchecked")
    above = _above(client, contents)
    tree = paths_below({**above, **contents})
    if restrictions == "unchecked":
        marks, checked, warnings = Marks(labels=labelled), False, list[str]()
    else:
        marks, checked, warnings = _marks(client, space, contents, above, closed=restrictions == "skip")
    if not labels:
        marks = replace(marks, labels={})
    give_memory_back()
    table = _table(_row(content, tree[content.parent_id], marks, checked=checked) for content in contents.values())
    restricted = pc.sum(table["restricted"]).as_py() or 0 if checked else None
    warnings += _warnings(table.num_rows, restricted, tree, marks, restrictions)
    for problem in problems:
        log.warning("The sweep of space %s is incomplete: %s", space.key, problem)
    for warning in warnings:
        log.warning("Space %s: %s", space.key, warning)
    requests = client.requests_made - before
    log.info("Sweep of space %s: %d contents in %d requests", space.key, table.num_rows, requests)
    return Sweep(table, not problems, tuple(problems), tuple(warnings), restricted, requests)


def _walk(
    client: ConfluenceClient, space: Space, kinds: Sequence[Kind], *, labels: bool
) -> tuple[dict[str, Content], list[str], dict[str, tuple[str, ...]]]:
    """Contents by id, problems and, if wanted, labels by id: all at the same time."""
    api = client.api
    contents: dict[str, Content] = {}
    problems: list[str] = []
    with ThreadPoolExecutor(len(kinds) + 1, thread_name_prefix="sweep-kind") as pool:
        walks = [pool.submit(api.list_contents, space, kind) for kind in kinds]
        labelled = pool.submit(api.labels, space, kinds) if labels else None
        for walk in walks:
            listed = walk.result()
            contents |= listed.contents
            problems += listed.problems
        return contents, problems, labelled.result() if labelled else {}


def _above(client: ConfluenceClient, contents: Mapping[str, Content]) -> dict[str, Content | Container]:
    """Ancestors that are not in the listing: folders, databases, whiteboards, and archived pages with pages below."""
    above: dict[str, Content | Container] = {}
    asked: set[str] = set()
    level: list[Content | Container] = list(contents.values())
    for _ in range(DEEPEST_CONTAINERS):
        unknown = unknown_parents(level, {**contents, **above}) - asked
        if not unknown:
            break
        asked |= unknown
        types = {node.parent_id: node.parent_type or "page" for node in level if node.parent_id in unknown}
        found = _read_above(client, {key: kind for key, kind in types.items() if key is not None})
        above |= found
        level = list(found.values())
    return above


def _read_above(client: ConfluenceClient, types: Mapping[str, str]) -> dict[str, Content | Container]:
    pages = sorted(key for key, kind in types.items() if kind == "page")
    found: dict[str, Content | Container] = {}
    for batch in batches(pages, IDS_AT_ONCE):
        found |= client.api.states(batch, "page")
    return found | client.api.containers({key: kind for key, kind in types.items() if kind != "page"})


def _marks(
    client: ConfluenceClient,
    space: Space,
    contents: Mapping[str, Content],
    above: Mapping[str, Content | Container],
    *,
    closed: bool,
) -> tuple[Marks, bool, list[str]]:
    """Labels and own-level restrictions, whether restrictions could be read, and warnings.

    :param closed: whether it is an error that they cannot.
    """
    try:
        return read_marks(client.api, client.workers, contents, sorted(above)), True, []
    except RestrictionsUnknownError as error:
        if closed:
            raise
        warning = f"restricted pages are synced, and how many there are is unknown. {error.summary}"
    kinds = {content.kind for content in contents.values()}
    return Marks(labels=client.api.labels(space, kinds)), False, [warning]


def _row(content: Content, path: Path, marks: Marks, *, checked: bool) -> InventoryRow:
    levels = (*([path.broken_at] if path.broken_at else []), *path.ids)
    return InventoryRow(
        page_id=content.id,
        kind=content.kind,
        status=content.status,
        version=content.version,
        title=content.title,
        url=content.url,
        parent_id=content.parent_id,
        parent_type=content.parent_type,
        ancestor_ids=path.ids,
        ancestors=path.titles,
        labels=marks.labels.get(content.id, ()),
        restricted=checked and bool(effective_restrictions(content.id, levels, marks.readers)),
        author_id=content.author_id,
        created_at=content.created_at,
        modified_at=content.modified_at,
        position=content.position,
    )


def _table(rows: Iterable[InventoryRow]) -> pa.Table:
    """In slices, so that a large space is not in memory twice."""
    slices = [
        pa.record_batch([[getattr(row, name) for row in some] for name in INVENTORY.names], schema=INVENTORY)
        for some in batches(rows, ROWS_AT_ONCE)
    ]
    return pa.Table.from_batches(slices, schema=INVENTORY)


def _warnings(
    count: int, restricted: int | None, tree: Mapping[str | None, Path], marks: Marks, restrictions: Restrictions
) -> list[str]:
    warnings: list[str] = []
    if not count:
        warnings.append("the space has no pages that this account can see.")
    broken = sorted({path.broken_at for path in tree.values() if path.broken_at})
    if broken:
        warnings.append(f"parts of the page tree hang on contents that this account cannot see: {_named(broken)}.")
    if restrictions == "include" and restricted:
        warnings.append(f"{restricted} restricted pages are synced: everybody who can ask Twig can read them.")
    if marks.unreadable:
        warnings.append(
            f"the restrictions of {_named(marks.unreadable)} cannot be read, so they and what is below them count as "
            "restricted."
        )
    return warnings


def _named(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:NAMED_IN_WARNING])
    return f"{shown} and {len(ids) - NAMED_IN_WARNING} more" if len(ids) > NAMED_IN_WARNING else shown
