"""Which pages each kind of run covers, seen in what reaches Twig. Topic N was modified on 15 N 2026."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.dags.conftest import Site


@pytest.fixture(autouse=True)
def lookback(site: Site) -> None:
    site.configure(lookback="60 days", content=["pages"])


def topics(site: Site) -> set[str]:
    return {title[-1] for title in site.held_titles() if "topic" in title}


def test_a_run_without_a_logical_date_looks_back_from_now(site: Site) -> None:
    site.confluence.edit("alpha-1", storage="<p>Fresh.</p>")
    report = site.run(None)
    assert report["dag_run"].logical_date is None
    assert report["window"]["origin"] == "lookback"
    assert site.held_titles() == {"Alpha topic 1"}


def test_since_covers_everything_from_then_on(site: Site) -> None:
    report = site.run(None, since="2026-03-01T00:00:00Z")
    assert report["window"]["origin"] == "since"
    assert topics(site) == {"3", "4"}


def test_full_covers_the_whole_space(site: Site) -> None:
    report = site.run(datetime(2026, 4, 1, tzinfo=UTC), full=True)
    assert report["window"]["origin"] == "full"
    assert topics(site) == {"1", "2", "3", "4"}


def test_a_run_with_a_logical_date_covers_the_lookback_before_it_and_what_twig_holds_outside_it(site: Site) -> None:
    report = site.run(datetime(2026, 4, 1, tzinfo=UTC))
    assert report["window"]["origin"] == "data interval"
    assert topics(site) == {"2", "3"}
    site.confluence.move("alpha-2", "beta")
    report = site.run(datetime(2026, 11, 1, tzinfo=UTC))
    assert site.plan(report) == {"Alpha topic 2": ("fetch", "moved")}
