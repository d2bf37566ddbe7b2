"""Values that cannot be meant are refused, with the field and what to write instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.sources.source import Source, load_sources
from tests.proofs import examples

GOOD = {"name": "docs", "space_key": "PROD"}
FAR = datetime.now(UTC) + timedelta(days=800)
LAUGHS: Any = "ha"
for _ in range(60):
    LAUGHS = [LAUGHS, LAUGHS]
ROUND: list[Any] = []
ROUND.append(ROUND)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("schedule", "0 2 * * * *", "cron expression of five fields"),
        ("schedule", "0 2 * * * * *", "cron expression of five fields"),
        ("schedule", "0 0 31 2 *", "cron expression of five fields"),
        ("schedule", "@continuous", "cron expression of five fields"),
        ("schedule", "H H * * *", "cron expression of five fields"),
        ("schedule", ",".join(map(str, range(60))) + " * * * *", "cron expression of five fields"),
        ("schedule", 5, "write text"),
        ("schedule", False, "write text"),
        ("shard_size", True, "write a number, not true"),
        ("max_active_shards", True, "write a number, not true"),
        ("retries", False, "write a number, not false"),
        ("keep_runs", True, "write a number, not true"),
        ("brake_pages", True, "write a number, not true"),
        ("brake_share", True, "write a number, not true"),
        ("brake_share", float("nan"), "less than or equal to 1"),
        ("confluence_conn_id", "", "id of a connection"),
        ("confluence_conn_id", "  ", "id of a connection"),
        ("twig_conn_id", "two words", "id of a connection"),
        ("twig_conn_id", "x" * 201, "id of a connection"),
        ("twig_name", "", "is empty"),
        ("owner", "", "is empty"),
        ("owner", "a\x00b", "control character"),
        ("owner", "\ud800", "valid string"),
        ("confluence_pool", "", "is empty"),
        ("twig_pool", "", "is empty"),
        ("files_path", "", "is empty"),
        ("tags", ["x" * 101], "at most 100 characters"),
        ("tags", [""], "is empty"),
        ("tags", "draft", "write a list"),
        ("tags", None, "write a list"),
        ("tags", [2026], "write text"),
        ("tags", LAUGHS, "write text"),
        ("tags", ROUND, "tags"),
        ("content", LAUGHS, "list one or both of"),
        ("content", [["pages"]], "list one or both of"),
        ("content", [], "list one or both of"),
        ("exclude_labels", ["two words"], "has a blank in it"),
        ("root_pages", "Home", "write a list"),
        ("root_pages", [""], "is empty"),
        ("root_pages", [True], "write text"),
        ("root_pages", ["https://x.atlassian.net/wiki/spaces/PROD/pages/123/Home"], "write only the id in it: 123"),
        ("exclude_titles", ["**"], "fits every title"),
        ("max_age", "1 second", "not between 1 hour and"),
        ("max_age", "2 years", "no fixed length"),
        ("lookback", 0.0001, "not between 1 minute and"),
        ("lookback", "30 seconds", "not between 1 minute and"),
        ("lookback", True, "not a duration"),
        ("lookback", float("nan"), "not a duration"),
        ("lookback", LAUGHS, "not a duration"),
        ("retry_delay", 15, "not between 1 second and 1 day"),
        ("render_again", "1 second", "not between 1 minute and"),
        ("render_again", False, "not a duration"),
        ("sweep_every", "59 seconds", "not between 1 minute and"),
        ("sweep_every", "32 days", "not between 1 minute and"),
        ("sweep_every", True, "not a duration"),
        ("approval_timeout", "1 second", "not between 1 minute and"),
        ("start_date", FAR.date(), "more than a year ahead"),
        ("start_date", "1970-01-01", "before 2000"),
        ("start_date", 2026, "not a date"),
        ("start_date", True, "not a date"),
        ("start_date", "20260101", "not a date"),
        ("quality", {"min_cited": 1.1}, "less than or equal to 1"),
        ("quality", {"max_drfit": 3}, "unknown; allowed are max_quarantined, max_empty, min_cited"),
        ("quality", {"max_behind": "1 second"}, "not between 1 minute and"),
        ("alerts", None, "alerts"),
        ("alerts", {"slack": {}}, "unknown; allowed are jira, email, deadline, repeat_after"),
        ("alerts", {"deadline": "1 second"}, "not between 1 minute and"),
        ("alerts", {"jira": {"project": "OPS", "conn_id": ""}}, "id of a connection"),
        ("alerts", {"jira": {"project": "OPS", "colour": 1}}, "unknown; allowed are project, conn_id"),
    ],
)
def test_is_refused_with_field_and_remedy(field: str, value: Any, told: str) -> None:
    file = load_sources([GOOD | {field: value}, {"name": "other", "space_key": "OTHER"}])
    assert [source.name for source in file.sources] == ["other"]
    assert any(f"source 'docs', field '{field}" in problem and told in problem for problem in file.problems), (
        file.problems
    )
    assert max(map(len, file.problems)) < 1_000


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        ("schedule", "@daily", "@daily"),
        ("schedule", " 0 2 * * 1-5 ", "0 2 * * 1-5"),
        ("schedule", "manual", None),
        ("schedule", None, None),
        ("start_date", "2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("start_date", datetime(2026, 1, 1, 7), datetime(2026, 1, 1, 7, tzinfo=UTC)),
        ("root_pages", [123, "Home"], ("123", "Home")),
        ("max_age", 365, timedelta(days=365)),
        ("max_age", None, None),
        ("lookback", "1 minute", timedelta(minutes=1)),
        ("retry_delay", "1 second", timedelta(seconds=1)),
        ("retries", 0, 0),
        ("render_again", "12 hours", timedelta(hours=12)),
        ("render_again", 0, None),
        ("render_again", "none", None),
        ("sweep_every", "2 hours", timedelta(hours=2)),
        ("sweep_every", None, None),
        ("twig_name", "Ħandbook für Ünïcode 文档 👩‍💻", "Ħandbook für Ünïcode 文档 👩‍💻"),
    ],
    ids=str,
)
def test_is_read_as_it_is_meant(field: str, value: Any, meant: Any) -> None:
    file = load_sources([GOOD | {field: value}])
    assert file.problems == ()
    assert getattr(file.sources[0], field) == meant


@pytest.mark.parametrize(
    ("wanted", "unwanted"), [("root_pages", "exclude_root_pages"), ("include_labels", "exclude_labels")]
)
def test_what_is_wanted_and_unwanted_at_once_is_refused(wanted: str, unwanted: str) -> None:
    (problem,) = load_sources([GOOD | {wanted: ["a", "b"], unwanted: ["b"]}]).problems
    assert problem == (
        f"sources: source 'docs', field '{unwanted}': 'b' stands in {wanted}, too; take it out of one of them"
    )


def test_a_number_too_long_to_print_is_refused_by_its_field() -> None:
    (problem,) = load_sources([GOOD | {"keep_runs": 15**9_999}]).problems
    assert problem.startswith("sources: source 'docs', field 'keep_runs'")


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=5), st.datetimes()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted(Source.model_fields)) | st.text(max_size=8)
ENTRIES = VALUES | st.dictionaries(FIELDS, VALUES, max_size=6).map(lambda odd: GOOD | {"name": "odd"} | odd)


@examples(100, 10_000)
@given(st.lists(ENTRIES, max_size=4), st.lists(ENTRIES, max_size=4))
def test_no_entry_takes_a_good_one_away(before: list[Any], after: list[Any]) -> None:
    good = {"name": "the-good-one", "space_key": "GOOD"}
    file = load_sources([*before, good, *after])
    assert file.named("the-good-one").space_key == "GOOD"
    assert len(file.sources) + len(file.problems) >= 1 + len(before) + len(after)
