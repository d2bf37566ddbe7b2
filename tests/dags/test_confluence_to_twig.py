"""What a whole run does, from an empty Twig to the third run after changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from confluence_to_twig.staging.parquet import read_table
from sandbox.confluence import SYNC_TOKEN
from tests.dags.conftest import Site

EVERY_TITLE = {
    "Handbook",
    "Alpha",
    "Beta",
    *(f"{chapter} topic {number}" for chapter in ("Alpha", "Beta") for number in range(1, 5)),
    "Release news",
}


def test_the_first_run_loads_the_whole_space(site: Site) -> None:
    report = site.run()
    assert report["state"] == "success"
    assert site.held_titles() == EVERY_TITLE
    assert report["result"] | {"seconds": 0} == {
        "pages": 12,
        "chunks": sum(len(document.chunks) for document in site.held().values()),
        "changed": 12,
        "removed": 0,
        "failed": 0,
        "seconds": 0,
    }
    assert report["plan"]["fetch"] == {"new to Twig": 12}
    assert report["page_count"] == 12
    assert site.twig.twig.data_specs()[0]["status"] == "active"


def test_the_second_run_fetches_no_body_writes_nothing_and_says_so(site: Site) -> None:
    site.run()
    held = site.held()
    report = site.run()
    assert report["state"] == "success"
    assert report["summary"].endswith(": nothing to do")
    assert site.bodies_fetched() == 0
    assert site.writes() == 0
    assert site.held() == held


def test_after_changes_it_fetches_and_removes_exactly_what_it_must_and_says_why(site: Site) -> None:
    site.run()
    control = site.confluence
    for ref in ("alpha-1", "alpha-2", "beta"):
        control.edit(ref, storage=f"<p>Rewritten {ref} about torque.</p>")
    control.trash("alpha-3")
    control.purge("beta-1")
    control.move("beta-2", "alpha")
    control.restrict("beta-3", users=["nobody-else"])
    report = site.run()
    assert report["state"] == "success"
    assert site.plan(report) == {
        "Alpha topic 1": ("fetch", "version 1 → 2"),
        "Alpha topic 2": ("fetch", "version 1 → 2"),
        "Beta": ("fetch", "version 1 → 2"),
        "Beta topic 2": ("fetch", "moved"),
        "Alpha topic 3": ("delete", "trashed"),
        "Beta topic 1": ("delete", "gone or no longer visible"),
        "Beta topic 3": ("delete", "restricted"),
    }
    assert report["result"]["changed"] == 4
    assert report["result"]["removed"] == 3
    assert site.held_titles() == EVERY_TITLE - {"Alpha topic 3", "Beta topic 1", "Beta topic 3"}
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


def test_a_label_change_is_seen_though_it_bumps_no_version(site: Site) -> None:
    site.run()
    site.confluence.label("alpha-1", "reviewed")
    report = site.run()
    assert site.plan(report) == {"Alpha topic 1": ("fetch", "labels changed")}
    assert report["result"]["changed"] == 1


def test_a_bad_page_turns_the_run_red_while_all_others_are_loaded(site: Site) -> None:
    site.twig.twig.refuse_documents([site.confluence.id_of("beta-4")], "content_policy", "not allowed here")
    report = site.run()
    assert report["state"] == "failed"
    assert site.held_titles() == EVERY_TITLE - {"Beta topic 4"}
    assert [failure["title"] for failure in report["failures"]] == ["Beta topic 4"]
    assert "not allowed here" in report["failures"][0]["error"]
    assert "1 failed" in report["summary"]
    site.twig.twig.accept_documents()
    healed = site.run()
    assert healed["state"] == "success"
    assert site.plan(healed) == {"Beta topic 4": ("fetch", "new to Twig")}
    assert site.held_titles() == EVERY_TITLE


def test_the_mass_delete_brake_deletes_nothing_but_lets_changes_through(site: Site) -> None:
    site.configure(brake_pages=3, brake_share=0.2)
    site.run()
    for number in range(1, 4):
        site.confluence.trash(f"alpha-{number}")
    site.confluence.edit("beta-1", storage="<p>Changed meanwhile.</p>")
    report = site.run()
    assert report["state"] == "failed"
    assert {"Alpha topic 1", "Alpha topic 2", "Alpha topic 3"} <= site.held_titles()
    assert report["figures"]["changed"] == 1
    assert "approval needed" in report["errors"][0]["error"]


def test_approved_deletions_go_through_the_brake(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.configure(brake_pages=3, brake_share=0.2)
    site.run()
    for number in range(1, 4):
        site.confluence.trash(f"alpha-{number}")
    monkeypatch.setenv("CONFLUENCE_TWIG_APPROVE_DELETIONS", "yes")
    report = site.run()
    assert report["state"] == "success"
    assert report["result"]["removed"] == 3


def test_a_wrong_token_fails_at_once_with_the_help_and_without_the_token(
    site: Site, reconnect: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    reconnect(password="not-the-right-token")
    report = site.run()
    assert report["state"] == "failed"
    error = report["errors"][0]["error"]
    assert "401 Unauthorized" in error
    assert "token" in error
    assert "not-the-right-token" not in json.dumps(report, default=str) + caplog.text
    assert report["tasks"].keys() == {"validate"}
    tries = [ti.try_number for ti in report["dag_run"].get_task_instances() if ti.task_id == "validate"]
    assert tries == [1]


def test_after_a_new_token_the_next_run_catches_up_with_what_happened_meanwhile(
    site: Site, reconnect: Callable[..., None]
) -> None:
    site.run()
    held = site.held()
    reconnect(password="expired-token")
    site.confluence.edit("alpha-1", storage="<p>Rewritten while nobody could look.</p>")
    site.confluence.trash("alpha-2")
    assert site.run()["state"] == "failed"
    assert site.held() == held
    reconnect(password=SYNC_TOKEN)
    report = site.run()
    assert report["state"] == "success"
    assert site.plan(report) == {
        "Alpha topic 1": ("fetch", "version 1 → 2"),
        "Alpha topic 2": ("delete", "trashed"),
    }


def test_an_unknown_space_is_named_with_near_matches(site: Site) -> None:
    site.configure(space_key="small")
    report = site.run()
    assert report["state"] == "failed"
    assert 'Space not found: "small"' in report["errors"][0]["error"]
    assert "SMALL" in report["errors"][0]["error"]


def test_an_empty_space_is_a_warning_and_no_silent_success(site: Site) -> None:
    from sandbox.seed import SeedSpace

    site.confluence.add_space(SeedSpace("EMPTY", "Empty", "", ()))
    site.configure(space_key="EMPTY")
    report = site.run()
    assert report["state"] == "success"
    assert any("no page" in warning for warning in report["warnings"])


def test_a_dry_run_plans_and_reports_and_sends_nothing(site: Site) -> None:
    report = site.run(dry_run=True)
    assert report["state"] == "success"
    assert report["plan"]["fetch"] == {"new to Twig": 12}
    assert "dry run" in report["summary"]
    assert site.bodies_fetched() == 0
    assert site.writes() == 0
    assert site.held() == {}


def test_asked_for_single_pages_it_fetches_only_them(site: Site) -> None:
    page_id = site.confluence.id_of("alpha-1")
    report = site.run(page_ids=[page_id])
    assert report["state"] == "success"
    assert site.held_titles() == {"Alpha topic 1"}


def test_force_processes_again_without_sending_what_is_the_same(site: Site) -> None:
    site.run()
    report = site.run(force=True)
    assert report["state"] == "success"
    assert report["plan"]["fetch"] == {"forced": 12}
    assert site.bodies_fetched() > 0
    assert site.writes() == 0


def test_an_incomplete_sweep_deletes_nothing_and_warns(site: Site) -> None:
    from sandbox.confluence import Rewrite

    def spoil(page: dict[str, Any]) -> dict[str, Any]:
        for item in page["results"]:
            if item["title"] == "Handbook":
                item["version"] = {"number": 1, "createdAt": "yesterday"}
        return page

    site.run()
    site.confluence.trash("alpha-1")
    site.confluence.fail(Rewrite(spoil), r"/spaces/\d+/pages", times=None)
    report = site.run()
    assert report["sweep_complete"] is False
    assert site.plan(report) == {}
    assert {"Alpha topic 1", "Handbook"} <= site.held_titles()
    assert any("not complete" in warning for warning in report["warnings"])


def test_several_shards_give_the_same_as_one(site: Site) -> None:
    site.configure(shard_size=5)
    report = site.run()
    assert report["state"] == "success"
    assert report["tasks"]["extract"]["shards"] == 3
    assert site.held_titles() == EVERY_TITLE


def test_xcom_carries_paths_and_counters_only(site: Site) -> None:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    report = site.run()
    with create_session() as session:
        values = session.scalars(select(XComModel.value).where(XComModel.run_id == report["run_id"])).all()
    text = json.dumps(list(values), default=str)
    assert len(text) < 10_000
    assert "calibration" not in text
    assert "sandbox-confluence-token" not in text


def test_no_secret_lies_in_staging(site: Site) -> None:
    report = site.run()
    root = site.staging(report["run_id"]).home
    for path in root.rglob("*"):
        if path.is_file():
            assert b"sandbox-confluence-token" not in path.read_bytes()
            assert site.twig.api_key.encode() not in path.read_bytes()


def test_each_run_ends_with_an_asset_event_that_carries_the_figures(site: Site) -> None:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    report = site.run()
    with create_session() as session:
        event = session.scalars(
            select(AssetEvent).where(AssetEvent.source_run_id == report["run_id"]).order_by(AssetEvent.id.desc())
        ).first()
        assert event is not None
        extra = dict(event.extra)
    assert extra["summary"] == report["summary"]
    assert extra["pages"] == 12


class TestWindows:
    """Which pages each kind of run covers, seen in what reaches Twig. Topic N was modified on 15 N 2026."""

    @pytest.fixture(autouse=True)
    def lookback(self, site: Site) -> None:
        site.configure(lookback="60 days", content=["pages"])

    def topics(self, site: Site) -> set[str]:
        return {title[-1] for title in site.held_titles() if "topic" in title}

    def test_a_run_with_a_logical_date_covers_the_lookback_before_it(self, site: Site) -> None:
        report = site.run(datetime(2026, 4, 1, tzinfo=UTC))
        assert report["window"]["origin"] == "data interval"
        assert self.topics(site) == {"2", "3"}

    def test_a_run_without_a_logical_date_looks_back_from_now(self, site: Site) -> None:
        site.confluence.edit("alpha-1", storage="<p>Fresh.</p>")
        report = site.run(None)
        assert report["dag_run"].logical_date is None
        assert report["window"]["origin"] == "lookback"
        assert site.held_titles() == {"Alpha topic 1"}

    def test_since_covers_everything_from_then_on(self, site: Site) -> None:
        report = site.run(None, since="2026-03-01T00:00:00Z")
        assert report["window"]["origin"] == "since"
        assert self.topics(site) == {"3", "4"}

    def test_full_covers_the_whole_space(self, site: Site) -> None:
        report = site.run(datetime(2026, 4, 1, tzinfo=UTC), full=True)
        assert report["window"]["origin"] == "full"
        assert self.topics(site) == {"1", "2", "3", "4"}

    def test_pages_that_twig_holds_stay_in_step_outside_the_window(self, site: Site) -> None:
        site.run(datetime(2026, 4, 1, tzinfo=UTC))
        site.confluence.move("alpha-2", "beta")
        report = site.run(datetime(2026, 11, 1, tzinfo=UTC))
        assert site.plan(report) == {"Alpha topic 2": ("fetch", "moved")}

    def test_neighbouring_intervals_together_hold_what_a_full_run_holds(self, site: Site) -> None:
        site.configure(schedule="0 0 1 * *", lookback="31 days", content=["pages"])
        for month in range(12, 1, -1):
            site.run(datetime(2026, month, 1, tzinfo=UTC) if month < 12 else datetime(2026, 5, 16, tzinfo=UTC))
        by_windows = site.held()
        site.run(full=True)
        assert by_windows.keys() == {key for key, value in site.held().items() if "topic" in value.title}


def test_inventory_holds_the_tree_with_ancestors(site: Site) -> None:
    report = site.run()
    rows = {row["title"]: row for row in read_table(site.staging(report["run_id"]).inventories()[0]).to_pylist()}
    assert rows["Alpha topic 1"]["ancestors"] == ["Handbook", "Alpha"]
    assert rows["Handbook"]["ancestors"] == []


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
