"""``confluence-to-twig audiences``: what the administrator of Twig has to set up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from confluence_to_twig.cli.audiences import audiences, markdown
from confluence_to_twig.cli.terminal import Terminal
from confluence_to_twig.staging.audience_book import AudienceBook, Entry, write_audience_book
from confluence_to_twig.staging.layout import ROOT_VARIABLE, SourceStaging, staging_root

LEVELS = [{"users": ["712020:ada"], "groups": ["g1"]}, {"users": [], "groups": ["g2"]}]


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "staging"))
    path = tmp_path / "sources.yaml"
    path.write_text("sources: [{name: docs, space_key: PROD, restricted_pages: audiences}]")
    monkeypatch.setenv("CONFLUENCE_TWIG_SOURCES", str(path))
    entries = {"aa11": Entry("hr", [{"users": [], "groups": ["g2"]}]), "bb22": Entry("bb22", LEVELS)}
    names = {"g1": "writers", "g2": "hr", "712020:ada": "Ada | Byron"}
    write_audience_book(SourceStaging(staging_root(), "docs"), AudienceBook(entries, names))
    return str(path)


def said(sources: str, tmp_path: Path, *, as_json: bool) -> str:
    with (tmp_path / "out").open("w+") as out:
        assert audiences(Terminal(out, out, None), sources, [], as_json=as_json) == 0
        out.seek(0)
        return out.read()


def test_the_table_names_data_sources_readers_groups_and_agents(sources: str, tmp_path: Path) -> None:
    lines = said(sources, tmp_path, as_json=False).splitlines()
    assert lines[0] == "## docs"
    assert lines[4:7] == [
        "| docs | 0 | everybody who may use Confluence | none | one with the data source docs, for everybody |",
        "| docs · hr | 0 | group hr | docs · hr | one with the data source docs · hr, for the group docs · hr only |",
        "| docs · bb22 | 0 | group hr<br>group writers or Ada \\| Byron | docs · bb22 | one with the data source docs · bb22, "
        "for the group docs · bb22 only |",
    ]
    assert "Membership is Confluence's" in lines[-1]


def test_a_program_gets_the_ids_as_well(sources: str, tmp_path: Path) -> None:
    found = json.loads(said(sources, tmp_path, as_json=True))["docs"]
    assert [entry["data_source"] for entry in found] == ["docs", "docs · hr", "docs · bb22"]
    assert found[2]["levels"][0] == {
        "groups": [{"id": "g1", "name": "writers"}],
        "users": [{"id": "712020:ada", "name": "Ada | Byron"}],
    }
    assert (found[0]["twig_group"], found[0]["twig_agent"]["visibility"]) == (None, "organization")
    assert found[1]["twig_agent"] == {"name": "docs · hr", "visibility": "group", "data_sources": ["docs · hr"]}


def test_no_name_becomes_a_link_or_a_column() -> None:
    entry = {"data_source": "a|b", "pages": 1, "readers": ["group [x](http://evil)\n| y"], "twig_group": None}
    assert markdown([entry]).splitlines()[2].startswith("| a\\|b | 1 | group \\[x\\](http://evil) \\| y | none |")
