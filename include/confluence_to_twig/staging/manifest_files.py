"""How manifest and journal lie in Parquet files: the rows as a table, everything else as JSON in the file's metadata."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.files import UnknownFormatError, modified_at
from confluence_to_twig.staging.journal import LONG_AGO, Operation, PartName
from confluence_to_twig.staging.manifest_view import Base, Progress
from confluence_to_twig.staging.parquet import read_table
from confluence_to_twig.staging.rows import ManifestRow
from confluence_to_twig.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow.sdk import ObjectStoragePath


_META = b"confluence-to-twig"
#: A journal file: what it says of itself, and its rows by document id.
Part = tuple[dict[str, Any], dict[str, ManifestRow]]


class ManifestCorruptError(PermanentError):
    """A file of the manifest cannot be read, so what Twig holds is not known."""

    @classmethod
    def of(cls, source: str, summary: str) -> ManifestCorruptError:
        """With the command that mends it."""
        command = f"confluence-to-twig rebuild-manifest {source}"
        return cls(summary, f"Run `{command}`: it asks Twig what it holds and writes the manifest anew.")


def operations_of(parts: Mapping[PartName, Part]) -> Iterator[Operation]:
    ends = _ends(parts)
    for name, (meta, by_id) in parts.items():
        operation = Operation(
            name.token, name.seq, by_id, run_id=meta.get("run_id", ""), data_source_id=meta["data_source_id"]
        )
        if name.kind == "doubt":
            yield replace(operation, doubt=True)
        elif name.kind == "noted":
            yield replace(operation, noted=True)
        elif name.kind == "begin":
            yield replace(operation, deletes=frozenset(meta["deletes"]), **ends.get(name.token, {}))


def _ends(parts: Mapping[PartName, Part]) -> dict[str, dict[str, Any]]:
    """How each operation ended. Its own writer's end and those of others are joined: each knows what it knows."""
    ends: dict[str, dict[str, Any]] = {}
    for name, (meta, _) in sorted(parts.items()):
        if name.kind == "end":
            before = ends.get(name.token, {"done": frozenset(), "refused": frozenset()})
            done = before["done"].union(meta["done"])
            ends[name.token] = {
                "end": name.seq,
                "done": done,
                "refused": before["refused"].union(meta["refused"]) - done,
            }
    return ends


def schema_with(meta: Mapping[str, Any]) -> pa.Schema:
    return MANIFEST.with_metadata({_META: json.dumps(meta, separators=(",", ":")).encode()})


def rows_of(table: pa.Table) -> Iterator[ManifestRow]:
    for batch in table.to_batches(max_chunksize=1_000):
        yield from batch.to_pylist()


def meta_of(base: Base) -> dict[str, Any]:
    """What the manifest file says besides its rows."""
    return {
        "seq": base.seq,
        "contains": dict(base.contains),
        "progress": {data_source: list(progress) for data_source, progress in base.progress.items()},
    }


def read_base(path: ObjectStoragePath, source: str) -> Base:
    """The manifest file. Raises ``FileNotFoundError`` and :class:`ManifestCorruptError`."""
    table, meta = _read(path, source)
    contains, written = meta.get("contains", {}), modified_at(path)
    now = written.timestamp() if written else None
    return Base(
        table,
        seq=meta.get("seq", 0),
        contains={token: since or now for token, since in contains.items()},
        progress={data_source: Progress(*numbers) for data_source, numbers in meta["progress"].items()},
    )


def read_part(path: ObjectStoragePath, source: str) -> Part:
    """A file of the journal. Raises ``FileNotFoundError`` and :class:`ManifestCorruptError`."""
    table, meta = _read(path, source)
    return meta, {row["document_id"]: row for row in table.to_pylist()}


def _read(path: ObjectStoragePath, source: str) -> tuple[pa.Table, dict[str, Any]]:
    try:
        table = read_table(path)
        meta = json.loads((table.schema.metadata or {}).get(_META, b"{}"))
        table, meta = upgraded(table.replace_schema_metadata(None), meta)
        return table.select(MANIFEST.names).cast(MANIFEST), meta
    except FileNotFoundError:
        raise
    except UnknownFormatError as error:
        raise ManifestCorruptError.of(source, error.summary) from error
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestCorruptError.of(source, f"{path} cannot be read ({type(error).__name__})") from error


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
