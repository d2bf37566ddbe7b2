from __future__ import annotations

from pathlib import Path

import pytest

from confluence_to_twig.errors import PermanentError
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
    assert log.path.exists()


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
    overtaken = log.path.open("rb").read()
    log.append("b", [entry("2")])
    log.merge()
    log.path.open("wb").write(overtaken)
    assert pages(log) == ["1", "2"]


def test_batches_are_removed_once_they_are_old_and_merged(log: DeletionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    log.append("a", [entry("1")])
    log.merge()
    assert len(list(log.folder.iterdir())) == 1
    monkeypatch.setattr(module, "GRACE", timedelta(0))
    log.merge()
    assert list(log.folder.iterdir()) == []
    assert pages(log) == ["1"]


def test_a_damaged_audit_is_not_taken_for_an_empty_one(log: DeletionLog) -> None:
    log.append("a", [entry("1")])
    log.merge()
    log.path.open("wb").write(b"damaged")
    with pytest.raises(PermanentError, match="backup"):
        log.read()
    with pytest.raises(PermanentError):
        log.merge()
    assert log.path.read_bytes() == b"damaged"
