"""The files of manifest and journal: read, written, and what is wrong with one that cannot be read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.files import UnknownFormatError, read_bytes, write_bytes
from confluence_to_twig.staging.manifest_rows import PackedRows, present, schema_with
from confluence_to_twig.staging.manifest_view import Base, Progress
from confluence_to_twig.staging.parquet import COMPRESSION_LEVEL, opened, with_format
from confluence_to_twig.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.rows import ManifestRow


class ManifestCorruptError(PermanentError):
    """A file of the manifest cannot be read, so what Twig holds is not known."""

    @classmethod
    def of(cls, source: str, summary: str) -> ManifestCorruptError:
        """With the command that mends it."""
        command = f"confluence-to-twig rebuild-manifest {source}"
        return cls(summary, f"Run `{command}`: it asks Twig what it holds and writes the manifest anew.")


class Part(NamedTuple):
    """A journal file: what it says of itself, and its rows."""

    meta: dict[str, Any]
    rows: PackedRows


def meta_of(base: Base) -> dict[str, Any]:
    """What the manifest file says besides its rows."""
    return {
        "seq": base.seq,
        "contains": dict(base.contains),
        "progress": {data_source: list(progress) for data_source, progress in base.progress.items()},
    }


def read_base(path: ObjectStoragePath, source: str, columns: Collection[str] | None = None) -> Base:
    """The manifest file. Raises ``FileNotFoundError`` and :class:`ManifestCorruptError`.

    :param columns: which are read, ``document_id`` among them; None: all.
    """
    wanted = MANIFEST if columns is None else pa.schema([MANIFEST.field(name) for name in columns])
    with _readable(path, source), opened(path) as (parquet, is_present):
        table, meta = present(parquet.read(columns=wanted.names if is_present else None))
        table = table.select(wanted.names).cast(wanted)
    return Base(
        table,
        seq=meta.get("seq", 0),
        contains=meta.get("contains", {}),
        progress={data_source: Progress(*numbers) for data_source, numbers in meta["progress"].items()},
    )


def read_part(path: ObjectStoragePath, source: str) -> Part:
    """A file of the journal. Raises ``FileNotFoundError`` and :class:`ManifestCorruptError`."""
    with _readable(path, source):
        content = read_bytes(path)
        with opened(path, content) as (parquet, _):
            table, meta = present(parquet.read())
            table.select(MANIFEST.names).cast(MANIFEST)
            return Part(meta, PackedRows(content, table["document_id"].to_pylist()))


def write_part(path: ObjectStoragePath, rows: Sequence[ManifestRow], meta: Mapping[str, Any]) -> Part:
    """Write a file of the journal in one step."""
    table = pa.Table.from_pylist(rows, schema=with_format(schema_with(meta)))
    file = pa.BufferOutputStream()
    pq.write_table(table, file, compression="zstd", compression_level=COMPRESSION_LEVEL)
    content = file.getvalue().to_pybytes()
    write_bytes(path, content)
    return Part(dict(meta), PackedRows(content, [row["document_id"] for row in rows]))


@contextmanager
def _readable(path: ObjectStoragePath, source: str) -> Iterator[None]:
    """What goes wrong while a file is read, as an error that says how to mend it."""
    try:
        yield
    except FileNotFoundError:
        raise
    except UnknownFormatError as error:
        raise ManifestCorruptError.of(source, error.summary) from error
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestCorruptError.of(source, f"{path} cannot be read ({type(error).__name__})") from error
