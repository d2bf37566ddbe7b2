"""Lanes between full sweeps, seen in whole runs: what each kind of look finds, and what it costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from confluence_to_twig.staging.last_inventory import (
    LastInventory,
    last_inventory_of,
    newest_look,
    read_last_inventory,
    write_last_inventory,
)
from confluence_to_twig.staging.layout import SourceStaging, staging_root
from sandbox.seed import SeedPage
from tests.dags.conftest import Site


@pytest.fixture(autouse=True)
def every_five_minutes(site: Site) -> None:
    site.configure(retries=0, schedule="*/5 * * * *")


def kind(report: dict[str, Any]) -> tuple[str, str]:
    return report["look"]["kind"], report["look"]["reason"]


def confluence_requests(site: Site) -> int:
    return len(site.confluence.log.requests)


def set_back(site: Site, **by: float) -> None:
    """As if the looks so far had been so much earlier."""
    from dataclasses import replace

    space = site.confluence.space("SMALL")
    path = last_inventory_of(SourceStaging(staging_root(), site.name), str(space.id))
    last = read_last_inventory(path)
    assert last is not None
    earlier = timedelta(**by)
    times = ("looked_at", "attached_since", "swept_at", "swept_for")
    state = replace(last.state, **{name: getattr(last.state, name) - earlier for name in times})
    write_last_inventory(path, LastInventory(last.table, state))


def test_a_lane_finds_edits_new_pages_renames_and_comments(site: Site) -> None:
    site.configure(retries=0, schedule="*/5 * * * *", comments=True)
    site.run()
    site.confluence.edit("alpha-1", storage="<p>Rewritten about torque.</p>")
    site.confluence.rename("beta", "Gamma")
    site.confluence.new_page("SMALL", "Brand new", "<p>Fresh words.</p>", parent="alpha")
    site.confluence.new_page("SMALL", "Newer news", "<p>Release 8.</p>", kind="blogpost")
    site.confluence.comment("alpha-2", "<p>A remark.</p>")
    report = site.run()
    assert kind(report)[0] == "lane"
    assert site.plan(report) == {
        "Alpha topic 1": ("fetch", "version 1 → 2"),
        "Gamma": ("fetch", "version 1 → 2"),
        **{f"Beta topic {number}": ("fetch", "parent renamed") for number in range(1, 5)},
        "Brand new": ("fetch", "new to Twig"),
        "Newer news": ("fetch", "new to Twig"),
        "Alpha topic 2": ("fetch", "comments changed"),
    }
    assert site.run()["summary"].endswith(": nothing to do")


def test_a_deletion_shows_in_the_total_the_look_that_confirms_it_sweeps_and_a_quiet_lane_costs_at_most_eight_requests(
    site: Site,
) -> None:
    first = site.first_run()
    assert kind(first) == ("sweep", "no look before this one can be gone on from")
    site.confluence.trash("alpha-3")
    report = site.run()
    assert kind(report) == ("lane", "the last full sweep is recent")
    assert report["look"]["swept_at"] == first["look"]["swept_at"]
    assert "Alpha topic 3" in site.held_titles()
    swept = site.run()
    assert kind(swept) == ("sweep", "search counts -1 pages, for the second time")
    assert site.plan(swept) == {"Alpha topic 3": ("delete", "trashed")}
    report = site.run()
    assert kind(report) == ("lane", "the last full sweep is recent")
    assert report["look"]["swept_at"] == swept["look"]["swept_at"]
    assert confluence_requests(site) <= 8
    assert report["summary"].endswith(": nothing to do")


def test_a_page_that_becomes_restricted_goes_when_its_turn_comes(site: Site) -> None:
    site.first_run()
    site.confluence.restrict("alpha", users=["nobody-else"])
    report = site.run()
    assert site.plan(report) == {}
    set_back(site, minutes=35)
    report = site.run()
    assert kind(report)[0] == "lane"
    assert site.plan(report) == {
        "Alpha": ("delete", "restricted"),
        **{f"Alpha topic {number}": ("delete", "restricted by a page above it") for number in range(1, 5)},
    }
    site.confluence.unrestrict("alpha")
    set_back(site, minutes=30)
    report = site.run()
    assert kind(report) == ("sweep", "the last full sweep is too old")
    assert len(site.plan(report)) == 5


def test_a_new_page_below_one_that_has_become_restricted_never_gets_in(site: Site) -> None:
    site.first_run()
    site.confluence.restrict("alpha", users=["nobody-else"])
    site.confluence.new_page("SMALL", "Brand new", "<p>Secret words.</p>", parent="alpha")
    report = site.run()
    assert kind(report)[0] == "lane"
    assert "Brand new" not in site.held_titles()
    assert site.plan(report)["Alpha topic 1"] == ("delete", "restricted by a page above it")


def test_search_without_a_total_leaves_deletions_to_the_next_full_sweep(site: Site) -> None:
    from sandbox.confluence import faults

    site.confluence.fail(faults.Refuse(500), r"rest/api/search\?", times=None)
    site.run()
    site.confluence.trash("alpha-3")
    for _ in range(2):
        report = site.run()
        assert kind(report)[0] == "lane"
        assert site.plan(report) == {}
    set_back(site, minutes=61)
    assert site.plan(site.run()) == {"Alpha topic 3": ("delete", "trashed")}


def test_what_somebody_asks_for_and_what_has_changed_sweeps(site: Site) -> None:
    site.first_run()
    assert kind(site.run(full=True)) == ("sweep", "somebody asked for the whole space")
    assert kind(site.run(page_ids=[site.confluence.id_of("home")]))[0] == "sweep"
    site.configure(retries=0, schedule="*/5 * * * *", exclude_labels=["draft"])
    assert kind(site.run()) == ("sweep", "the source or the account has changed")
    assert kind(site.run())[0] == "lane"
    space_id = str(site.confluence.space("SMALL").id)
    path = last_inventory_of(SourceStaging(staging_root(), site.name), space_id)
    path.write_bytes(b"damaged")
    assert kind(site.run()) == ("sweep", "no look before this one can be gone on from")


def test_a_nightly_source_never_meets_a_lane(site: Site) -> None:
    site.configure()
    site.first_run()
    assert kind(site.run()) == ("sweep", "each scheduled run sweeps, since so much time lies between two of them")
    site.configure(sweep_every="2 days")
    site.run()
    assert kind(site.run())[0] == "lane"
    site.configure()
    site.run()
    assert newest_look(SourceStaging(staging_root(), site.name)) is None


def test_a_lane_that_breaks_off_sweeps_in_the_same_run(site: Site) -> None:
    from sandbox.confluence import faults

    site.first_run()
    site.confluence.edit("alpha-1", storage="<p>Rewritten.</p>")
    site.confluence.fail(faults.Refuse(400), r"sort=-modified-date", times=None)
    report = site.run()
    assert kind(report)[0] == "sweep"
    assert kind(report)[1].startswith("the lane broke off")
    assert site.plan(report) == {"Alpha topic 1": ("fetch", "version 1 → 2")}


def test_a_dry_run_leaves_nothing_to_go_on_from(site: Site) -> None:
    site.run(dry_run=True)
    assert kind(site.run())[0] == "sweep"


def test_a_page_of_another_space_is_found_by_the_total(site: Site) -> None:
    site.first_run()
    site.confluence.add_page(
        "SMALL", SeedPage("old", "Old times", "<p>Long ago.</p>", modified_at=datetime(2020, 1, 1, tzinfo=UTC))
    )
    assert kind(site.run())[0] == "lane"
    assert "Old times" in site.held_titles() or kind(site.run())[0] == "sweep"
    assert "Old times" in site.held_titles()
