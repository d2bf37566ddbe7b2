"""Whole runs of a source whose attached files are documents of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from confluence_to_twig.confluence.extract.files_left_out import UNREADABLE
from confluence_to_twig.confluence.sweep.missing_files import REMOVED
from confluence_to_twig.planning.decision import RESTRICTED, RESTRICTED_ABOVE
from sandbox.confluence import faults
from tests.dags.conftest import Site

SEARCH = r"content/search\?cql=space"


@pytest.fixture
def filed(site: Site) -> Site:
    """A source with files as documents: two on one page, one and a picture on another."""
    site.configure(attachments="documents")
    site.confluence.attach("alpha-1", "limits.csv", b"part,volts\npump,230\nvalve,24\n", "text/csv")
    site.confluence.attach("alpha-1", "notes.md", b"# Valves\n\nThe zebra valve opens last.", "text/markdown")
    site.confluence.attach("beta-2", "guide.txt", b"Grease the quokka bearing twice a year.", "text/plain")
    site.confluence.attach("beta-2", "photo.png", b"\x89PNG", "image/png")
    return site


def sent(site: Site) -> set[str]:
    """Titles of the documents that the last run sent to Twig."""
    held = site.held()
    return {held[key].title for record in site.twig.twig.log.records() for key in record.upserts}


def downloads(site: Site) -> int:
    return int(site.confluence.log.count(r"/child/attachment/.*/download"))


def test_files_live_and_go_with_their_pages(filed: Site) -> None:
    site, confluence = filed, filed.confluence
    report = site.run()
    assert report["state"] == "success"
    assert (report["pages"], report["files"]) == (12, 3)
    assert report["summary"].startswith("12 pages and 3 files → ")
    held = {document.title: document for document in site.held().values()}
    assert "photo.png" not in held
    page, file = held["Alpha topic 1"], held["notes.md"]
    assert file.version == 1
    assert file.metadata["labels"] == page.metadata["labels"] == ["guide"]
    assert file.metadata["ancestors"] == [*page.metadata["ancestors"], "Alpha topic 1"]
    assert confluence.id_of("alpha-1") in file.url
    assert {chunk.url for chunk in file.chunks} == {file.url}
    assert "Alpha topic 1 › notes.md" in file.chunks[0].text
    assert "zebra" in file.chunks[0].text
    assert "zebra" not in " ".join(chunk.text for chunk in page.chunks)
    assert "[notes.md](" in " ".join(chunk.text for chunk in page.chunks)
    assert "| pump | 230 |" in held["limits.csv"].chunks[0].text

    confluence.edit("alpha-1", storage="<p>Written anew.</p>")
    confluence.attach("beta-2", "guide.txt", b"Grease the quokka bearing every month.", "text/plain")
    report = site.run()
    versions = ("fetch", "version 1 → 2")
    assert site.plan(report) == {"Alpha topic 1": versions, "guide.txt": versions}
    assert sent(site) == {"Alpha topic 1", "guide.txt"}
    assert downloads(site) == 1

    confluence.restrict("beta-2", groups=["staff"])
    confluence.move("alpha-1", "beta")
    [limits] = [key for key, document in site.held().items() if document.title == "limits.csv"]
    confluence.detach(limits)
    report = site.run()
    assert site.plan(report) == {
        "Alpha topic 1": ("fetch", "moved"),
        "notes.md": ("fetch", "moved"),
        "limits.csv": ("delete", REMOVED),
        "Beta topic 2": ("delete", RESTRICTED),
        "guide.txt": ("delete", RESTRICTED_ABOVE),
    }
    assert (report["pages"], report["files"]) == (11, 1)
    [notes] = [document for document in site.held().values() if document.title == "notes.md"]
    assert notes.metadata["ancestors"] == ["Handbook", "Beta", "Alpha topic 1"]

    site.configure(attachments="names")
    report = site.run()
    hidden = {"Beta topic 2": ("skip", RESTRICTED)}
    assert site.plan(report) == hidden | {"notes.md": ("delete", "attachments are no longer synced")}
    assert (report["pages"], report["files"]) == (11, 0)
    site.configure(attachments="documents")
    hidden["guide.txt"] = ("skip", RESTRICTED_ABOVE)
    assert site.plan(site.run()) == hidden | {"notes.md": ("fetch", "new to Twig")}
    assert sent(site) == {"notes.md"}


def test_a_file_that_cannot_be_read_any_more_goes_and_one_that_cannot_be_had_stays(filed: Site) -> None:
    site, confluence = filed, filed.confluence
    confluence.attach("alpha-1", "old.docx", b"no Word document", "application/octet-stream")
    report = site.run()
    assert report["state"] == "success"
    assert any("old.docx" in warning and "is no document" in warning for warning in report["warnings"])
    assert not report["failures"]
    assert "old.docx" not in site.held_titles()

    confluence.attach("alpha-1", "notes.md", b"\x00\x01\x02", "text/markdown")
    confluence.attach("beta-2", "guide.txt", b"Grease the quokka bearing every month.", "text/plain")
    confluence.fail(faults.Refuse(500), r"child/attachment/.*/download", times=None)
    report = site.run()
    assert {row["title"] for row in report["failures"]} == {"notes.md", "guide.txt"}
    assert {"notes.md", "guide.txt"} <= site.held_titles()
    confluence.faults.clear()

    confluence.fail(faults.Refuse(403), SEARCH, times=None)  # each page is asked for its files
    report = site.run()
    assert site.plan(report).keys() == {"notes.md", "guide.txt", "old.docx"}
    assert sent(site) == {"guide.txt"}
    confluence.faults.clear()

    confluence.trash("beta-2")
    assert site.plan(site.run()) == {
        "old.docx": ("skip", UNREADABLE),
        "notes.md": ("delete", UNREADABLE),
        "Beta topic 2": ("delete", "trashed"),
        "guide.txt": ("delete", "trashed"),
    }


def test_lanes_find_new_files_new_versions_and_removed_files(filed: Site) -> None:
    site, confluence = filed, filed.confluence
    site.configure(attachments="documents", schedule="*/5 * * * *")
    site.run()
    confluence.attach("beta-2", "guide.txt", b"Grease the quokka bearing every month.", "text/plain")
    confluence.attach("alpha-2", "late.txt", b"The wombat gauge reads in bar.", "text/plain")
    report = site.run()
    assert report["look"]["kind"] == "lane"
    assert site.plan(report) == {
        "guide.txt": ("fetch", "version 1 → 2"),
        "late.txt": ("fetch", "new to Twig"),
        "Alpha topic 2": ("fetch", "attachments changed"),  # it lists its files by name
    }
    [limits] = [key for key, document in site.held().items() if document.title == "limits.csv"]
    confluence.detach(limits)
    confluence.attach("alpha-1", "more.txt", b"The numbat hinge needs no oil.", "text/plain")
    report = site.run()
    assert report["look"]["kind"] == "lane"
    assert site.plan(report) == {
        "limits.csv": ("delete", REMOVED),
        "more.txt": ("fetch", "new to Twig"),
        "Alpha topic 1": ("fetch", "attachments changed"),
    }
    assert site.plan(site.run()) == {}


def test_files_are_delivered_as_files_one_by_one_and_in_bundles(filed: Site, tmp_path: Path) -> None:
    site = filed
    folder = tmp_path / "for-twig" / "small" / "documents"
    target = {"delivery": "files", "files_path": str(tmp_path / "for-twig"), "files_format": "txt", "audit_every": "0"}
    site.configure(attachments="documents", **target)
    assert site.run()["state"] == "success"
    ids = [f"att{key}" for key in site.confluence.store.attachments]
    named = sorted(path.name for path in folder.iterdir() if path.name.startswith("att"))
    assert len(named) == 3
    assert all(name.split("-")[0] in ids for name in named)
    report = site.run()
    assert report["state"] == "success"
    assert report["summary"].endswith(": nothing to do")

    site.configure(attachments="documents", **target, files_limit=11)
    assert site.run()["state"] == "success"
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert {name.split("-")[1] for name in texts} == {"top", "blog", site.confluence.id_of("home")}
    assert "quokka" in "".join(texts.values())
