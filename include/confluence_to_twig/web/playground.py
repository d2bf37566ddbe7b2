"""Playground: ask Twig a question and see which chunks it finds, with the page and heading that each one cites.

Where the source has audiences, people choose for which of them they ask. Where the Twig connection names an agent, it is
asked as well. Nobody chooses another one: the key may ask agents whose data sources are not for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowNotFoundException

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.planning.audience import EVERYBODY, Audience, described
from confluence_to_twig.sources.source import AUDIENCE_SEPARATOR
from confluence_to_twig.staging.audience_book import read_audience_book
from confluence_to_twig.staging.binding import read_binding
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.hook import TwigHook

if TYPE_CHECKING:
    from collections.abc import Collection

    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.twig.models import Citation
    from confluence_to_twig.twig.settings import TwigSettings

#: A person waits for the answer, so say that Twig is busy instead of waiting for its budget.
PATIENCE_SECONDS = 15.0
MOST_RESULTS = 20


class NothingToAskError(PermanentError):
    """There is no data source to ask yet."""


@dataclass(frozen=True)
class Passage:
    """A chunk that Twig found.

    :param path: the headings above it, from the space down, as the chunk's own first line names them.
    :param text: the chunk's Markdown without that line.
    :param url: the Confluence page with the heading's anchor.
    """

    title: str
    path: tuple[str, ...]
    text: str
    url: str
    similarity: float
    page_id: str


@dataclass(frozen=True)
class Choice:
    """An audience whose data source can be asked.

    :param key: of the audience; empty: everybody. :param name: of its data source.
    :param readers: a line for each level: who may read what is in it.
    """

    key: str
    name: str
    readers: tuple[str, ...]


def choices(source: Source, staging: SourceStaging) -> list[Choice]:
    """The audiences of a source that have a data source in Twig, everybody's first."""
    book, own = read_audience_book(staging), source.data_source_name
    known = {EVERYBODY: (own, Audience())} | {
        key: (f"{own}{AUDIENCE_SEPARATOR}{entry.label}", Audience.from_rows(entry.levels))
        for key, entry in book.entries.items()
    }
    return [
        Choice(key, name, tuple(described(audience, book.names)))
        for key, (name, audience) in known.items()
        if read_binding(staging.of_audience(key))
    ]


def ask(
    source: Source, staging: SourceStaging, question: str, limit: int, audiences: Collection[str] = (EVERYBODY,)
) -> list[Passage]:
    """Ask the data sources of these audiences of the source as one, best answer first.

    :param audiences: their keys; one that the source does not know is nobody's.
    :raises NothingToAskError: no run has loaded anything for them yet, or Twig is fed by files.
    :raises PipelineError: Twig's own answer, in words that may be shown.
    """
    if source.delivery == "files":
        raise NothingToAskError(
            "This source is delivered as files",
            "Twig reads them by itself, so this project does not know the data source to ask. Ask in Twig.",
        )
    known = read_audience_book(staging).entries.keys() | {EVERYBODY}
    bindings = [read_binding(staging.of_audience(key)) for key in sorted(known & set(audiences))]
    bound = [binding.data_source_id for binding in bindings if binding]
    if not bound:
        raise NothingToAskError("Nothing is in Twig yet", "Run the DAG once; then ask again.")
    with TwigClient(_settings(source.twig_conn_id), patience_s=PATIENCE_SECONDS) as client:
        found = client.search(question, bound, limit=min(limit, MOST_RESULTS))
    return [passage_of(citation) for citation in found]


def agent_of(source: Source) -> str | None:
    """The agent that answers questions about this source; None: the Twig connection names none."""
    return _settings(source.twig_conn_id).agent_id


def answer_of_agent(source: Source, question: str) -> dict[str, Any]:
    """What the connection's agent says.

    :returns: ``agent``, ``text`` in Markdown, and ``citations``: title, url and similarity of each, best first.
    :raises NothingToAskError: the connection names no agent.
    :raises PipelineError: Twig's own answer, in words that may be shown.
    """
    settings = _settings(source.twig_conn_id)
    if settings.agent_id is None:
        raise NothingToAskError("The Twig connection names no agent", "Set 'Agent id' in the connection.")
    with TwigClient(settings, patience_s=PATIENCE_SECONDS) as client:
        said = client.ask_agent(settings.agent_id, question)
    cited = [{"title": it.title, "url": it.url, "similarity": it.similarity} for it in said.citations]
    return {"agent": settings.agent_id, "text": said.text, "citations": cited}


def _settings(conn_id: str) -> TwigSettings:
    try:
        return TwigHook(conn_id).settings()
    except AirflowNotFoundException:
        raise PermanentError(
            f"There is no connection {conn_id}, or the API server cannot see it",
            "Create it under Admin → Connections, or give the API server the environment or secrets backend it is in.",
        ) from None


def passage_of(citation: Citation) -> Passage:
    """A search result, with its first line split into path and text. Of a small page that line is the title alone."""
    first, _, rest = citation.text.partition("\n")
    path = tuple(part.strip() for part in first.split(" › "))
    if (len(path) < 2 and first != citation.title) or not rest.strip():
        path, rest = (), citation.text
    return Passage(
        title=citation.title,
        path=path,
        text=rest.strip(),
        url=citation.url,
        similarity=citation.similarity,
        page_id=citation.document_id,
    )
