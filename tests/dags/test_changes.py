"""What whole runs do about changes in the space."""

from __future__ import annotations

from confluence_to_twig.staging.layout import SourceStaging, staging_root
from confluence_to_twig.twig.deletions import DeletionLog
from tests.dags.conftest import EVERY_TITLE, Site
from tests.dags.test_idle_tasks import IDLE, WORKING, states


def test_after_changes_it_fetches_and_removes_exactly_what_it_must_says_why_and_notes_each_deletion(site: Site) -> None:
    site.first_run()
    control = site.confluence
    for ref in ("alpha-1", "alpha-2", "beta"):
        control.edit(ref, storage=f"<p>Rewritten {ref} about torque.</p>")
    control.trash("alpha-3")
    control.archive("alpha-4")
    control.purge("beta-1")
    control.move("beta-2", "alpha")
    control.restrict("beta-3", users=["nobody-else"])
    control.label("beta-4", "reviewed")  # bumps no version
    report = site.run()
    assert report["state"] == "success"
    assert site.plan(report) == {
        "Alpha topic 1": ("fetch", "version 1 → 2"),
        "Alpha topic 2": ("fetch", "version 1 → 2"),
        "Beta": ("fetch", "version 1 → 2"),
        "Beta topic 2": ("fetch", "moved"),
        "Beta topic 4": ("fetch", "labels changed"),
        "Alpha topic 3": ("delete", "trashed"),
        "Alpha topic 4": ("delete", "archived"),
        "Beta topic 1": ("delete", "gone or no longer visible"),
        "Beta topic 3": ("delete", "restricted"),
    }
    assert report["result"]["changed"] == 5
    assert report["result"]["removed"] == 4
    audited = DeletionLog(SourceStaging(staging_root(), "small")).read().to_pylist()
    assert {(row["title"], row["reason"], row["run_id"], row["approved_by"]) for row in audited} == {
        (title, reason, report["run_id"], None)
        for title, (action, reason) in site.plan(report).items()
        if action == "delete"
    }
    assert site.held_titles() == EVERY_TITLE - {"Alpha topic 3", "Alpha topic 4", "Beta topic 1", "Beta topic 3"}
    assert site.run()["summary"].endswith(": nothing to do")


def test_restricted_pages_and_those_below_them_never_reach_twig(site: Site) -> None:
    site.confluence.restrict("alpha", users=["nobody-else"])
    report = site.run()
    assert report["state"] == "success"
    assert site.held_titles() == {title for title in EVERY_TITLE if not title.startswith("Alpha")}
    assert report["plan"]["skip"] == {"restricted": 1, "restricted by a page above it": 4}


def test_archived_pages_and_drafts_are_left_out_and_taken_out(site: Site) -> None:
    site.configure(exclude_labels=["draft"])
    site.confluence.label("alpha-1", "draft")
    site.run()
    assert "Alpha topic 1" not in site.held_titles()
    site.confluence.archive("alpha-2")
    site.confluence.label("alpha-4", "draft")
    report = site.run()
    assert site.plan(report) == {
        "Alpha topic 1": ("skip", "label draft is excluded"),
        "Alpha topic 2": ("delete", "archived"),
        "Alpha topic 4": ("delete", "label draft is excluded"),
    }
    assert report["result"]["removed"] == 2


def test_a_dry_run_plans_and_reports_and_starts_nothing_that_writes(site: Site) -> None:
    report = site.run(dry_run=True)
    assert report["state"] == "success"
    assert states(report) == dict.fromkeys(WORKING, "success") | dict.fromkeys(IDLE, "skipped")
    assert report["plan"]["fetch"] == {"new to Twig": 12}
    assert "dry run" in report["summary"]
    assert site.bodies_fetched() == 0
    assert site.writes() == 0
    assert site.held() == {}


def test_several_shards_give_the_same_as_one(site: Site) -> None:
    site.configure(shard_size=5)
    report = site.run()
    assert report["state"] == "success"
    assert report["tasks"]["extract"]["shards"] == 3
    assert site.held_titles() == EVERY_TITLE


def test_a_page_is_converted_again_when_a_page_that_it_includes_changes_and_only_then(site: Site) -> None:
    macro = (
        '<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link>'
        '<ri:page ri:content-title="Beta topic 1" /></ac:link></ac:parameter></ac:structured-macro>'
    )
    site.confluence.edit("alpha-1", storage=f"<p>Shared text follows.</p>{macro}")
    site.run()
    assert site.run()["summary"].endswith(": nothing to do")
    site.confluence.edit("beta-1", storage="<p>Newly shared words.</p>")
    report = site.run()
    assert site.plan(report) == {
        "Alpha topic 1": ("fetch", "an included page changed"),
        "Beta topic 1": ("fetch", "version 1 → 2"),
    }
    (includer,) = [document for document in site.held().values() if document.title == "Alpha topic 1"]
    assert "Newly shared words" in " ".join(chunk.text for chunk in includer.chunks)
    site.confluence.restrict("beta-1", users=["nobody-else"])
    site.run()
    (includer,) = [document for document in site.held().values() if document.title == "Alpha topic 1"]
    assert "Newly shared words" not in " ".join(chunk.text for chunk in includer.chunks)
