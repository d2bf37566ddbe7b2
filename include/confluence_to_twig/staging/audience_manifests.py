"""What all data sources of a source hold: its own, and those of its audiences. Each has a manifest and a journal of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.staging.audience_book import read_audience_book
from confluence_to_twig.staging.journal import IN_DOUBT
from confluence_to_twig.staging.manifest_reader import ManifestReader
from confluence_to_twig.staging.schemas import MANIFEST, STRINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.staging.rows import ManifestRow


def homes_of(staging: SourceStaging) -> list[SourceStaging]:
    """The source's own files, and those of each audience that it has loaded pages for."""
    return [staging, *(staging.of_audience(key) for key in read_audience_book(staging).entries)]


def read_all(staging: SourceStaging, columns: Sequence[str]) -> pa.Table:
    """All rows of all manifests of a source. A page that is being moved may be there twice."""
    return pa.concat_tables([ManifestReader(home, columns).read() for home in homes_of(staging)])


def held_by_all(staging: SourceStaging, columns: Sequence[str]) -> pa.Table:
    """Each page that is held, once, with ``held_in``: the audiences whose data sources have it.

    A page in several of them, which other hands or two runs at once have brought about, is in doubt: it is loaded again.
    """
    homes = homes_of(staging)
    tables = []
    for home in homes:
        table = ManifestReader(home, columns).read()
        places = pa.array(np.arange(table.num_rows + 1), pa.int32())
        held_in = pa.ListArray.from_arrays(places, pa.repeat(home.audience, table.num_rows))
        tables.append(table.append_column("held_in", held_in.cast(STRINGS)))
    table = pa.concat_tables(tables)
    return table if len(homes) == 1 else _each_once(table)


def _each_once(table: pa.Table) -> pa.Table:
    counted = pc.value_counts(table["page_id"]).to_pylist()
    repeated = pa.array([entry["values"] for entry in counted if entry["counts"] > 1], pa.string())
    if not len(repeated):
        return table
    several = pc.is_in(table["page_id"], value_set=repeated)
    found: dict[str, dict[str, object]] = {}
    for row in table.filter(several).to_pylist():
        first = found.setdefault(row["page_id"], {**row, "converter_version": IN_DOUBT, "held_in": []})
        first["held_in"] = [*first["held_in"], *row["held_in"]]  # type: ignore[misc]
    once = pa.Table.from_pylist(list(found.values()), schema=table.schema)
    return pa.concat_tables([table.filter(pc.invert(several)), once])


class JoinedView:
    """What several data sources hold, as one: see :class:`confluence_to_twig.staging.manifest_view.ManifestView`."""

    def __init__(self, views: Sequence[ManifestView]) -> None:
        self._views = views

    def row(self, document_id: str) -> ManifestRow | None:
        """The row of a document in the first data source that holds it."""
        return next((row for view in self._views if (row := view.row(document_id))), None)

    def table(self) -> pa.Table:
        """All rows."""
        return pa.concat_tables([MANIFEST.empty_table(), *(view.table() for view in self._views)])


def joined_view(staging: SourceStaging) -> JoinedView:
    """What all data sources of a source hold now."""
    return JoinedView([ManifestReader(home).view() for home in homes_of(staging)])
