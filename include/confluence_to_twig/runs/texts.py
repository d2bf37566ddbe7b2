"""The chunks of a run as texts with metadata, for other tools than Twig."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from confluence_to_twig.staging.files import files_in
from confluence_to_twig.staging.layout import RunStaging, SourceStaging, root_at, staging_root
from confluence_to_twig.staging.parquet import iter_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_OF_DOCUMENT = (
    "page_id",
    "title",
    "space_key",
    "kind",
    "version",
    "ancestors",
    "labels",
    "author",
    "created_at",
    "modified_at",
    "language",
)
_OF_CHUNK = ("chunk_id", "page_id", "ordinal", "text", "heading_path", "url", "token_count", "content_hash", "allowed")


class Text(TypedDict):
    """A chunk: its text, and where it comes from as plain JSON; times in ISO 8601."""

    text: str
    metadata: dict[str, Any]


def run_texts(source: str, run_id: str, *, staging: str | None = None) -> list[Text]:
    """The chunks of the pages that one run of a source fetched, in the order of the pages.

    :param source: the source's name.
    :param run_id: id of the Airflow run: ``run_id`` in the extra of the event of the asset ``twig://<source>``.
    :param staging: root of the staging folders, a path or an object-storage URL; by default as configured.
    :returns: an empty list for a run that changed nothing, and for one whose folder is gone.
    :raises UnknownFormatError: a newer release wrote the files.
    """
    root = root_at(staging) if staging else staging_root()
    return list(_texts(SourceStaging(root, source).run(run_id)))


def _texts(run: RunStaging) -> Iterator[Text]:
    for name in sorted(name for name in files_in(run.home / "documents") if name.endswith(".parquet")):
        documents = {row["page_id"]: row for row in iter_rows(run.home / "documents" / name, list(_OF_DOCUMENT))}
        for chunk in iter_rows(run.home / "chunks" / name, list(_OF_CHUNK)):
            text = chunk.pop("text")
            yield {"text": text, "metadata": _plain(documents[chunk["page_id"]] | chunk)}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: _iso(row[name]) for name in ("created_at", "modified_at")}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
