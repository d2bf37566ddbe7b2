"""How manifest and journal lie in Parquet files: the rows as a table, everything else as JSON in the file's metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.staging.journal import LONG_AGO
from confluence_to_twig.staging.parquet import ParquetReader
from confluence_to_twig.staging.rows import ManifestRow
from confluence_to_twig.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_META = b"confluence-to-twig"


class PackedRows(Mapping[str, ManifestRow]):
    """The rows of a journal file by document id, in memory as they are in the file: an eighth of their size.

    They are unpacked to look at one, which is rare: a run sends most documents once.
    """

    def __init__(self, content: bytes, document_ids: Sequence[str]) -> None:
        self._content = content
        self._document_ids = document_ids

    def __getitem__(self, document_id: str) -> ManifestRow:
        row: ManifestRow = self._unpacked.slice(self._positions[document_id], 1).to_pylist()[0]
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(self._document_ids)

    def __len__(self) -> int:
        return len(self._document_ids)

    def __contains__(self, document_id: object) -> bool:
        return document_id in self._positions

    def of(self, document_ids: Collection[str]) -> pa.Table:
        """Some of them, as :data:`confluence_to_twig.staging.schemas.MANIFEST`."""
        table = self.table()
        return table.filter(pc.is_in(table["document_id"], value_set=pa.array(list(document_ids), pa.string())))

    def table(self) -> pa.Table:
        """All of them."""
        with ParquetReader(pa.BufferReader(self._content)) as parquet:
            table, _ = present(parquet.read())
        return table.select(MANIFEST.names).cast(MANIFEST)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {document_id: number for number, document_id in enumerate(self._document_ids)}

    @cached_property
    def _unpacked(self) -> pa.Table:
        return self.table()


def schema_with(meta: Mapping[str, Any]) -> pa.Schema:
    return MANIFEST.with_metadata({_META: json.dumps(meta, separators=(",", ":")).encode()})


def present(table: pa.Table) -> tuple[pa.Table, dict[str, Any]]:
    """The rows of a file in the present format, and what it says of itself."""
    meta = json.loads((table.schema.metadata or {}).get(_META, b"{}"))
    return upgraded(table.replace_schema_metadata(None), meta)


def upgraded(table: pa.Table, meta: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """A file of format 1 as format 2 has it; one of format 2 as it is.

    Format 1 named the data source once in a file, and its documents by the ids of their pages.
    """
    if "document_id" in table.column_names:
        return table, meta
    data_source = meta.get("data_source_id") or ""
    unknown = {"space_id": pa.string(), "audience": pa.string(), "text_bytes": pa.int64()}
    table = table.append_column("data_source", pa.array([data_source] * table.num_rows, pa.string()))
    table = table.append_column("document_id", table.column("page_id"))
    for name, kind in unknown.items():
        table = table.append_column(name, pa.nulls(table.num_rows, kind))
    progress = {data_source: [meta.get("changed", LONG_AGO), meta.get("processed", LONG_AGO)]}
    return table, meta | {"data_source_id": data_source, "progress": progress}
