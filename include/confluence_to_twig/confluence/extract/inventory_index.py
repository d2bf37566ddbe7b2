"""The inventory as something to look things up in: pages by title and by id."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, Union

import pyarrow as pa

from confluence_to_twig.planning.titles import title_key
from confluence_to_twig.staging.parquet import read_table
from confluence_to_twig.staging.schemas import INVENTORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.confluence.extract.page import Row

#: :data:`confluence_to_twig.staging.schemas.INVENTORY` as a table or as Parquet files; ``None``: there is none to look into.
Inventory: TypeAlias = Union[pa.Table, "Sequence[ObjectStoragePath]", None]


class InventoryIndex:
    """Read and built with the first question only, as few shards have one.

    :param with_restricted: whether restricted pages can be found by title.
    """

    def __init__(self, inventory: Inventory, *, with_restricted: bool) -> None:
        self._inventory = inventory
        self._with_restricted = with_restricted

    @cached_property
    def _table(self) -> pa.Table:
        if self._inventory is None:
            return INVENTORY.empty_table()
        if isinstance(self._inventory, pa.Table):
            return self._inventory
        return pa.concat_tables([read_table(path) for path in self._inventory])

    def by_title(self, space_id: str, title: str) -> Row | None:
        """The page of a space with this title, else the blog post; titles compare as Confluence compares them."""
        return self._row(self._titles.get((space_id, title_key(title))))

    def by_id(self, page_id: str) -> Row | None:
        """The page or blog post with this id, restricted or not."""
        return self._row(self._ids.get(page_id))

    def path_below(self, parent_id: str | None) -> tuple[list[str], list[str]] | None:
        """Ids and titles of the ancestors of a page with this parent; ``None`` when the parent is not known."""
        if parent_id is None:
            return [], []
        parent = self.by_id(parent_id)
        if parent is None:
            return None
        return [*parent["ancestor_ids"], parent_id], [*parent["ancestors"], parent["title"]]

    def _row(self, position: int | None) -> Row | None:
        if position is None:
            return None
        row: Row = self._table.slice(position, 1).to_pylist()[0]
        return row

    @cached_property
    def _titles(self) -> dict[tuple[str, str], int]:
        columns = self._table.select(["space_id", "kind", "title", "restricted"]).to_pydict()
        found: dict[tuple[str, str], int] = {}
        for wanted in ("page", "blogpost"):
            for position, (space_id, kind, title, restricted) in enumerate(zip(*columns.values(), strict=True)):
                if kind == wanted and (self._with_restricted or not restricted):
                    found.setdefault((space_id, title_key(title)), position)
        return found

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {page_id: position for position, page_id in enumerate(self._table["page_id"].to_pylist())}
