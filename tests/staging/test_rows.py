from __future__ import annotations

import pyarrow as pa
import pytest

from confluence_to_twig.staging import rows, schemas

ROWS = {
    rows.FileRow: schemas.FILE,
    rows.InventoryRow: schemas.INVENTORY,
    rows.PlanRow: schemas.PLAN,
    rows.AttachmentRow: schemas.ATTACHMENT,
    rows.CommentRow: schemas.COMMENT,
    rows.PageRow: schemas.PAGES,
    rows.DocumentRow: schemas.DOCUMENTS,
    rows.ChunkRow: schemas.CHUNKS,
    rows.BundledRow: schemas.BUNDLED,
    rows.QuarantineRow: schemas.QUARANTINE,
    rows.ManifestRow: schemas.MANIFEST,
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.__name__)
def test_a_row_has_the_columns_of_its_schema(row: type) -> None:
    """In order, and with None exactly where a column may be null."""
    fields = list(ROWS[row])
    assert list(row.__annotations__) == [field.name for field in fields]
    texts = {name: annotation.__forward_arg__ for name, annotation in row.__annotations__.items()}
    assert [name for name, text in texts.items() if text.endswith("| None")] == [
        field.name for field in fields if field.nullable
    ]


def test_every_schema_has_rows() -> None:
    named = [value for value in vars(schemas).values() if isinstance(value, (pa.Schema, pa.StructType))]
    assert len(named) == len(ROWS)
