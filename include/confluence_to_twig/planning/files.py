"""Files as documents: the rows that the files of pages have in a plan, each in the place of its page. Pure.

A file belongs to Twig exactly when its page does: it has the page's place, labels and readers, and what leaves the page out leaves
the file out. Its own are version, title, address and modification time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.staging.rows import ATTACHMENT_KIND, InventoryRow
from confluence_to_twig.staging.schemas import INVENTORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from confluence_to_twig.staging.rows import FileRow, HeldRow

#: Pages whose files are Python objects at the same time.
_AT_ONCE = 2_000
NOT_TOLD = "Confluence does not tell whether its page still has it"

#: The inventory's columns, and why a file stays out whatever its page does, or may not be judged.
FILE_ROWS = pa.schema([*INVENTORY, ("file_left_out", pa.string()), ("file_in_doubt", pa.string())])


class _FileInventoryRow(InventoryRow):
    file_left_out: str | None
    file_in_doubt: str | None


def page_of(row: Mapping[str, Any]) -> str:
    """The page that a row of the manifest belongs to: the page itself, or that of a file."""
    return str(row["ancestor_ids"][-1] if row["kind"] == ATTACHMENT_KIND and row["ancestor_ids"] else row["page_id"])


def files_held(manifest: pa.Table) -> list[HeldRow]:
    """The files among the documents that Twig holds. :param manifest: may be slimmed."""
    return cast("list[HeldRow]", manifest.filter(pc.field("kind") == ATTACHMENT_KIND).to_pylist())


def ids_told(inventory: pa.Table) -> set[str]:
    """Ids of the files that the pages of an inventory are known to have."""
    return set(pc.struct_field(pc.list_flatten(inventory["files"]), "id").to_pylist())


def file_rows(
    inventory: pa.Table, held: Sequence[HeldRow], missing: Mapping[str, str], unreadable: Mapping[str, str]
) -> pa.Table:
    """The files of all pages of an inventory, and those that Twig holds of such pages, unless it is proven that they are gone.

    :param inventory: :data:`confluence_to_twig.staging.schemas.INVENTORY`, pages and blog posts.
    :param held: files of the manifest.
    :param missing: why files that Twig holds are gone; what is in here has no row.
    :param unreadable: files that cannot become documents in the version that they have now, and why.
    :returns: :data:`FILE_ROWS`. A file that two pages name, since it was moved between two looks, has two rows.
    """
    untold = {row["page_id"]: row for row in held if row["page_id"] not in missing}
    parts = [FILE_ROWS.empty_table()]
    for pages in _pages_with_files(inventory):
        rows = [_row(page, file, unreadable.get(file["id"]), None) for page in pages for file in page["files"] or ()]
        for row in rows:
            untold.pop(row["page_id"], None)
        parts.append(_table(rows))
    homes = {page["page_id"]: page for page in _pages(inventory, {page_of(row) for row in untold.values()})}
    doubtful = [
        _row(homes[page_of(row)], _as_held(row), None, NOT_TOLD) for row in untold.values() if page_of(row) in homes
    ]
    return pa.concat_tables([*parts, _table(doubtful)])


def with_their_files(pages: pa.Table, files: pa.Table) -> pa.Table:
    """Pages and files in one table, with two more columns: ``belongs_to``, the page, and ``dated_at``, its modification time.

    :param pages: marked (:func:`confluence_to_twig.planning.selection.marked`). :param files: :data:`FILE_ROWS`.
    """
    own = pages.append_column("belongs_to", pages["page_id"]).append_column("dated_at", pages["modified_at"])
    if not files.num_rows:
        return own
    place = pc.index_in(files["parent_id"], value_set=pages["page_id"].combine_chunks())
    home = pages.select(["left_out", "in_doubt", "modified_at"]).take(place)
    left_out = pc.coalesce(home["left_out"], files["file_left_out"])
    doubt = pc.coalesce(home["in_doubt"], files["file_in_doubt"])
    told = {
        **{name: files[name] for name in pages.column_names if name in files.column_names},
        "left_out": left_out,
        "in_doubt": pc.if_else(pc.is_valid(left_out), pa.scalar(None, pa.string()), doubt),
        "belongs_to": files["parent_id"],
        "dated_at": home["modified_at"],
    }
    return pa.concat_tables([own, pa.table([told[name] for name in own.column_names], schema=own.schema)])


def _pages_with_files(inventory: pa.Table) -> Iterator[list[InventoryRow]]:
    some = pc.fill_null(pc.greater(pc.list_value_length(inventory["files"]), 0), False)
    for batch in inventory.filter(some).to_batches(max_chunksize=_AT_ONCE):
        yield cast("list[InventoryRow]", batch.to_pylist())


def _pages(inventory: pa.Table, ids: set[str]) -> list[InventoryRow]:
    wanted = pc.is_in(inventory["page_id"], value_set=pa.array(sorted(ids), pa.string()))
    return cast("list[InventoryRow]", inventory.filter(wanted).to_pylist())


def _table(rows: Sequence[_FileInventoryRow]) -> pa.Table:
    return pa.Table.from_pylist(cast("list[dict[str, Any]]", rows), schema=FILE_ROWS)


def _as_held(row: HeldRow) -> FileRow:
    return {
        "id": row["page_id"],
        "title": row["title"],
        "version": row["version"],
        "media_type": "",
        "file_size": 0,
        "url": row["url"],
        "modified_at": row["modified_at"],
    }


def _row(page: InventoryRow, file: FileRow, left_out: str | None, doubt: str | None) -> _FileInventoryRow:
    modified_at = file["modified_at"] or page["modified_at"]
    own: dict[str, Any] = {
        "page_id": file["id"],
        "kind": ATTACHMENT_KIND,
        "version": file["version"],
        "title": file["title"],
        "url": file["url"] or page["url"],
        "parent_id": page["page_id"],
        "parent_type": page["kind"],
        "ancestor_ids": [*page["ancestor_ids"], page["page_id"]],
        "ancestors": [*page["ancestors"], page["title"]],
        "author_id": None,
        "created_at": None,
        "modified_at": modified_at,
        "position": None,
        "editor": None,
        # What hangs on its page is no concern of a file.
        "attachments_digest": "",
        "comments_digest": "",
        "files": [{**file, "modified_at": modified_at}],
        "file_left_out": left_out,
        "file_in_doubt": doubt,
    }
    return cast("_FileInventoryRow", {**page, **own})
