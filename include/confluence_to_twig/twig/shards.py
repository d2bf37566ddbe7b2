"""Read documents and their chunks back together, shard by shard, holding one document's texts at a time."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, cast

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.parquet import iter_rows, read_table
from confluence_to_twig.twig.delta import Package

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.rows import ChunkRow, DocumentRow

DOCUMENT_COLUMNS = [
    "page_id", "kind", "space_id", "space_key", "version", "title", "url", "ancestor_ids", "ancestors", "labels", "includes",
    "author", "created_at", "modified_at", "language", "content_hash", "converter_version", "chunk_count",
    "text_bytes",
    "body_bytes",
    "rendered",
    "live",
    "audience",
    "allowed",
]  # fmt: skip
CHUNK_COLUMNS = [
    "chunk_id", "page_id", "ordinal", "text", "heading_path", "url", "token_count", "content_hash",
]  # fmt: skip


def packages(
    documents: Sequence[ObjectStoragePath],
    chunks: Sequence[ObjectStoragePath],
    only: Collection[str] | None = None,
) -> Iterator[Package]:
    """Every document of the shards with its chunks, always in the same order.

    :param documents: one file a shard. :param chunks: the file of the same shard at the same place.
    :param only: when given, other pages are skipped.
    :raises PermanentError: a file is missing, or documents and chunks do not belong together.
    """
    for document_path, chunk_path in zip(documents, chunks, strict=True):
        try:
            yield from _of_shard(document_path, chunk_path, only)
        except FileNotFoundError as error:
            raise PermanentError(
                f"{document_path} or {chunk_path} is missing", "Run the transform task of that shard again."
            ) from error


def _of_shard(
    document_path: ObjectStoragePath, chunk_path: ObjectStoragePath, only: Collection[str] | None
) -> Iterator[Package]:
    by_id: dict[str, DocumentRow] = {
        row["page_id"]: row for row in read_table(document_path, DOCUMENT_COLUMNS).to_pylist()
    }
    waiting = dict(by_id)
    for page_id, group in groupby(iter_rows(chunk_path, CHUNK_COLUMNS), key=lambda row: str(row["page_id"])):
        rows = cast("tuple[ChunkRow, ...]", tuple(group))
        document = waiting.pop(page_id, None)
        if document is None or len(rows) != document["chunk_count"]:
            raise _do_not_match(page_id, document_path, chunk_path)
        if only is None or page_id in only:
            yield Package(document, rows)
    for page_id, document in waiting.items():
        if document["chunk_count"]:
            raise _do_not_match(page_id, document_path, chunk_path)
        if only is None or page_id in only:
            yield Package(document, ())


def document_rows(documents: Sequence[ObjectStoragePath]) -> Iterator[DocumentRow]:
    """The documents of the shards, without their Markdown and without chunks."""
    for path in documents:
        yield from read_table(path, DOCUMENT_COLUMNS).to_pylist()


def _do_not_match(page_id: str, documents: ObjectStoragePath, chunks: ObjectStoragePath) -> PermanentError:
    return PermanentError(
        f"Page {page_id}: documents/{documents.name} and {chunks} do not belong together",
        "Run the transform task of that shard again.",
    )
