"""Add a source: spaces that a connection sees, and lines that can be pasted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.sources.source import SOURCES_VARIABLE, load_sources
from confluence_to_twig.staging.files import write_json
from confluence_to_twig.web.adding import checked, entry_of, visible_spaces
from sandbox.confluence.sandbox import SandboxConfluence, serve
from tests.confluence.spaces import small_space
from tests.web.samples import SampleSource


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxConfluence]:
    (tmp_path / "sources.yaml").write_text("sources:\n  - {name: old, space_key: OTHER}\n", encoding="utf-8")
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "sources.yaml"))
    with serve(small_space()) as served:
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(served.connection()))
        yield served


def entry(**changes: str) -> dict[str, Any]:
    told = {
        "name": "docs",
        "space_key": "PROD",
        "confluence_conn_id": "confluence_default",
        "twig_conn_id": "",
        "more": "",
    }
    return entry_of(**told | changes)


def test_lists_the_spaces_that_the_account_sees(sandbox: SandboxConfluence) -> None:
    found = visible_spaces("confluence_default")
    assert [(space["key"], space["sources"]) for space in found["spaces"]] == [("PROD", [])]
    assert found["all"]


def test_names_each_source_that_syncs_a_space_through_this_connection(
    sandbox: SandboxConfluence, tmp_path: Path
) -> None:
    entries = ["space_key: PROD", "space_key: PROD, twig_name: twice", 'spaces: ["PR*"]', "space_key: OTHER"]
    entries += ['spaces: ["~*"]', "space_key: PROD, confluence_conn_id: another_site"]
    lines = [f"  - {{name: source-{number}, {fields}}}\n" for number, fields in enumerate(entries)]
    (tmp_path / "sources.yaml").write_text("sources:\n" + "".join(lines), encoding="utf-8")
    assert load_sources().problems == ()
    [prod] = visible_spaces("confluence_default")["spaces"]
    assert prod["sources"] == ["source-0", "source-1", "source-2"]


def test_the_lines_can_be_pasted_as_they_are(sandbox: SandboxConfluence, tmp_path: Path) -> None:
    more = "exclude_labels: [draft]\nlookback: 90 days\nschedule: 0 2 * * *"
    found = checked(entry(more=more))
    assert found["problems"] == []
    assert found["snippet"].splitlines() == [
        "- name: docs", "  space_key: PROD", "  lookback: 90 days", "  exclude_labels:", "  - draft",
    ]  # fmt: skip
    with (tmp_path / "sources.yaml").open("a", encoding="utf-8") as file:
        file.write("".join(f"  {line}\n" for line in found["snippet"].splitlines()))
    file_now = load_sources()
    assert ([source.name for source in file_now.sources], file_now.problems) == (["old", "docs"], ())


def test_shows_what_the_doctor_saw_last(sandbox: SandboxConfluence, docs: SampleSource) -> None:
    assert checked(entry())["doctor"] is None
    write_json(docs.staging.doctor, {"estimate": {"pages": 9}})
    assert checked(entry())["doctor"] == {"estimate": {"pages": 9}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "old"}, "a source named old already"),
        ({"more": "twig_name: old"}, "the Twig data source of old already"),
        ({"name": "No spaces!"}, "name"),
        ({"space_key": "x y"}, "space_key"),
        ({"more": "lookbak: 3 days"}, "lookbak"),
        ({"space_key": "", "more": "spaces: [PROD, OTHER]"}, "choose one space here"),
        ({"more": "lookback: soon"}, "lookback"),
    ],
)
def test_says_why_an_entry_cannot_be_used(sandbox: SandboxConfluence, changes: dict[str, str], words: str) -> None:
    found = checked(entry(**changes))
    assert words in " ".join(found["problems"])


@pytest.mark.parametrize("more", ["[a, b]", "just words", "a: [", "1: x"])
def test_further_fields_have_to_be_fields(more: str) -> None:
    with pytest.raises(PermanentError, match="not YAML"):
        entry(more=more)


def test_a_key_that_no_space_has_is_refused_with_what_is_near(sandbox: SandboxConfluence) -> None:
    with pytest.raises(PermanentError, match="PRD"):
        checked(entry(space_key="PRD"))


def test_a_connection_that_is_not_there_is_named() -> None:
    with pytest.raises(PermanentError, match="There is no connection nowhere"):
        visible_spaces("nowhere")
