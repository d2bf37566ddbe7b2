"""How manifest and journal lie in Parquet files: the rows as a table, everything else as JSON in the file's metadata."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.journal import Operation, PartName, Row
from confluence_to_twig.staging.parquet import read_table
from confluence_to_twig.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow.sdk import ObjectStoragePath

_META = b"confluence-to-twig"
#: A journal file: what it says of itself, and its rows by page id.
Part = tuple[dict[str, Any], dict[str, Row]]


class ManifestCorruptError(PermanentError):
    """A file of the manifest can not be read, so what Twig holds is not known."""

    def __init__(self, summary: str, remedy: str = "") -> None:
        super().__init__(
            summary,
            remedy
            or "Run `make rebuild-manifest SOURCE=<name>`: it asks Twig what it holds and writes the manifest anew.",
        )


def operations_of(parts: Mapping[PartName, Part]) -> Iterator[Operation]:
    ends = _ends(parts)
    for name, (meta, by_id) in parts.items():
        seq, run_id = name.seq, meta.get("run_id", "")
        if name.kind == "doubt":
            yield Operation(name.token, seq, by_id, run_id=run_id, doubt=True)
        elif name.kind == "noted":
            yield Operation(name.token, seq, by_id, run_id=run_id, noted=True)
        elif name.kind == "begin":
            operation = Operation(name.token, seq, by_id, frozenset(meta["deletes"]), run_id=run_id)
            yield replace(operation, **ends.get(name.token, {}))


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


def rows_of(table: pa.Table) -> Iterator[Row]:
    for batch in table.to_batches(max_chunksize=1_000):
        yield from batch.to_pylist()


def read_with_meta(path: ObjectStoragePath) -> tuple[pa.Table, dict[str, Any]]:
    try:
        table = read_table(path)
        meta = json.loads((table.schema.metadata or {}).get(_META, b"{}"))
        return table.replace_schema_metadata(None).select(MANIFEST.names).cast(MANIFEST), meta
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise ManifestCorruptError(f"{path} can not be read ({type(error).__name__})") from error
