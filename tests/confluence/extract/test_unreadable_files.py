"""An attached file that cannot be read costs its own text only, and is not read again until it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.confluence.api.attached import Attachment, attachment_from_v1, attachment_from_v2
from confluence_to_twig.confluence.extract.extract_shard import extract_shard
from confluence_to_twig.confluence.extract.page import ExtractOptions, ExtractReport
from confluence_to_twig.confluence.extract.unreadable_files import UnreadableFiles, forget_old, old_names
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.staging.files import files_in, remove, write_bytes
from confluence_to_twig.staging.parquet import read_table
from sandbox.confluence.sandbox import SandboxConfluence
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import forget_requests, requests_of
from tests.content.attachments import hostile_files

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FILE = Attachment("att7", "plan.docx", WORD, 855, "https://x", "12", version=3)


@pytest.fixture
def folder(tmp_path: Path) -> ObjectStoragePath:
    return ObjectStoragePath(f"file://{tmp_path}/docs/unreadable")


def extract(sandbox: SandboxConfluence, connect: ClientFactory, folder: ObjectStoragePath) -> ExtractReport:
    """One try of a run: nothing of an earlier one is left but what is noted."""
    with connect(sandbox) as client:
        space = client.space("PROD")
        table = sweep(client, space).table
        rows = [row for row in table.to_pylist() if row["title"] == "Rich"]
        forget_requests(sandbox)
        out = folder.parent / "shard-0000.parquet"
        options = ExtractOptions(attachments="text")
        return extract_shard(client, space, rows, inventory=table, out=out, options=options, unreadable=folder)


def texts(folder: ObjectStoragePath) -> dict[str, str | None]:
    (page,) = read_table(folder.parent / "shard-0000.parquet").to_pylist()
    return {attachment["title"]: attachment["text"] for attachment in page["attachments"]}


def downloads(sandbox: SandboxConfluence) -> int:
    requests_of(sandbox)
    return sandbox.log.count("/download")


def test_the_page_goes_on_without_a_hostile_file_which_is_read_again_when_it_changes(
    sandbox: SandboxConfluence, connect: ClientFactory, folder: ObjectStoragePath
) -> None:
    sandbox.attach("rich", "bomb.docx", hostile_files.many_paragraphs(), WORD)
    sandbox.attach("rich", "secret.pdf", hostile_files.pdf(password="x"), "application/pdf")
    report = extract(sandbox, connect, folder)
    assert (report.got, report.failed) == (1, 0)
    assert texts(folder)["notes.txt"] == "Read me first."
    assert texts(folder)["bomb.docx"] is None
    assert sorted(warning.split(" ")[1] for warning in report.warnings) == ["bomb.docx", "secret.pdf"]
    assert downloads(sandbox) == 3
    assert len(files_in(folder)) == 2

    again = extract(sandbox, connect, folder)
    assert downloads(sandbox) == 1, "only the good file is asked for"
    assert all("as was found on" in warning for warning in again.warnings)
    assert any("protected by a password" in warning for warning in again.warnings)

    sandbox.attach("rich", "bomb.docx", hostile_files.good_docx(), WORD)
    extract(sandbox, connect, folder)
    assert (texts(folder)["bomb.docx"] or "").startswith("## Backup plan")


def test_a_file_is_known_by_its_version_and_by_the_readers(
    folder: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    UnreadableFiles(folder, date(2026, 3, 1)).add(FILE, "it is broken")
    later = UnreadableFiles(folder, date(2026, 3, 2))
    assert later.reason(FILE) == "it is broken, as was found on 2026-03-01"
    assert later.reason(replace(FILE, version=4)) is None
    assert later.reason(replace(FILE, file_size=856)) is None
    assert later.reason(replace(FILE, id="att70")) is None
    monkeypatch.setattr("confluence_to_twig.confluence.extract.unreadable_files.READERS_VERSION", 99)
    assert UnreadableFiles(folder, date(2026, 3, 2)).reason(FILE) is None


def test_a_note_that_is_damaged_or_gone_stops_nothing(folder: ObjectStoragePath) -> None:
    UnreadableFiles(folder, date(2026, 3, 1)).add(FILE, "it is broken")
    (name,) = files_in(folder)
    known = UnreadableFiles(folder, date(2026, 3, 2))
    write_bytes(folder / name, b"{")
    assert "could not be read" in (known.reason(FILE) or "")
    remove(folder / name)
    assert "could not be read" in (known.reason(FILE) or "")


def test_without_a_folder_nothing_is_noted() -> None:
    unreadable = UnreadableFiles(None, date(2026, 3, 1))
    unreadable.add(FILE, "it is broken")
    assert unreadable.reason(FILE) is None


def test_old_notes_go_and_other_files_stay(folder: ObjectStoragePath) -> None:
    for day in (date(2026, 1, 1), date(2026, 6, 1)):
        UnreadableFiles(folder, day).add(replace(FILE, version=day.month), "it is broken")
    write_bytes(folder / "notes.json", b"{}")
    assert old_names(files_in(folder), date(2026, 6, 30)) == []
    forget_old(folder, date(2026, 7, 1))
    assert [name[:10] for name in files_in(folder)] == ["2026-06-01", "notes.json"]


def test_both_apis_tell_the_version_of_a_file() -> None:
    item = {"id": "att7", "title": "a", "container": {"id": "1"}, "version": {"number": 4}}
    assert attachment_from_v1(item, "").version == 4
    assert attachment_from_v2(item, "1", "").version == 4
    for odd in (None, "x", {}, {"number": "new"}):
        assert attachment_from_v2(item | {"version": odd}, "1", "").version == 0
