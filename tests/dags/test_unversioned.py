"""What changes without a new version of the page: comments, attachments, rendered macros, live docs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from confluence_to_twig.staging.files import read_json, write_json
from confluence_to_twig.staging.layout import SourceStaging, staging_root
from sandbox.confluence import faults
from sandbox.seed import SeedPage
from tests.dags.conftest import Site

LOOK = r"content/search\?cql=space"


def text_of(site: Site, page: str) -> str:
    document = site.held()[site.confluence.id_of(page)]
    return " ".join(chunk.text for chunk in document.chunks)


@pytest.fixture
def talked_about(site: Site) -> Site:
    """With comments and files, after its first run."""
    confluence = site.confluence
    confluence.comment("alpha-2", "<p>Written at first.</p>")
    confluence.comment("alpha-3", "<p>A settled question.</p>", anchor="alpha-3-widgets")
    confluence.comment("alpha-4", "<p>Taken back.</p>")
    confluence.comment("beta-1", "<p>Stays as it is.</p>")
    confluence.attach("beta-2", "limits.txt", b"At most 5 volts.", "text/plain")
    confluence.attach("beta-3", "old.txt", b"Out of date.", "text/plain")
    site.prepared("small space with comments and files")
    site.configure(comments=True, attachments="text")
    site.first_run()
    return site


def comment_on(site: Site, page: str) -> str:
    (found,) = (
        it for it in site.confluence.store.comments.values() if str(it.content_id) == site.confluence.id_of(page)
    )
    return str(found.id)


def test_comments_are_followed(talked_about: Site) -> None:
    site, confluence = talked_about, talked_about.confluence
    assert "Taken back" in text_of(site, "alpha-4")

    confluence.comment("alpha-1", "<p>A remark.</p>")
    confluence.edit_comment(comment_on(site, "alpha-2"), "<p>Written anew.</p>")
    confluence.resolve_comment(comment_on(site, "alpha-3"))
    confluence.delete_comment(comment_on(site, "alpha-4"))
    report = site.run()
    assert site.plan(report) == {f"Alpha topic {number}": ("fetch", "comments changed") for number in range(1, 5)}
    assert "A remark" in text_of(site, "alpha-1")
    assert "Written anew" in text_of(site, "alpha-2")
    assert "settled" not in text_of(site, "alpha-3")
    assert "Taken back" not in text_of(site, "alpha-4")

    report = site.run()
    assert site.plan(report) == {}
    assert site.bodies_fetched() == 0
    assert confluence.log.count(LOOK) == 1


def test_attachments_are_followed_and_a_page_that_failed_is_found_again(talked_about: Site) -> None:
    site, confluence = talked_about, talked_about.confluence
    assert "5 volts" in text_of(site, "beta-2")
    assert "old.txt" in text_of(site, "beta-3")
    [removed] = [it for it in confluence.store.attachments.values() if str(it.content_id) == confluence.id_of("beta-3")]

    confluence.attach("beta-2", "limits.txt", b"At most 9 kilovolts.", "text/plain")
    confluence.detach(f"att{removed.id}")
    changed = {f"Beta topic {number}": ("fetch", "attachments changed") for number in (2, 3)}
    confluence.fail(faults.Refuse(500), "body-format", times=None)
    report = site.run()
    assert site.plan(report) == changed
    assert "5 volts" in text_of(site, "beta-2")
    confluence.faults.clear()

    report = site.run()
    assert site.plan(report) == changed
    assert "9 kilovolts" in text_of(site, "beta-2")
    assert "old.txt" not in text_of(site, "beta-3")


def test_a_search_that_fails_changes_nothing_and_loses_nothing(talked_about: Site) -> None:
    site, confluence = talked_about, talked_about.confluence
    confluence.comment("alpha-1", "<p>A remark.</p>")
    confluence.fail(faults.Refuse(403), LOOK, times=None)
    report = site.run()
    assert report["state"] == "success"
    assert site.plan(report) == {}
    assert any("Changes of attachments and comments cannot be seen" in warning for warning in report["warnings"])
    confluence.faults.clear()
    assert site.plan(site.run()) == {"Alpha topic 1": ("fetch", "comments changed")}


def test_a_run_after_an_upgrade_only_notes(talked_about: Site) -> None:
    site = talked_about
    (SourceStaging(staging_root(), "small").home / "decorations.json").unlink()
    assert site.plan(site.run()) == {}
    site.confluence.comment("alpha-2", "<p>Another one.</p>")
    assert site.plan(site.run()) == {"Alpha topic 2": ("fetch", "comments changed")}


def test_rendered_pages_are_rendered_again_when_they_are_old(site: Site) -> None:
    macro = '<ac:structured-macro ac:name="attachments" />'
    site.confluence.add_page("SMALL", SeedPage("report", "Report", macro), parent="home")
    site.run()
    path = SourceStaging(staging_root(), "small").home / "decorations.json"
    noted = read_json(path)
    assert list(noted["rendered"]) == [site.confluence.id_of("report")]
    assert site.plan(site.run()) == {}
    noted["rendered"] = dict.fromkeys(noted["rendered"], "2026-01-01T00:00:00+00:00")
    write_json(path, noted)
    assert site.plan(site.run()) == {"Report": ("fetch", "rendered again")}
    (moment,) = read_json(path)["rendered"].values()
    assert datetime.fromisoformat(moment) > datetime(2026, 1, 2, tzinfo=UTC)


def test_a_live_doc_that_comes_back_empty_keeps_its_text(site: Site) -> None:
    site.confluence.make_live("alpha-1")
    site.run()
    before = text_of(site, "alpha-1")
    site.confluence.edit("alpha-1", storage="")
    report = site.run()
    assert report["state"] == "success"
    assert text_of(site, "alpha-1") == before
    assert any("live doc came back empty" in warning and "Alpha topic 1" in warning for warning in report["warnings"])
