"""What the last inventory knows: which contents differ from it, and which of its rows a change reaches. Pure."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.confluence.api.content import Content
from confluence_to_twig.confluence.api.restrictions import UNRESTRICTED, Readers
from confluence_to_twig.staging.schemas import INVENTORY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from confluence_to_twig.confluence.api.content import Container, Placed
    from confluence_to_twig.confluence.sweep.tree import Path
    from confluence_to_twig.staging.rows import InventoryRow, RestrictionRow

#: What a listing tells of a content, and the inventory has.
_COMPARED = ("kind", "status", "version", "title", "url", "parent_id", "parent_type", "modified_at")


class Known:
    """An inventory that is asked for few of its many rows. Nothing here makes Python objects of all of them.

    :param table: :data:`confluence_to_twig.staging.schemas.INVENTORY`.
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table.combine_chunks()

    def rows(self, ids: Iterable[str]) -> dict[str, InventoryRow]:
        """The rows with these ids, as far as there are such."""
        return _by_id(self.table.filter(_among(self.table["page_id"], ids)))

    def doubtful(self) -> list[str]:
        """Contents of which Confluence did not tell everything."""
        table = self.table
        doubt = pc.or_(
            pc.or_(pc.is_valid(table["restriction_unknown"]), pc.is_valid(table["broken_at"])),
            pc.invert(table["labels_known"]),
        )
        ids: list[str] = table["page_id"].filter(doubt).to_pylist()
        return ids

    @cached_property
    def numbers(self) -> Sequence[int]:
        """All ids as numbers, sorted."""
        found: list[int] = pc.cast(self.table["page_id"], pa.int64()).sort().to_pylist()
        return found

    def differing(self, contents: Iterable[Content]) -> dict[str, Content]:
        """Those that the inventory does not have, or not as they are now."""
        listed = {content.id: content for content in contents}
        rows = self.rows(listed)
        return {key: content for key, content in listed.items() if key not in rows or _differs(content, rows[key])}

    def shown_otherwise(self, shown: Mapping[str, Placed]) -> set[str]:
        """Contents that search shows in another version, or at another place, than the inventory has them.

        v1 documents no folders, so a site may leave them out of ancestors: where it shows none of them, only pages count.
        """
        rows = self.rows(shown)
        told = {node for placed in shown.values() for node in placed.above or ()}
        pages = self.rows(told.union(*(row["ancestor_ids"] for row in rows.values()))).keys()

        def differs(row: InventoryRow, placed: Placed) -> bool:
            above = [node for node in row["ancestor_ids"] if node in pages or not told <= pages]
            return placed.version != row["version"] or (placed.above is not None and list(placed.above) != above)

        return {key for key, row in rows.items() if differs(row, shown[key])}

    def below(self, ids: Iterable[str]) -> pa.Table:
        """The rows of everything below these contents."""
        lists = self.table["ancestor_ids"].combine_chunks()
        lists = lists if isinstance(lists, pa.ListArray) else lists.chunk(0)
        hits = pc.list_parent_indices(lists).filter(_among(lists.flatten(), ids))
        return self.table.take(hits.unique())

    def reached(
        self,
        nodes: Mapping[str, Content | Container],
        tree: Mapping[str | None, Path],
        readers: Mapping[str, Readers],
    ) -> set[str]:
        """Contents that are not as the inventory has them, given what is known now of some of them, and of what is above.

        :param nodes: pages, blog posts and containers as they are now, with all that is above them.
        :param tree: the paths below each of them. :param readers: own-level restrictions, as far as they are known.
        """
        differing = self.differing(node for node in nodes.values() if isinstance(node, Content))
        reached = differing.keys() & self.rows(differing).keys()
        rows = self.rows(nodes)
        moved = [key for key, it in nodes.items() if self._way_differs(it, tree[it.parent_id], rows.get(key))]
        reached |= _ids(self.below(moved))
        return reached | self._restricted_differently(readers)

    def _restricted_differently(self, readers: Mapping[str, Readers]) -> set[str]:
        """The contents on which another restriction holds, of their own or from above, than the inventory has."""
        closed = [key for key, who in readers.items() if who]
        now_below = pa.concat_tables([self.below(closed), self.table.filter(_among(self.table["page_id"], closed))])
        before = self._with_restriction_of([key for key, who in readers.items() if not who])
        differing = before
        for row in now_below.select(["page_id", "ancestor_ids", "restrictions"]).to_pylist():
            told = {entry["id"]: readers_of(entry) for entry in row["restrictions"] or ()}
            above = [key for key in (*row["ancestor_ids"], row["page_id"]) if readers.get(key)]
            if any(told.get(key) != readers[key] for key in above):
                differing.add(row["page_id"])
        return differing

    def _with_restriction_of(self, ids: Iterable[str]) -> set[str]:
        """The contents on which a restriction of one of these holds."""
        lists = self.table["restrictions"].combine_chunks()
        lists = lists if isinstance(lists, pa.ListArray) else lists.chunk(0)
        hits = pc.list_parent_indices(lists).filter(_among(pc.struct_field(lists.flatten(), "id"), ids))
        return _ids(self.table.take(hits.unique()))

    def _way_differs(self, node: Content | Container, path: Path, row: InventoryRow | None) -> bool:
        """Whether the way to what is below a node is another one than it was. One that is not known in full tells nothing."""
        if path.broken_at:
            return False
        now = ([*path.ids, node.id], [*path.titles, node.title])
        if row is not None:
            return now != ([*row["ancestor_ids"], node.id], [*row["ancestors"], row["title"]])
        some: list[InventoryRow] = self.below([node.id]).slice(0, 1).to_pylist()
        depth = some[0]["ancestor_ids"].index(node.id) + 1 if some else 0
        return bool(some) and now != (some[0]["ancestor_ids"][:depth], some[0]["ancestors"][:depth])

    def updated(self, rows: Iterable[InventoryRow], without: Collection[str]) -> pa.Table:
        """The inventory with these rows instead of those it had, and without some, in the order of ids."""
        fresh = pa.Table.from_pylist(list(rows), schema=INVENTORY)
        if not fresh.num_rows and not without:
            return self.table
        replaced = pa.array([*fresh["page_id"].to_pylist(), *without], pa.string())
        kept = self.table.filter(pc.invert(_among(self.table["page_id"], replaced)))
        both = pa.concat_tables([kept, fresh])
        return both.take(pc.sort_indices(pc.cast(both["page_id"], pa.int64())))


def content_of(row: InventoryRow) -> Content:
    """A row as the content that it was made of."""
    return Content(
        id=row["page_id"],
        kind="blogpost" if row["kind"] == "blogpost" else "page",
        status=row["status"],
        title=row["title"],
        space_id=row["space_id"],
        url=row["url"],
        version=row["version"],
        modified_at=row["modified_at"],
        created_at=row["created_at"],
        author_id=row["author_id"],
        parent_id=row["parent_id"],
        parent_type=row["parent_type"],
        position=row["position"],
    )


def own_restriction(row: InventoryRow) -> Readers:
    """Who is named on the content itself, as its row has it."""
    entries = (entry for entry in row["restrictions"] or () if entry["id"] == row["page_id"])
    return next(map(readers_of, entries), UNRESTRICTED)


def readers_of(entry: RestrictionRow) -> Readers:
    """A restriction as the inventory keeps it."""
    return Readers(frozenset(entry["users"]), frozenset(entry["groups"]))


def _differs(content: Content, row: InventoryRow) -> bool:
    known = content_of(row)
    return any(getattr(content, name) != getattr(known, name) for name in _COMPARED)


def _among(column: pa.ChunkedArray | pa.Array, ids: Iterable[str]) -> pa.Array:
    return pc.is_in(column, pa.array(list(ids), pa.string()))


def _ids(table: pa.Table) -> set[str]:
    return set(table["page_id"].to_pylist())


def _by_id(table: pa.Table) -> dict[str, InventoryRow]:
    return {row["page_id"]: row for row in table.to_pylist()}
