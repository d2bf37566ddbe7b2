from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.staging import parquet
from confluence_to_twig.staging.files import exists
from confluence_to_twig.staging.parquet import ParquetWriter, iter_rows, read_table, write_rows
from tests.staging.stores import names_in

SCHEMA = pa.schema([pa.field("number", pa.int64(), nullable=False), ("text", pa.large_string())])


@pytest.fixture
def path(folder: ObjectStoragePath) -> ObjectStoragePath:
    return folder / "deep" / "er" / "rows.parquet"


def test_reads_back_what_was_written(path: ObjectStoragePath) -> None:
    rows = [{"number": number, "text": f"text {number} – ünïcode"} for number in range(5_000)]
    assert write_rows(path, SCHEMA, rows) == 5_000
    assert list(iter_rows(path)) == rows
    assert read_table(path, ["number"]).num_rows == 5_000


def test_rows_that_are_wanted_are_read_without_the_row_groups_of_others(
    path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 10)
    rows = [{"number": number, "text": str(number)} for number in range(100)]
    write_rows(path, SCHEMA, rows)
    assert list(iter_rows(path, where=("number", [99, 3, 5, 1_000]))) == [rows[3], rows[5], rows[99]]
    assert list(iter_rows(path, ["text"], where=("number", [57]))) == [{"text": "57"}]
    assert list(iter_rows(path, where=("number", []))) == []
    read = []
    whole = pa.parquet.ParquetFile.read_row_group
    monkeypatch.setattr(
        pa.parquet.ParquetFile,
        "read_row_group",
        lambda self, number, columns=None, **how: read.append((number, columns)) or whole(self, number, columns, **how),
    )
    list(iter_rows(path, where=("number", [57])))
    assert [number for number, columns in read if columns is None] == [5]


def test_an_empty_file_keeps_its_schema(path: ObjectStoragePath) -> None:
    write_rows(path, SCHEMA, [])
    assert read_table(path).schema == SCHEMA


def test_nothing_is_visible_until_the_file_is_complete(path: ObjectStoragePath) -> None:
    with ParquetWriter(path, SCHEMA) as writer:
        writer.write({"number": 1, "text": "a"})
        assert not exists(path)
    assert exists(path)
    assert names_in(path.parent) == ["rows.parquet"]


def test_a_failure_leaves_the_older_file_and_no_rest(path: ObjectStoragePath) -> None:
    write_rows(path, SCHEMA, [{"number": 1, "text": "old"}])
    with pytest.raises(RuntimeError, match="half way"), ParquetWriter(path, SCHEMA) as writer:
        writer.write({"number": 2, "text": "new"})
        raise RuntimeError("half way")
    assert list(iter_rows(path)) == [{"number": 1, "text": "old"}]
    assert names_in(path.parent) == ["rows.parquet"]


def test_a_row_that_does_not_fit_the_schema_is_refused_and_nothing_is_published(path: ObjectStoragePath) -> None:
    with pytest.raises(pa.ArrowInvalid):
        write_rows(path, SCHEMA, [{"number": "seven", "text": ""}])
    assert not exists(path)


def test_memory_holds_one_row_group(path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1_000)
    write_rows(path, SCHEMA, [{"number": number, "text": "x" * 400} for number in range(9)])
    with path.open("rb") as file:
        assert pa.parquet.ParquetFile(file).num_row_groups == 3


READER = """
import os, sys
import pyarrow as pa
from confluence_to_twig.staging.layout import root_at
from confluence_to_twig.staging.parquet import iter_rows, read_table, write_rows

path = root_at(sys.argv[1]) / "some.parquet"
write_rows(path, pa.schema({"a": pa.string(), "b": pa.string()}), [{"a": "1", "b": "2"}] * 1_000)
before = len(os.listdir("/proc/self/task"))
assert read_table(path).num_rows == len(list(iter_rows(path))) == len(list(iter_rows(path, where=("a", {"1"})))) == 1_000
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in Linux's /proc")
def test_reading_leaves_no_thread_that_could_outlive_python(tmp_path: Path) -> None:
    command = [sys.executable, "-c", READER, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split()[-1] == "0"
