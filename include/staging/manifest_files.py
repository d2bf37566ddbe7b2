"""How manifest and journal lie in Parquet files: the rows as a table, everything else as JSON in the file's metadata."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from include.errors import PermanentError
from include.staging.journal import Operation, PartName, Row
from include.staging.parquet import read_table
from include.staging.schemas import MANIFEST

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
    ends = {name.token: (name.seq, meta) for name, (meta, _) in sorted(parts.items()) if name.kind == "end"}
    for name, (meta, by_id) in parts.items():
        if name.kind == "doubt":
            yield Operation(name.token, name.seq, name.seq, by_id, run_id=meta["run_id"], doubt=True)
        elif name.kind == "noted":
            done = frozenset(by_id)
            seq = name.seq
            yield Operation(name.token, seq, seq, by_id, end=seq, done=done, run_id=meta["run_id"], noted=True)
        elif name.kind == "begin":
            end, acknowledged = ends.get(name.token, (None, {}))
            yield Operation(
                token=name.token,
                begin=meta["begin"],
                sent=name.seq,
                rows=by_id,
                deletes=frozenset(meta["deletes"]),
                end=end,
                done=frozenset(acknowledged.get("done", ())),
                refused=frozenset(acknowledged.get("refused", ())),
                digest=meta["digest"],
                run_id=meta["run_id"],
            )


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


def modified_at(path: ObjectStoragePath) -> datetime | None:
    try:
        modified: datetime = path.fs.modified(path.path)
    except (NotImplementedError, FileNotFoundError):
        return None  # a store without modification times keeps its journal files: only more to list
    return modified if modified.tzinfo else modified.replace(tzinfo=UTC)
