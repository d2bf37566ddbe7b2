"""The sweep: one complete walk of a space that yields its inventory, and knows whether it was complete."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.confluence.api.content import KINDS
from confluence_to_twig.confluence.api.errors import RestrictionsUnknownError
from confluence_to_twig.confluence.api.labels import Told
from confluence_to_twig.confluence.api.restrictions import OPEN, UNRESTRICTED, effective_access
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.confluence.sweep.above import read_above
from confluence_to_twig.confluence.sweep.labels_and_restrictions import (
    EarlySearch,
    LabelsAndRestrictions,
    read_labels_and_restrictions,
)
from confluence_to_twig.confluence.sweep.missing import explain_missing
from confluence_to_twig.confluence.sweep.tree import Path, paths_below
from confluence_to_twig.content.anchors import LEGACY_EDITOR
from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.staging.rows import InventoryRow, RestrictionRow
from confluence_to_twig.staging.schemas import INVENTORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.restrictions import Readers
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.sweep.above import Above

__all__ = ["Restrictions", "Sweep", "explain_missing", "sweep"]

log = logging.getLogger(__name__)

Restrictions = Literal["skip", "include", "audiences", "unchecked"]
UnreadableParents = Literal["skip", "include"]
NAMED_IN_WARNING = 5
ROWS_AT_ONCE = 1_000


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
    :param names: names of the people and groups in restrictions, by their ids.
    """

    table: pa.Table
    complete: bool
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    restricted_count: int | None
    requests: int
    names: Mapping[str, str] = field(default_factory=dict)


def sweep(
    client: ConfluenceClient,
    space: Space,
    *,
    kinds: Sequence[Kind] = KINDS,
    labels: bool = True,
    restrictions: Restrictions = "skip",
    unreadable_parents: UnreadableParents = "skip",
) -> Sweep:
    """Walk a space: N/250 requests for N pages, and N/200 to check restrictions (labels come along with these).

    :param kinds: which kinds of content belong to the inventory.
    :param labels: whether labels are read; without a restrictions check that takes 1 request and 1 for 250 labelled contents.
    :param restrictions: ``skip`` and ``audiences`` need the check and fail without it; ``include`` checks to be able to
        warn, and goes on without; ``unchecked`` saves the requests, all rows are then ``restricted = False``.
    :param unreadable_parents: what counts of a folder, database, whiteboard or smart link whose restriction nobody
        tells: ``skip``: it is unknown, and so are those of all pages below; ``include``: it restricts nobody.
    :raises RestrictionsUnknownError: with ``skip`` or ``audiences``, when restrictions cannot be read.
    :raises confluence_to_twig.errors.TransientError: when nothing could be read at all.
    """
    give_memory_back()
    before = client.requests_made
    early = None if restrictions == "unchecked" else EarlySearch(client.api, client.workers)
    contents, problems, labelled, told = _walk(client, space, kinds, early, labels=labels and early is None)
    above = read_above(client, contents, restrictions=early is not None)
    tree = paths_below({**above.nodes, **contents})
    if early is None:
        facts, checked, warnings = LabelsAndRestrictions(labels=labelled), False, list[str]()
    else:
        facts, checked, warnings = _facts(client, space, contents, above, told, early, closed=restrictions != "include")
    facts.unknown = above.unreadable | facts.unknown
    if unreadable_parents == "include":
        trust_containers(facts, contents, above)
    if not labels:
        facts = replace(facts, labels={}, labels_unknown=set())
    del early  # it has the ids of all contents, once more
    give_memory_back()
    table = _table(
        row_of(space, content, tree[content.parent_id], facts, checked=checked) for content in _taken_out_of(contents)
    )
    give_memory_back()
    restricted = pc.sum(table["restricted"]).as_py() or 0 if checked else None
    warnings += _warnings(table, restricted, facts, restrictions)
    for problem in problems:
        log.warning("The sweep of space %s is incomplete: %s", space.key, problem)
    for warning in warnings:
        log.warning("Space %s: %s", space.key, warning)
    requests = client.requests_made - before
    log.info("Sweep of space %s: %d contents in %d requests", space.key, table.num_rows, requests)
    return Sweep(table, not problems, tuple(problems), tuple(warnings), restricted, requests, told.names)


def _walk(
    client: ConfluenceClient, space: Space, kinds: Sequence[Kind], early: EarlySearch | None, *, labels: bool
) -> tuple[dict[str, Content], list[str], dict[str, tuple[str, ...]], Told]:
    """Contents by id, problems and, if wanted, labels by id, all at the same time; and what the listings told besides."""
    api = client.api
    contents: dict[str, Content] = {}
    problems: list[str] = []
    told = Told()
    with ThreadPoolExecutor(len(kinds) + 1, thread_name_prefix="sweep-kind") as pool:
        walks = [pool.submit(api.list_contents, space, kind, early.add if early else None) for kind in kinds]
        labelled = pool.submit(api.labels, space, kinds) if labels else None
        for walk in walks:
            listed = walk.result()
            contents |= listed.contents
            problems += listed.problems
            told |= listed.told or Told()
        if early:
            early.flush()
        return contents, problems, labelled.result() if labelled else {}, told


def trust_containers(facts: LabelsAndRestrictions, contents: Mapping[str, Content], above: Above) -> None:
    """Let containers whose restriction nobody tells restrict nobody, in place. Pages are never trusted."""
    for key in list(facts.unknown):
        if key not in contents and above.is_container(key):
            facts.readers[key] = UNRESTRICTED
            del facts.unknown[key]


def _facts(
    client: ConfluenceClient,
    space: Space,
    contents: Mapping[str, Content],
    above: Above,
    told: Told,
    early: EarlySearch,
    *,
    closed: bool,
) -> tuple[LabelsAndRestrictions, bool, list[str]]:
    """Labels and own-level restrictions, whether restrictions could be read, and warnings.

    :param closed: whether it is an error that they cannot.
    """
    early.wait()
    told |= early.told
    told |= above.told
    try:
        facts = read_labels_and_restrictions(
            client.api,
            client.workers,
            contents,
            sorted(above.nodes),
            told=told,
            untold=above.untold,
            early=early,
        )
        return facts, True, []
    except RestrictionsUnknownError as error:
        if closed:
            raise
        warning = f"restricted pages are synced, and how many there are is unknown. {error.summary}"
    kinds = {content.kind for content in contents.values()}
    return LabelsAndRestrictions(labels=client.api.labels(space, kinds)), False, [warning]


def row_of(space: Space, content: Content, path: Path, facts: LabelsAndRestrictions, *, checked: bool) -> InventoryRow:
    """The row of a content.

    :param path: the way to it. :param checked: whether restrictions were asked for; without that it counts as open.
    """
    levels = (*([path.broken_at] if path.broken_at else []), *path.ids)
    access = effective_access(content.id, levels, facts.readers) if checked else OPEN
    return InventoryRow(
        page_id=content.id,
        space_id=space.id,
        kind=content.kind,
        status=content.status,
        version=content.version,
        title=content.title,
        url=content.url,
        parent_id=content.parent_id,
        parent_type=content.parent_type,
        ancestor_ids=list(path.ids),
        ancestors=list(path.titles),
        labels=list(facts.labels.get(content.id, ())),
        restricted=access.restricted_by is not None,
        restricted_by=access.restricted_by,
        restriction_unknown=_why_unknown(access.unknown_at, facts),
        restrictions=[_restriction_row(*told) for told in access.restrictions] if checked else None,
        labels_known=content.id not in facts.labels_unknown,
        broken_at=path.broken_at,
        author_id=content.author_id,
        created_at=content.created_at,
        modified_at=content.modified_at,
        position=content.position,
        editor=LEGACY_EDITOR if content.id in facts.legacy else None,
        attachments_digest=None,
        comments_digest=None,
        audience=None,
        levels=None,
        files=None,
    )


def _restriction_row(content_id: str, readers: Readers) -> RestrictionRow:
    return {"id": content_id, "users": sorted(readers.users), "groups": sorted(readers.groups)}


def _taken_out_of(contents: dict[str, Content]) -> Iterator[Content]:
    """Each content in order, and no longer in memory when the next one comes: its row is there instead."""
    left = [*contents.values()][::-1]
    contents.clear()
    while left:
        yield left.pop()


def _table(rows: Iterable[InventoryRow]) -> pa.Table:
    """In slices, so that a large space is not in memory twice."""
    slices = [
        pa.RecordBatch.from_pylist(cast("list[dict[str, Any]]", some), schema=INVENTORY)
        for some in batches(rows, ROWS_AT_ONCE)
    ]
    return pa.Table.from_batches(slices, schema=INVENTORY)


def _why_unknown(content_id: str | None, facts: LabelsAndRestrictions) -> str | None:
    if content_id is None:
        return None
    return f"the restriction of {content_id} cannot be read: {facts.unknown.get(content_id, 'nobody tells it')}"


def _warnings(
    table: pa.Table, restricted: int | None, facts: LabelsAndRestrictions, restrictions: Restrictions
) -> list[str]:
    warnings: list[str] = []
    if not table.num_rows:
        warnings.append("the space has no pages that this account can see.")
    if not facts.searched:
        warnings.append("search does not answer, so labels and restrictions are read one by one, which is slow.")
    broken = pc.unique(table["broken_at"].drop_null()).to_pylist()
    if broken:
        warnings.append(
            f"parts of the page tree hang on contents that this run cannot see: {_named(sorted(broken), facts.unknown)}."
        )
    if restrictions == "include" and restricted:
        warnings.append(f"{restricted} restricted pages are synced: everybody who can ask Twig can read them.")
    if facts.unknown:
        count = table.num_rows - table["restriction_unknown"].null_count
        pages = "1 page depends" if count == 1 else f"{count:,} pages depend"
        warnings.append(
            f"the restrictions of {_named(sorted(facts.unknown), facts.unknown)} cannot be read. {pages} on them: "
            "those in Twig stay as they are, others count as restricted for now."
        )
    if facts.labels_unknown:
        warnings.append(f"the labels of {_named(sorted(facts.labels_unknown), {})} cannot be read in full.")
    return warnings


def _named(ids: Sequence[str], reasons: Mapping[str, str]) -> str:
    shown = [f"{key} ({reasons[key]})" if key in reasons else key for key in ids[:NAMED_IN_WARNING]]
    more = len(ids) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
