from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from confluence_to_twig.errors import PermanentError, PipelineError
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.audience_book import AudienceBook, Entry, write_audience_book
from confluence_to_twig.staging.rows import LevelRow
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.data_source import find_or_create
from confluence_to_twig.twig.models import Citation, DataSource
from confluence_to_twig.web.explaining import explain
from confluence_to_twig.web.playground import NothingToAskError, agent_of, answer_of_agent, ask, choices, passage_of
from sandbox.twig import DEFAULT_AGENT, Settings, serve
from tests.twig.world import Page, World, local_staging

SOURCE = Source(name="product-docs", space_key="PROD")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with serve(settings=Settings(write_per_minute=None)) as served:
        fields = {"conn_type": "twig", "host": served.base_url, "password": served.api_key}
        monkeypatch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(fields | {"extra": {"org_id": served.org_id}}))
        yield World(served, local_staging(tmp_path))


class OfFew(World):
    """A data source of one audience."""

    def source(self, client: TwigClient | None = None) -> DataSource:
        return find_or_create(client or self.client(), "product-docs · hr", staging=self.staging)


def loaded(world: World, *pages: Page) -> None:
    world.load(*pages)
    with world.client() as client:
        client.process(world.source().id)


def citation(text: str) -> Citation:
    return Citation("c1", "42", "Install the gateway", "https://example.com/wiki/x#Mount", 0.9, text)


def test_finds_the_chunk_that_answers(world: World) -> None:
    loaded(world, Page("1", ("Mount the bracket",), title="Gateway"), Page("2", ("Rotate the key",), title="Keys"))
    passages = ask(SOURCE, world.staging, "rotate a key", 5)
    assert [(passage.title, passage.page_id) for passage in passages] == [("Keys", "2")]
    assert passages[0].url.startswith("https://example.atlassian.net/wiki/spaces/PROD/pages/2/Keys")
    assert (passages[0].path, passages[0].text) == (("Space", "2"), "Rotate the key")


def test_gives_no_more_than_was_asked_for(world: World) -> None:
    loaded(world, *(Page(str(number), (f"gateway number {number}",)) for number in range(5)))
    assert len(ask(SOURCE, world.staging, "gateway", 3)) == 3


def test_asks_the_data_source_of_this_source_only(world: World, tmp_path: Path) -> None:
    loaded(world, Page("1", ("gateway",)))
    other = World(world.served, local_staging(tmp_path, "other"))
    with other.client() as client:
        client.create_data_source("another", "FILE", "", "key")
    assert ask(SOURCE, world.staging, "gateway", 5)
    with pytest.raises(NothingToAskError):
        ask(SOURCE, other.staging, "gateway", 5)


def test_asks_for_the_audiences_that_were_chosen(world: World) -> None:
    loaded(world, Page("1", ("gateway for all",)))
    loaded(OfFew(world.served, world.staging.of_audience("aa11")), Page("2", ("gateway for hr",)))
    levels: list[LevelRow] = [{"users": [], "groups": ["g1"]}]
    write_audience_book(world.staging, AudienceBook({"aa11": Entry("hr", levels), "bb22": Entry("ops", levels)}))
    assert {choice.key: (choice.name, choice.readers) for choice in choices(SOURCE, world.staging)} == {
        "": ("product-docs", ("everybody who may use Confluence",)),
        "aa11": ("product-docs · hr", ("group g1",)),
    }

    def found(*audiences: str) -> set[str]:
        return {passage.page_id for passage in ask(SOURCE, world.staging, "gateway", 5, audiences)}

    assert {passage.page_id for passage in ask(SOURCE, world.staging, "gateway", 5)} == {"1"}
    assert found("aa11") == found("aa11", "unknown") == {"2"}
    assert found("", "aa11") == {"1", "2"}
    with pytest.raises(NothingToAskError):
        found("bb22")


def test_there_is_nothing_to_ask_before_the_first_load(world: World) -> None:
    with pytest.raises(NothingToAskError, match="Run the DAG once"):
        ask(SOURCE, world.staging, "gateway", 5)


def test_a_source_delivered_as_files_is_asked_in_twig(world: World) -> None:
    files = SOURCE.model_copy(update={"delivery": "files"})
    with pytest.raises(NothingToAskError, match="delivered as files"):
        ask(files, world.staging, "gateway", 5)


def test_a_wrong_key_is_explained_without_the_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(world, Page("1", ("gateway",)))
    fields = {"conn_type": "twig", "host": world.served.base_url, "password": "twigsk_wrong_key"}
    monkeypatch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(fields | {"extra": {"org_id": "o"}}))
    with pytest.raises(PipelineError) as raised:
        ask(SOURCE, world.staging, "gateway", 5)
    shown = explain(raised.value)
    assert shown["summary"].startswith("401")
    assert "twigsk_wrong_key" not in json.dumps(shown)


def name_agent(world: World, monkeypatch: pytest.MonkeyPatch, agent: str) -> None:
    fields = {"conn_type": "twig", "host": world.served.base_url, "password": world.served.api_key}
    extra = {"org_id": world.served.org_id, "agent_id": agent}
    monkeypatch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(fields | {"extra": extra}))


def test_the_agent_of_the_connection_answers_and_cites(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(world, Page("1", ("Mount the bracket",), title="Gateway"), Page("2", ("Rotate the key",), title="Keys"))
    name_agent(world, monkeypatch, DEFAULT_AGENT)
    assert agent_of(SOURCE) == DEFAULT_AGENT
    said = answer_of_agent(SOURCE, "rotate a key")
    assert "Rotate the key" in said["text"]
    assert [cited["title"] for cited in said["citations"]] == ["Keys"]
    assert said["citations"][0]["url"].startswith("https://example.atlassian.net/wiki/spaces/PROD/pages/2/Keys")


def test_an_agent_that_is_not_there_is_named_with_its_remedy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name_agent(world, monkeypatch, "agent_elsewhere")
    with pytest.raises(PermanentError, match=r"no agent 'agent_elsewhere'.*\n.*'Agent id' in the Twig connection"):
        answer_of_agent(SOURCE, "rotate a key")


def test_without_an_agent_there_is_nobody_to_ask(world: World) -> None:
    assert agent_of(SOURCE) is None
    with pytest.raises(NothingToAskError, match="names no agent"):
        answer_of_agent(SOURCE, "rotate a key")


def test_takes_the_context_line_apart() -> None:
    passage = passage_of(citation("Docs › Start › Install the gateway › Mount\n\n| a | b |\n| - | - |"))
    assert passage.path == ("Docs", "Start", "Install the gateway", "Mount")
    assert passage.text == "| a | b |\n| - | - |"


def test_takes_the_title_alone_for_a_context_line() -> None:
    passage = passage_of(citation("Install the gateway\n\nTurn it off."))
    assert (passage.path, passage.text) == (("Install the gateway",), "Turn it off.")


@pytest.mark.parametrize("text", ["", "one line", "no arrows\nhere", "Docs › Page"])
def test_leaves_a_chunk_of_another_shape_whole(text: str) -> None:
    passage = passage_of(citation(text))
    assert (passage.path, passage.text) == ((), text)


def test_an_unforeseen_error_is_named_and_not_quoted() -> None:
    shown = explain(RuntimeError("token=abc"))
    assert "RuntimeError" in shown["summary"]
    assert "abc" not in json.dumps(shown)
    assert explain(PermanentError("what", "do this")) == {"summary": "what", "remedy": "do this"}
