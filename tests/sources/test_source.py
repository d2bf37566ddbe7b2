from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from confluence_to_twig.sources.source import SOURCES_VARIABLE, load_sources


def write(tmp_path: Path, *entries: object) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": list(entries)}), encoding="utf-8")
    return path


GOOD = {"name": "docs", "space_key": "PROD"}


def test_name_and_space_key_are_enough(tmp_path: Path) -> None:
    (source,) = load_sources(write(tmp_path, GOOD)).sources
    assert source.dag_id == "confluence_to_twig__docs"
    assert source.data_source_name == "docs"
    assert source.content == ("page", "blogpost")
    assert source.restricted_pages == "skip"
    assert source.lookback is None


def test_reads_every_field_that_the_design_shows(tmp_path: Path) -> None:
    entry = GOOD | {
        "schedule": "0 2 * * *",
        "lookback": "90 days",
        "confluence_conn_id": "c",
        "twig_conn_id": "t",
        "content": ["blogposts"],
        "restricted_pages": "include",
        "exclude_labels": ["draft"],
    }
    (source,) = load_sources(write(tmp_path, entry)).sources
    assert source.lookback == timedelta(days=90)
    assert source.content == ("blogpost",)
    assert source.exclude_labels == ("draft",)
    assert source.lookback_text == "90 days"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"name": "docs"}, "source 'docs', field 'space_key': missing"),
        (GOOD | {"space_key": "my space"}, "source 'docs', field 'space_key': \"my space\" cannot be a space key"),
        (GOOD | {"lookback": "3 months"}, "source 'docs', field 'lookback': '3 months': months and years"),
        (GOOD | {"schedule": "every night"}, "source 'docs', field 'schedule': 'every night' is not a cron"),
        (GOOD | {"content": ["wikis"]}, "source 'docs', field 'content': ['wikis'] is not allowed"),
        (GOOD | {"restricted_pages": "yes"}, "source 'docs', field 'restricted_pages': Input should be"),
        (GOOD | {"spacekey": "X"}, "source 'docs', field 'spacekey': unknown; allowed are name, space_key"),
        (GOOD | {"delivery": "files"}, "source 'docs', field 'files_path': delivery 'files' needs"),
        (GOOD | {"name": "a b"}, "source 'a b', field 'name': 'a b' cannot name a DAG"),
        (GOOD | {"shard_size": 0}, "source 'docs', field 'shard_size'"),
        (GOOD | {"space_key": 7}, "source 'docs', field 'space_key': write text, in quotes where"),
        (GOOD | {"tags": "guide"}, "source 'docs', field 'tags': write a list, such as [first, second], not 'guide'"),
        (GOOD | {"brake_share": "20 %"}, "source 'docs', field 'brake_share': write a number, such as 0.2, not '20 %'"),
        (GOOD | {"keep_runs": 2.5}, "source 'docs', field 'keep_runs': write a whole number, not 2.5"),
        (GOOD | {"catchup": "often"}, "source 'docs', field 'catchup': write true or false, not 'often'"),
        (GOOD | {"start_date": "1-2-3-4"}, "source 'docs', field 'start_date': write a date, such as 2026-01-01"),
        (GOOD | {"schedule": "0 0 31 2 *"}, "source 'docs', field 'schedule': '0 0 31 2 *' is not a cron"),
        ({"space_key": "PROD"}, "source number 1, field 'name': missing"),
        ("PROD", "source number 1, field"),
    ],
)
def test_a_mistake_names_source_field_and_remedy(tmp_path: Path, entry: object, told: str) -> None:
    file = load_sources(write(tmp_path, entry))
    assert file.sources == ()
    assert any(told in problem for problem in file.problems), file.problems


def test_a_mistake_leaves_the_other_sources_running(tmp_path: Path) -> None:
    file = load_sources(write(tmp_path, GOOD | {"lookback": "soon"}, {"name": "other", "space_key": "OTHER"}))
    assert [source.name for source in file.sources] == ["other"]
    assert len(file.problems) == 1


def test_a_name_used_twice_keeps_the_first_and_says_so(tmp_path: Path) -> None:
    file = load_sources(write(tmp_path, GOOD, GOOD | {"space_key": "OTHER"}))
    assert [source.space_key for source in file.sources] == ["PROD"]
    assert "used twice" in file.problems[0]


SECOND = {"name": "guides", "space_key": "GUIDES"}


@pytest.mark.parametrize(
    ("first", "second"),
    [({"twig_name": "Team"}, {"twig_name": "Team"}), ({}, {"twig_name": "docs"}), ({"twig_name": "guides"}, {})],
)
def test_a_data_source_used_twice_keeps_the_first_source_and_names_both(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    file = load_sources(write(tmp_path, GOOD | first, SECOND | second, SECOND | {"name": "other"}))
    assert [source.name for source in file.sources] == ["docs", "other"]
    (problem,) = file.problems
    for words in ("source 'guides', field 'twig_name'", "of source 'docs' too", "Write a twig_name"):
        assert words in problem


@pytest.mark.parametrize("apart", [{"twig_conn_id": "twig_other"}, {"delivery": "files", "files_path": "/files"}])
def test_the_same_name_in_another_twig_or_in_files_is_no_clash(tmp_path: Path, apart: dict[str, Any]) -> None:
    file = load_sources(write(tmp_path, GOOD | {"twig_name": "Team"}, SECOND | {"twig_name": "Team"} | apart))
    assert [source.name for source in file.sources] == ["docs", "guides"]
    assert file.problems == ()


@pytest.mark.parametrize("text", ["sources:\n", "sources: []", "# none yet\nsources:\n"])
def test_a_file_without_a_source_yet_is_no_mistake(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    assert (load_sources(path).sources, load_sources(path).problems) == ((), ())


@pytest.mark.parametrize("text", ["sources: 7", "[]", "", "sources:\n  name: x"])
def test_a_file_without_a_list_of_sources_is_one_clear_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    assert "write a top-level key 'sources:'" in load_sources(path).problems[0]


def test_a_file_that_is_not_yaml_or_not_there_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    assert "there is no such file" in load_sources(path).problems[0]
    path.write_text("sources: [", encoding="utf-8")
    assert "not valid YAML" in load_sources(path).problems[0]


def test_the_variable_points_at_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOURCES_VARIABLE, str(write(tmp_path, GOOD | {"name": "elsewhere"})))
    assert load_sources().named("elsewhere").space_key == "PROD"
    with pytest.raises(KeyError, match="known: elsewhere"):
        load_sources().named("docs")


def test_the_shipped_sources_file_is_good() -> None:
    file = load_sources(Path(__file__).resolve().parents[2] / "include" / "sources.yaml")
    assert file.problems == ()
    assert file.sources


def test_no_other_source_may_have_the_name_of_an_audience() -> None:
    entries = [
        {"name": "docs", "space_key": "PROD", "restricted_pages": "audiences"},
        {"name": "hr", "space_key": "HR", "twig_name": "docs · hr"},
        {"name": "docs2", "space_key": "HR"},
    ]
    file = load_sources(entries)
    assert [source.name for source in file.sources] == ["docs", "docs2"]
    assert "'docs · hr' is the Twig data source of source 'docs' too" in file.problems[0]
    entries[0]["restricted_pages"] = "skip"
    assert load_sources(entries).problems == ()


def test_a_pattern_of_titles_is_taken_as_it_was_written(tmp_path: Path) -> None:
    (source,) = load_sources(write(tmp_path, GOOD | {"exclude_titles": ["Draft *"]})).sources
    assert source.exclude_titles == ("Draft *",)
