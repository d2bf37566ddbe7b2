"""Whole runs that deliver files, and whole runs after something happened to Twig or to the manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from confluence_to_twig.staging.layout import SourceStaging, staging_root
from sandbox.twig import data_specs, models
from tests.dags.conftest import Site


@pytest.fixture
def folder(site: Site, tmp_path: Path) -> Path:
    site.configure(delivery="files", files_path=str(tmp_path / "for-twig"), files_format="md")
    return tmp_path / "for-twig" / "small" / "documents"


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}


def test_delivers_one_markdown_file_a_page_needs_no_route_of_twig_and_follows_changes_only(
    site: Site, folder: Path
) -> None:
    report = site.run()
    assert report["state"] == "success"
    assert len(texts(folder)) == 12
    # It looks for the data source that somebody may have made for the folder, and finds none.
    assert {(record.method, record.path) for record in site.twig.twig.log.records()} == {("GET", "/api/data-specs")}
    (topic,) = [text for name, text in texts(folder).items() if "alpha-topic-1" in name]
    assert "alpha-1-widgets" in topic
    assert f"/pages/{site.confluence.id_of('alpha-1')}/" in topic

    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.md")}
    assert site.run()["summary"].endswith(": nothing to do")
    site.confluence.edit("alpha-1", storage="<p>Rewritten for the folder.</p>")
    site.confluence.trash("beta-4")
    report = site.run()
    assert (report["result"]["changed"], report["result"]["removed"]) == (1, 1)
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.md")}
    assert len(after) == 11
    assert sum(before.get(name) != time for name, time in after.items()) == 1


def test_more_pages_than_files_share_bundles_until_there_may_be_more(site: Site, tmp_path: Path) -> None:
    target = {"delivery": "files", "files_path": str(tmp_path / "for-twig"), "files_format": "txt"}
    folder = tmp_path / "for-twig" / "small" / "documents"
    site.configure(**target, files_limit=11)
    assert site.run()["state"] == "success"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name.split("-")[1] for name in before} == {"top", "blog", site.confluence.id_of("home")}
    text = b"".join(before.values()).decode()
    assert text.count("Address: ") == 12

    site.confluence.edit("alpha-1", storage="<p>Rewritten for the bundle.</p>")
    site.confluence.trash("beta-4")
    assert site.run()["state"] == "success"
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert [name for name in after if after[name] != before[name]] == [
        f"pages-{site.confluence.id_of('home')}-0-handbook.txt"
    ]
    assert "beta-4" not in b"".join(after.values()).decode()
    assert site.run()["summary"].endswith(": nothing to do")

    site.configure(**target, files_limit=100)
    report = site.run()
    assert report["state"] == "success"
    assert len(list(folder.iterdir())) == report["result"]["pages"] == 11
    assert site.run()["summary"].endswith(": nothing to do")


def test_a_source_of_the_first_release_goes_on_with_its_markdown(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "for-twig" / "small" / "documents"
    site.configure(delivery="files", files_path=str(tmp_path / "for-twig"), files_format="folder", files_limit=1)
    site.run()
    site.configure(delivery="files", files_path=str(tmp_path / "for-twig"), files_limit=1)
    report = site.run()
    assert report["summary"].endswith(": nothing to do")
    assert len(texts(folder)) == 12


def test_a_lost_manifest_is_rebuilt_from_twig_and_nothing_is_sent_again(site: Site) -> None:
    site.first_run()
    held = site.held()
    home = SourceStaging(staging_root(), "small").home
    home.rmdir(recursive=True)
    report = site.run()
    assert report["state"] == "success"
    assert site.held() == held
    assert report["result"]["pages"] == 12
    assert any("rebuilt" in warning for warning in report["warnings"])
    assert report["figures"].get("chunks_sent", 0) == 0


def test_repair_mends_what_others_changed_in_twig(site: Site) -> None:
    site.first_run()
    site.configure(repair=True)
    held = site.held()
    (spec,) = site.twig.twig.data_specs()
    site.twig.twig.forget_document(spec["id"], site.confluence.id_of("alpha-1"))
    site.twig.twig.alter_document(spec["id"], site.confluence.id_of("beta-1"))
    report = site.run()
    assert report["state"] == "success"
    assert {title for title, (action, _) in site.plan(report).items() if action == "fetch"} == {
        "Alpha topic 1",
        "Beta topic 1",
    }
    assert {key: value.chunks for key, value in site.held().items()} == {
        key: value.chunks for key, value in held.items()
    }


def test_without_repair_drift_is_red_and_says_what_to_do(site: Site) -> None:
    site.first_run()
    (spec,) = site.twig.twig.data_specs()
    site.twig.twig.forget_document(spec["id"], site.confluence.id_of("alpha-1"))
    report = site.run()
    assert report["state"] == "failed"
    assert any("repair" in problem for problem in report["problems"])


def test_a_failed_processing_is_red_with_twigs_own_log_lines(site: Site) -> None:
    from sandbox.twig import ProcessFailure

    site.twig.twig.fail_processing(ProcessFailure("embedding quota used up", ("step embed", "quota exceeded")))
    report = site.run()
    assert report["state"] == "failed"
    (error,) = report["errors"]
    assert "embedding quota used up" in error["error"]
    assert "quota exceeded" in error["error"]
    healed = site.run()
    assert healed["state"] == "success"
    assert site.twig.twig.data_specs()[0]["status"] == "active"


def test_files_that_somebody_removed_or_changed_turn_the_run_red_and_repair_mends_them(
    site: Site, folder: Path, tmp_path: Path
) -> None:
    site.run()
    (removed,) = folder.glob("*alpha-topic-2*")
    removed.unlink()
    (changed,) = folder.glob("*alpha-topic-1*")
    written = changed.read_bytes()
    changed.write_bytes(b"Somebody else's text")
    report = site.run()
    assert report["state"] == "failed"
    assert any("Alpha topic 2" in problem for problem in report["problems"])
    assert any(
        f"{changed.name} in " in problem and "is not what was written" in problem for problem in report["problems"]
    )
    assert any("set `repair: true` in the entry of small" in problem for problem in report["problems"])

    site.configure(delivery="files", files_path=str(tmp_path / "for-twig"), files_format="md", repair=True)
    assert site.run()["state"] == "success"
    assert changed.read_bytes() == written
    assert removed.exists()


def test_files_that_twig_does_not_cite_are_waited_for_and_then_a_warning(
    site: Site, folder: Path, tmp_path: Path
) -> None:
    twig = site.twig.twig
    with twig.store.transaction() as db:
        spec = data_specs.create(db, site.twig.org_id, models.NewDataSpec(name="small", type="SHAREPOINT"), twig.now())
    first = site.run()
    assert first["state"] == "success"
    assert first["figures"]["waiting"] == first["figures"]["searched"] > 5
    assert not any("cited" in warning for warning in first["warnings"])
    assert first["quality"]["rules"]["cited"] == {"value": None, "limit": 0.9, "good": True}

    site.configure(delivery="files", files_path=str(tmp_path / "for-twig"), files_format="md", files_settle="0 days")
    late = site.run()
    assert late["state"] == "success"
    assert sum("it is not cited" in warning for warning in late["warnings"]) == first["figures"]["waiting"]
    assert late["quality"]["rules"]["cited"] == {"value": 0.0, "limit": 0.9, "good": False}
    assert not late["quality"]["good"]

    twig.import_files(spec["id"], folder)
    found = site.run()
    assert (found["figures"]["open"], found["figures"]["cited"]) == (0, first["figures"]["searched"])
    assert found["quality"]["good"]
