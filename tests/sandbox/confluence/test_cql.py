from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.confluence.cql import Query, parse
from sandbox.confluence.cql_terms import CqlError, Subject

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def query(text: str, zone: ZoneInfo | None = None) -> Query:
    return parse(text, NOW, zone or ZoneInfo("UTC"))


def subject(**fields: Any) -> Subject:
    known: dict[str, Any] = {
        "id": 7,
        "kind": "page",
        "space_keys": ("DOCS", "HANDBOOK"),
        "title": "Release notes",
        "labels": ("api",),
        "creator": "712020:ada",
        "created": NOW - timedelta(days=100),
        "modified": NOW - timedelta(days=10),
        "parent_id": 3,
        "ancestor_ids": lambda: (1, 3),
        "container_id": None,
        "text": lambda: "<p>All the news</p>",
    }
    return Subject(**known | fields)


@pytest.mark.parametrize(
    "text",
    [
        "type = page",
        "type=page",
        "TYPE in (page, blogpost)",
        "type not in (comment, attachment)",
        'space = "DOCS"',
        "space = HANDBOOK",
        "space != OTHER",
        "id in (7, 8)",
        "content = 7",
        'title = "Release notes"',
        'title ~ "release"',
        'text ~ "news"',
        'title !~ "old"',
        "label = api",
        "label in (\"x\", 'api')",
        "creator = '712020:ada'",
        "parent = 3",
        "ancestor = 1",
        "ancestor in (1, 2)",
        "not type = comment",
        "type = page and not (label = x or label = y)",
        "type = comment or type = page and space = DOCS",
        'lastmodified >= now("-10d")',
        'lastmodified > now("-2w")',
        'lastmodified < now("-9d") order by created desc',
        "lastmodified >= 2026-06-05",
        'lastmodified <= "2026/06/05 12:00"',
        "created < startOfDay()",
        'created < endOfDay("-1d")',
        "type = page ORDER BY lastmodified ASC",
    ],
)
def test_a_query_that_holds(text: str) -> None:
    assert query(text).clause.matches(subject())


@pytest.mark.parametrize(
    "text",
    [
        "type = blogpost",
        "space = docs",
        "id = 8",
        'title = "release notes"',
        'title ~ "release old"',
        "label = API",
        "parent = 1",
        "ancestor = 7",
        "container = 3",
        'lastmodified > now("-10d")',
        'lastmodified >= "2026-06-05 12:01"',
        "not (type = page or label = x)",
        "type = page and type = blogpost",
    ],
)
def test_a_query_that_does_not_hold(text: str) -> None:
    assert not query(text).clause.matches(subject())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "type",
        "type =",
        "type = page and",
        "type = page type = blogpost",
        "type page",
        "= page",
        '"type" = page',
        "type = (page)",
        "type in page",
        "type in (page",
        "type not page",
        "type > page",
        "size = 3",
        'size ~ "x"',
        "id = abc",
        "space = ~123",
        "lastmodified > yesterday",
        "lastmodified > 2026-13-01",
        "lastmodified in (2026-01-01)",
        'lastmodified ~ "2026"',
        "lastmodified > tomorrow()",
        'lastmodified > now("soon")',
        "type = now()",
        "type = page order title",
        "type = page order by size",
        "type = page order by title desc extra",
        'title = "open',
        "type = page)",
    ],
)
def test_what_is_no_cql_is_refused(text: str) -> None:
    with pytest.raises(CqlError):
        query(text)


@given(st.text(alphabet="typeaginorsd =()~\"'<>!,-0123456789", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        query(text)
    except CqlError:
        return


def test_a_quoted_personal_space_key_is_accepted() -> None:
    assert query('space = "~7120"').clause.matches(subject(space_keys=("~7120",)))


def test_quotes_can_be_escaped() -> None:
    assert query(r'title = "a \"b\" \\ c"').clause.matches(subject(title='a "b" \\ c'))


def test_dates_are_read_in_the_zone_of_the_site() -> None:
    modified = subject(modified=datetime(2026, 6, 4, 22, tzinfo=UTC))
    assert not query("lastmodified >= 2026-06-05").clause.matches(modified)
    assert query("lastmodified >= 2026-06-05", BERLIN).clause.matches(modified)


@pytest.mark.parametrize(("unit", "days"), [("y", 365), ("M", 30), ("w", 7), ("d", 1)])
def test_now_takes_increments(unit: str, days: int) -> None:
    text = f'lastmodified >= now("-1{unit}")'
    assert query(text).clause.matches(subject(modified=NOW - timedelta(days=days)))
    assert not query(text).clause.matches(subject(modified=NOW - timedelta(days=days, seconds=1)))


def test_a_query_knows_the_only_ids_and_spaces_it_can_match() -> None:
    assert query("id in (1, 2) and id in (2, 3)").clause.ids == {2}
    assert query("type = page and space = DOCS").clause.space_keys == {"DOCS"}
    assert query("id = 1 or type = page").clause.ids is None
    assert query("id != 1").clause.ids is None
    assert query("not id = 1").clause.ids is None


def test_a_query_knows_the_only_types_and_owners_it_can_match() -> None:
    assert query("type in (page, comment) and type in (comment, attachment)").clause.kinds == {"comment"}
    assert query("type = comment and container in (3, 4)").clause.containers == {3, 4}
    for text in ("type != page", "not type = page", "type = page or id = 1"):
        assert query(text).clause.kinds is None


def test_a_query_knows_whether_types_and_spaces_say_all_of_it() -> None:
    assert query("space = DOCS and type in (page, blogpost)").clause.is_told
    for text in ("space = DOCS and label = x", "space != DOCS", "space = DOCS or type = page", "id = 1"):
        assert not query(text).clause.is_told
