"""The console script ``confluence-to-twig``.

Exit status: 0 success; 1 a source failed; 2 a mistake in the input; 130 stopped by Ctrl-C. A mistake is one line on
standard error, and the last one.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, cast

import typer

from confluence_to_twig.cli.collector import collect_seldom
from confluence_to_twig.cli.inputs import InputError, prepared_home
from confluence_to_twig.cli.terminal import terminal
from confluence_to_twig.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What typer raises for a wrong command line; it exports the class under no name that all its versions share.
_UsageError = cast("type[Exception]", typer.BadParameter.__mro__[1])

#: What typer returns for Ctrl-C, without a word.
_INTERRUPTED = 130

app = typer.Typer(
    name="confluence-to-twig",
    help="Keep Twig in step with Confluence. Every command runs in the Airflow that AIRFLOW_HOME and the environment "
    "name: its configuration, secrets backend and connections. Exit status: 0 success, 1 a source failed, 2 a mistake "
    "in the input.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Sources = Annotated[
    str | None, typer.Option("--sources", help="The sources file; default: the one that the DAGs are built from.")
]
Names = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Names of sources; default: all.")]
Name = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show what Airflow and the tasks log.")]


@app.command()
def sync(
    names: Names = None,
    sources: Sources = None,
    full: Annotated[bool, typer.Option("--full", help="Look at the whole space, whatever the lookback.")] = False,
    since: Annotated[
        str | None, typer.Option(help="Cover pages modified from this time on, such as 2026-11-01T00:00:00Z.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Process pages in scope again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan and report; send nothing.")] = False,
    approve_deletions: Annotated[
        bool, typer.Option("--approve-deletions", help="Do not stop at the mass-delete brake.")
    ] = False,
    report: Annotated[str | None, typer.Option(help="Also write the report of each source to this JSON file.")] = None,
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="Accept what earlier runs reported about Twig's content.")
    ] = False,
    verbose: Verbose = False,
) -> int:
    """Run sources once, here and now, without a scheduler."""
    from confluence_to_twig.cli import sync as command

    options = command.SyncOptions(full, since, force, dry_run, approve_deletions, report, acknowledge)
    with terminal(prepared_home(), "sync", verbose=verbose) as shown:
        return command.sync(shown, sources, names or [], options)


@app.command()
def backfill(
    name: Name,
    start: Annotated[str, typer.Option("--from", help="The first day, such as 2026-01-01.")],
    end: Annotated[str, typer.Option("--to", help="The last day, all of it.")],
    sources: Sources = None,
    verbose: Verbose = False,
) -> int:
    """Have the scheduler run past windows of a source."""
    from confluence_to_twig.cli import backfill as command

    with terminal(prepared_home(), "backfill", verbose=verbose) as shown:
        return command.backfill(shown, sources, name, start, end)


@app.command("rebuild-manifest")
def rebuild_manifest(name: Name, sources: Sources = None, verbose: Verbose = False) -> int:
    """Write a lost or damaged manifest anew from what Twig says it holds."""
    from confluence_to_twig.cli import rebuild as command

    with terminal(prepared_home(), "rebuild-manifest", verbose=verbose) as shown:
        return command.rebuild_manifest(shown, sources, name)


@app.command("start-over")
def start_over(
    name: Name,
    sources: Sources = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before that.")] = False,
    verbose: Verbose = False,
) -> int:
    """Remove a source's data source from Twig, with everything in it."""
    from confluence_to_twig.cli import rebuild as command

    with terminal(prepared_home(), "start-over", verbose=verbose) as shown:
        return command.start_over(shown, sources, name, sure=yes)


@app.command()
def check(names: Names = None, sources: Sources = None, verbose: Verbose = False) -> int:
    """Test both connections of each source; change nothing."""
    from confluence_to_twig.cli import check as command

    with terminal(prepared_home(), "check", verbose=verbose) as shown:
        return command.check(shown, sources, names or [])


@app.command()
def doctor(
    names: Names = None,
    sources: Sources = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    verbose: Verbose = False,
) -> int:
    """Look at both sides of each source, and estimate its first run; at most 30 requests, which only read."""
    from confluence_to_twig.cli.doctor import command

    with terminal(prepared_home(), "doctor", verbose=verbose) as shown:
        return command.doctor(shown, sources, names or [], as_json=as_json)


@app.command()
def audiences(
    names: Names = None,
    sources: Sources = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of Markdown.")] = False,
    verbose: Verbose = False,
) -> int:
    """List the data sources of each source, who may read what is in them, and what to set up in Twig."""
    from confluence_to_twig.cli import audiences as command

    with terminal(prepared_home(), "audiences", verbose=verbose) as shown:
        return command.audiences(shown, sources, names or [], as_json=as_json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    collect_seldom()
    try:
        status = int(app(args=arguments, standalone_mode=False) or 0)
        return _ended("stopped", status) if status == _INTERRUPTED else status
    except InputError as error:
        return _ended(error.sentences, 2)
    except PipelineError as error:
        return _ended(error.sentences, 1)
    except _UsageError as error:
        words = str(error.format_message()).rstrip(".")  # type: ignore[attr-defined]
        return _ended(f"{words}. See: confluence-to-twig --help", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _ended("stopped", _INTERRUPTED)


def _ended(words: str, status: int) -> int:
    for line in words.splitlines():
        print(f"error: {line}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
