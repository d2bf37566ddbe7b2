"""Who may read each page of an inventory: the restrictions that its sweep was told, and the level of its space. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from confluence_to_twig.planning.audience import Audience, Level
from confluence_to_twig.staging.schemas import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confluence_to_twig.staging.rows import LevelRow, RestrictionRow

#: Pages that are Python objects at the same time.
_AT_ONCE = 5_000


def with_audiences(inventory: pa.Table, spaces: Mapping[str, Level | None]) -> tuple[pa.Table, dict[str, Audience]]:
    """Fill in ``audience`` and ``levels``. Where a restriction is not known, the levels are those that are, without a key.

    :param inventory: :data:`confluence_to_twig.staging.schemas.INVENTORY`.
    :param spaces: the level of each space by its id; None: everybody may read it.
    :returns: the inventory, and the audiences in it by key.
    """
    found = _Found(spaces)
    numbers: list[int | None] = []
    keys: list[str | None] = []
    for space_id, restrictions, unknown in _rows(inventory):
        number = found.number(space_id, restrictions)
        numbers.append(number)
        keys.append(None if number is None or unknown else found.audiences[number].key)
    levels = pa.array(found.rows, LEVELS).take(pa.array(numbers, pa.int32()))
    for name, column in (("audience", pa.array(keys, pa.string())), ("levels", levels)):
        place = inventory.schema.get_field_index(name)
        inventory = inventory.set_column(place, inventory.schema.field(name), column)
    wanted = set(keys)
    return inventory, {audience.key: audience for audience in found.audiences if audience.key in wanted}


def _rows(inventory: pa.Table) -> Iterator[tuple[str, list[RestrictionRow] | None, str | None]]:
    columns = inventory.select(["space_id", "restrictions", "restriction_unknown"])
    for batch in columns.to_batches(max_chunksize=_AT_ONCE):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


class _Found:
    """The audiences so far: a space has many pages and few of them."""

    def __init__(self, spaces: Mapping[str, Level | None]) -> None:
        self.audiences: list[Audience] = []
        self.rows: list[list[LevelRow]] = []
        self._spaces = spaces
        self._numbers: dict[tuple[str, tuple[Level, ...]], int] = {}

    def number(self, space_id: str, restrictions: list[RestrictionRow] | None) -> int | None:
        """The number of the audience of a page; None where nobody was asked."""
        if restrictions is None or space_id not in self._spaces:
            return None
        told = space_id, tuple(Level.from_row(entry) for entry in restrictions)
        if told not in self._numbers:
            level = self._spaces[space_id]
            self._numbers[told] = len(self.audiences)
            self.audiences.append(Audience.of((*told[1], *(() if level is None else (level,)))))
            self.rows.append(self.audiences[-1].to_rows())
        return self._numbers[told]
