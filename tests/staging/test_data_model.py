"""``docs/data-model.md`` names every column that other programs may read, with its type."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from confluence_to_twig.staging import schemas
from confluence_to_twig.staging.files import FORMAT

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "data-model.md").read_text(encoding="utf-8")
NAMES = {
    pa.string(): "string",
    pa.large_string(): "string",
    pa.bool_(): "bool",
    pa.float64(): "double",
    schemas.UTC_TIME: "time",
    schemas.STRINGS: "list of strings",
    pa.map_(pa.string(), pa.string()): "map of string to string",
    pa.map_(pa.string(), pa.int32()): "map of string to int32",
}


def named(field: pa.Field) -> str:
    inner = pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type)
    name = "list of structs" if inner else NAMES.get(field.type, str(field.type))
    return f"{name}, or null" if field.nullable else name


@pytest.mark.parametrize("table", ["pages", "documents", "chunks"])
def test_every_column_is_documented(table: str) -> None:
    section = DOCS.split(f"\n## {table}\n")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE)
    schema: pa.Schema = getattr(schemas, table.upper())
    assert documented == [(field.name, named(field)) for field in schema]


def test_the_format_is_named() -> None:
    assert f"now `{FORMAT}`" in DOCS
