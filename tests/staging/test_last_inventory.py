from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.staging.last_inventory import (
    LastInventory,
    LookState,
    last_inventory_of,
    read_last_inventory,
    read_look_state,
    write_last_inventory,
)
from confluence_to_twig.staging.layout import SourceStaging
from confluence_to_twig.staging.parquet import ParquetWriter
from confluence_to_twig.staging.schemas import INVENTORY

NOW = datetime(2026, 11, 22, 14, 0, 0, 5, tzinfo=UTC)
STATE = LookState("0123", NOW, None, NOW, NOW, baseline=-2, suspicion=1, false_alarms=1, checked_up_to=65_538)


def table() -> pa.Table:
    row = dict.fromkeys(INVENTORY.names) | {
        "page_id": "65538",
        "space_id": "1",
        "kind": "page",
        "status": "current",
        "version": 3,
        "title": "Guide",
        "url": "https://example.com",
        "ancestor_ids": ["1"],
        "ancestors": ["Home"],
        "labels": [],
        "restricted": False,
        "labels_known": True,
        "modified_at": NOW,
    }
    return pa.Table.from_pylist([row], schema=INVENTORY)


@pytest.fixture
def path(tmp_path: Path) -> ObjectStoragePath:
    return last_inventory_of(SourceStaging(ObjectStoragePath(f"file://{tmp_path}"), "docs"), "~1/2")


def test_rows_and_state_come_back_together(path: ObjectStoragePath) -> None:
    write_last_inventory(path, LastInventory(table(), STATE))
    last = read_last_inventory(path)
    assert last is not None
    assert last.state == STATE
    assert last.table.equals(table())
    assert read_look_state(path) == (STATE, 1)


def test_there_is_none_at_first(path: ObjectStoragePath) -> None:
    assert read_last_inventory(path) is None
    assert read_look_state(path) is None


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"{}"])
def test_a_damaged_one_is_none(path: ObjectStoragePath, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert read_last_inventory(path) is None
    assert read_look_state(path) is None


def test_rows_without_a_state_are_none(path: ObjectStoragePath) -> None:
    with ParquetWriter(path, INVENTORY) as writer:
        writer.write_table(table())
    assert read_last_inventory(path) is None
    assert read_look_state(path) is None


def test_the_columns_of_another_release_are_none(path: ObjectStoragePath) -> None:
    fewer = table().drop_columns(["labels"])
    with ParquetWriter(
        path, fewer.schema.with_metadata({b"confluence-to-twig.looks": STATE.to_json().encode()})
    ) as writer:
        writer.write_table(fewer)
    assert read_last_inventory(path) is None
