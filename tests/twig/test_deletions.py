from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.files import files_in
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.twig import deletions as module
from confluence_to_twig.twig.deletions import DELETIONS, DeletionLog
from tests.twig.world import local_staging


@pytest.fixture
def log(tmp_path: Path) -> DeletionLog:
    return DeletionLog(local_staging(tmp_path))


def entry(page_id: str, run_id: str = "run") -> dict[str, object]:
    return {
        "page_id": page_id, "title": f"Page {page_id}", "url": "https://x", "version": 1, "reason": "trashed",
        "run_id": run_id, "approved_by": None,
    }  # fmt: skip


def pages(log: DeletionLog) -> list[str]:
    return [row["page_id"] for row in log.read().to_pylist()]


def test_an_empty_audit_can_be_read(log: DeletionLog) -> None:
    assert log.read().schema == DELETIONS
    assert log.read().num_rows == 0


def test_keeps_what_was_appended_in_order(log: DeletionLog) -> None:
    log.append("a", [entry("1"), entry("2")])
    log.merge()
    log.append("b", [entry("3")])
    assert pages(log) == ["1", "2", "3"]
    log.merge()
    assert pages(log) == ["1", "2", "3"]
    (month,) = files_in(log.months)
    assert month == f"{datetime.now(UTC):%Y-%m}.parquet"


def test_the_same_page_deleted_twice_by_two_batches_stands_there_twice(log: DeletionLog) -> None:
    log.append("a", [entry("1", "run-1")])
    log.append("b", [entry("1", "run-2")])
    log.merge()
    assert pages(log) == ["1", "1"]


def test_the_same_batch_again_changes_nothing(log: DeletionLog) -> None:
    log.append("a", [entry("1")])
    log.merge()
    log.append("a", [entry("1")])
    log.merge()
    assert pages(log) == ["1"]


def test_merges_that_overtake_each_other_lose_nothing(log: DeletionLog, tmp_path: Path) -> None:
    log.append("a", [entry("1")])
    log.merge()
    (month,) = log.months.iterdir()
    overtaken = month.read_bytes()
    log.append("b", [entry("2")])
    log.merge()
    month.write_bytes(overtaken)
    assert pages(log) == ["1", "2"]


def test_batches_are_removed_once_they_are_old_and_merged(log: DeletionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append("a", [entry("1")])
    log.merge()
    assert len(list(log.batches.iterdir())) == 1
    monkeypatch.setattr(module, "GRACE", timedelta(0))
    log.merge()
    assert list(log.batches.iterdir()) == []
    assert pages(log) == ["1"]


def test_a_damaged_audit_is_not_taken_for_an_empty_one(log: DeletionLog) -> None:
    log.append("a", [entry("1")])
    log.merge()
    (month,) = log.months.iterdir()
    month.write_bytes(b"damaged")
    with pytest.raises(PermanentError, match="backup"):
        log.read()
    with pytest.raises(PermanentError):
        log.merge()
    assert month.read_bytes() == b"damaged"


def in_month(log: DeletionLog, batch: str, moment: datetime) -> None:
    """A batch that was recorded at that time, as another run would have left it."""
    rows = [{**entry(batch), "deleted_at": moment, "batch": batch}]
    write_rows(log.batches / f"{batch}.parquet", DELETIONS, rows)


def test_a_merge_touches_only_the_months_that_have_something_new(log: DeletionLog) -> None:
    in_month(log, "a", datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    log.merge()
    (january,) = log.months.iterdir()
    before = Path(january.path).stat().st_mtime_ns, january.read_bytes()
    in_month(log, "b", datetime(2026, 2, 1, tzinfo=UTC))
    log.merge()
    log.merge()
    assert files_in(log.months) == ["2026-01.parquet", "2026-02.parquet"]
    assert (Path(january.path).stat().st_mtime_ns, january.read_bytes()) == before
    assert pages(log) == ["a", "b"]


def test_what_former_releases_wrote_is_read_and_not_written(log: DeletionLog) -> None:
    former = log.months.parent / "deletions.parquet"
    rows = [{**entry("0"), "deleted_at": datetime(2025, 1, 1, tzinfo=UTC), "batch": "old"}]
    write_rows(former, DELETIONS, rows)
    before = former.read_bytes()
    log.append("a", [entry("1")])
    log.merge()
    assert pages(log) == ["0", "1"]
    assert former.read_bytes() == before


def test_months_that_are_too_old_go(log: DeletionLog) -> None:
    for month in (1, 2, 3):
        in_month(log, f"m{month}", datetime(2026, month, 15, tzinfo=UTC))
    log.merge()
    for path in log.batches.iterdir():
        path.unlink()
    former = log.months.parent / "deletions.parquet"
    write_rows(former, DELETIONS, [])
    log.forget_before(datetime(2026, 2, 20, tzinfo=UTC))
    assert files_in(log.months) == ["2026-02.parquet", "2026-03.parquet"]
    assert former.exists()
    log.forget_before(datetime.now(UTC) + timedelta(days=40))
    assert files_in(log.months) == []
    assert not former.exists()
