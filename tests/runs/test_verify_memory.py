from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from confluence_to_twig.runs.verify_memory import VerifyMemory, read_verify_memory, write_verify_memory
from confluence_to_twig.staging.files import read_json
from confluence_to_twig.twig.finding import Finding
from tests.twig.world import local_staging

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
MISSING = Finding("missing", "1", "Page 1", "https://e.net/1", "hash", "Twig does not list it")


def joined(memory: VerifyMemory, *found: Finding, run: str = "later", acknowledge: bool = False) -> list[Finding]:
    return memory.joined_with(found, run, NOW, acknowledge=acknowledge)


def test_comes_back_as_it_was_written_with_its_format(tmp_path: Path) -> None:
    staging = local_staging(tmp_path)
    finding = replace(MISSING, questions=("a", "b"), since=NOW, run_id="run", acknowledged=True)
    memory = VerifyMemory((finding,), NOW, frozenset({"write abc"}), {"cited": 3})
    write_verify_memory(staging, memory)
    assert read_verify_memory(staging) == memory
    assert '"format"' in (tmp_path / "product-docs" / "verify.json").read_text()
    assert "format" not in read_json(staging.home / "verify.json")


@pytest.mark.parametrize("content", ["", "[]", '{"findings": 1}', '{"format": 99}', '{"findings": [{"kind": "x"}]}'])
def test_a_damaged_file_is_as_none(tmp_path: Path, content: str) -> None:
    staging = local_staging(tmp_path)
    assert read_verify_memory(staging) == VerifyMemory()
    write_verify_memory(staging, VerifyMemory((MISSING,)))
    (tmp_path / "product-docs" / "verify.json").write_text(content)
    assert read_verify_memory(staging) == VerifyMemory()


def test_all_documents_are_due_at_first_and_after_the_time_is_over() -> None:
    every = timedelta(hours=24)
    assert VerifyMemory().is_due(every, NOW)
    assert not VerifyMemory(audited_at=NOW - timedelta(hours=23)).is_due(every, NOW)
    assert VerifyMemory(audited_at=NOW - every).is_due(every, NOW)
    assert VerifyMemory(audited_at=NOW).is_due(timedelta(0), NOW)


def test_a_finding_keeps_the_run_that_found_it_first() -> None:
    first = joined(VerifyMemory(), MISSING, run="first")
    assert [(entry.run_id, entry.since) for entry in first] == [("first", NOW)]
    assert joined(VerifyMemory(tuple(first)), MISSING)[0].run_id == "first"
    assert joined(VerifyMemory(tuple(first))) == []  # good again


def test_what_earlier_runs_found_is_acknowledged_and_stays_so() -> None:
    memory = VerifyMemory(tuple(joined(VerifyMemory(), MISSING, run="first")))
    seen = joined(memory, MISSING, acknowledge=True)
    assert seen[0].acknowledged
    assert joined(VerifyMemory(tuple(seen)), MISSING)[0].acknowledged


def test_what_the_acknowledging_run_itself_finds_is_not_acknowledged() -> None:
    memory = VerifyMemory(tuple(joined(VerifyMemory(), MISSING, run="now")))
    assert not joined(memory, MISSING, run="now", acknowledge=True)[0].acknowledged
    other = replace(MISSING, page_id="2")
    assert not joined(memory, other, acknowledge=True)[0].acknowledged


def test_another_content_is_another_finding() -> None:
    memory = VerifyMemory(tuple(joined(VerifyMemory(), MISSING, run="first")))
    assert not joined(memory, replace(MISSING, detail="other"), acknowledge=True)[0].acknowledged
