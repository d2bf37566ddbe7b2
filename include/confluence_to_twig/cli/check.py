"""``confluence-to-twig check``: can every source be synced from here? Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluence_to_twig.airflow_private import stored_connections
from confluence_to_twig.cli.inputs import InputError, named, read_sources
from confluence_to_twig.errors import PipelineError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from confluence_to_twig.cli.terminal import Terminal
    from confluence_to_twig.sources.source import Source

#: A person waits: a host that does not answer is told within ten seconds.
PATIENCE_SECONDS = 8.0
ATTEMPTS = 3


@dataclass(frozen=True)
class Row:
    """What came of testing one connection of one source.

    :param status: 0 it works, 1 it does not, 2 the connection itself is wrong or missing.
    """

    source: str
    connection: str
    result: str
    status: int


def check(shown: Terminal, sources_path: str | None, names: Sequence[str]) -> int:
    """Test both connections of each source and show a table.

    :returns: 0 if all work, 1 if one does not, 2 if there is a mistake in the sources file or in a connection.
    """
    file = read_sources(sources_path)
    chosen = named(file, names)
    problems = () if names else file.problems
    rows = [row for source in chosen for row in tested(source)]
    _show(rows, shown)
    for problem in problems:
        shown.error(problem)
    return max([2 if problems else 0, *(row.status for row in rows)])


def tested(source: Source) -> Iterator[Row]:
    """Both connections of a source, tried out: it signs in, counts pages and lists data sources."""
    from confluence_to_twig.cli.caller import confluence_of, twig_of

    for address, test in ((confluence_of, _confluence), (twig_of, _twig)):
        try:
            where = address(source)
        except InputError as error:
            yield Row(source.name, _conn_id(source, address is twig_of), error.sentences, 2)
            continue
        try:
            with stored_connections():
                result = test(source)
            yield Row(source.name, where, result, 0)
        except TransientError as error:
            remedy = "Check the address in the connection, and whether it can be reached from here."
            yield Row(source.name, where, f"{error.summary.rstrip('.')}. {remedy}", 1)
        except PipelineError as error:
            yield Row(source.name, where, error.sentences, 1)


def _conn_id(source: Source, twig: bool) -> str:
    return source.twig_conn_id if twig else source.confluence_conn_id


def _confluence(source: Source) -> str:
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.hook import ConfluenceHook
    from confluence_to_twig.http.retry import Patience
    from confluence_to_twig.planning.spaces import chosen_spaces

    patience = Patience(attempts=ATTEMPTS, seconds=PATIENCE_SECONDS)
    with ConfluenceClient(ConfluenceHook(source.confluence_conn_id).settings(), patience=patience) as client:
        if source.spaces:
            found, unknown = chosen_spaces(
                source.spaces, client.api.all_spaces(), archived=source.archived_spaces == "include"
            )
            lacking = f"; there is no space {', '.join(unknown)}" if unknown else ""
            return f"Connection successful, {len(found):,} spaces fit {source.spaces_text}{lacking}"
        count = client.count(client.space(source.space_key), source.content)
    return f"Connection successful, found {count} in {source.space_key}"


def _twig(source: Source) -> str:
    if source.delivery == "files":
        return "Files are written there; no connection is needed"
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.hook import TwigHook

    with TwigClient(TwigHook(source.twig_conn_id).settings(), patience_s=PATIENCE_SECONDS) as client:
        names = [data_source.name for data_source in client.list_data_sources()]
    there = "is there" if source.data_source_name in names else "will be created by the first run"
    return f"Connection successful, data source {source.data_source_name!r} {there}"


def _show(rows: Sequence[Row], shown: Terminal) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("source", "connection", "result", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row.source, row.connection, Text(row.result, style="" if row.status == 0 else "red"))
    width = None if shown.out.isatty() else 400
    Console(file=shown.out, highlight=False, width=width).print(table)
