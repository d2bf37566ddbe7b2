"""``confluence-to-twig sync``: sources once, in a process beside nobody's scheduler."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluence_to_twig.cli.inputs import InputError, named, past_moment, read_sources, writable_file
from confluence_to_twig.cli.selected import selected
from confluence_to_twig.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from confluence_to_twig.cli.caller import Ends
    from confluence_to_twig.cli.progress import Display
    from confluence_to_twig.cli.runner import Runner
    from confluence_to_twig.cli.terminal import Terminal
    from confluence_to_twig.sources.source import Source

#: The exit statuses of the commands.
SUCCEEDED, FAILED, MISTAKEN = 0, 1, 2


@dataclass(frozen=True)
class SyncOptions:
    """What a run is to do, as the command line has it."""

    full: bool = False
    since: str | None = None
    force: bool = False
    dry_run: bool = False
    approve_deletions: bool = False
    report: str | None = None
    acknowledge: bool = False

    def checked(self) -> SyncOptions:
        """Itself. Raises :class:`~confluence_to_twig.cli.inputs.InputError` when the options cannot be meant."""
        if self.full and self.since:
            raise InputError("--full and --since were both given", "Give one: --full covers the whole space.")
        if self.since:
            past_moment("--since", self.since)
        if self.report is not None:
            writable_file("--report", self.report)
        return self

    @property
    def conf(self) -> dict[str, Any]:
        """The parameters of the runs."""
        since = past_moment("--since", self.since).isoformat() if self.since else None
        conf = {"full": self.full, "since": since, "force": self.force, "dry_run": self.dry_run}
        conf["acknowledge"] = self.acknowledge
        return {name: value for name, value in conf.items() if value}


def sync(shown: Terminal, sources_path: str | None, names: Sequence[str], options: SyncOptions) -> int:
    """Run the sources one after the other.

    :returns: 0 if all succeeded, 1 if one failed, 2 if there was a mistake in the input; sources without a mistake
        are run all the same.
    :raises InputError: nothing can be run.
    """
    options.checked()
    file = read_sources(sources_path)
    chosen = named(file, names)
    mistakes = [] if names else list(file.problems)
    failures: list[str] = []
    ready = [ends for ends in _looked_up(chosen, mistakes, shown) if _answers(ends, failures)]
    reports = {source.name: {"state": "failed"} for source in chosen}
    if ready:
        reports |= _run(ready, options, shown, failures)
    if options.report:
        Path(options.report).write_text(json.dumps(reports, ensure_ascii=False, indent=1), encoding="utf-8")
    for line in [*mistakes, *failures]:
        shown.error(line)
    return MISTAKEN if mistakes else FAILED if failures else SUCCEEDED


def _looked_up(sources: Sequence[Source], mistakes: list[str], shown: Terminal) -> list[Ends]:
    """Say where the sources' connections point. A source that lacks one is left out, and told among the mistakes."""
    from confluence_to_twig.cli.caller import look_up

    found = []
    for source in sources:
        try:
            found.append(look_up(source))
        except InputError as error:
            mistakes.append(error.sentences)
        else:
            shown.say(str(found[-1]))
    return found


def _answers(ends: Ends, failures: list[str]) -> bool:
    """Whether both sides let the source in. Asked before Airflow starts, which takes longer than to hear "no"."""
    from confluence_to_twig.cli.check import tested

    wrong = [f"{ends.source.name}: {row.result}" for row in tested(ends.source) if row.status]
    failures += wrong
    return not wrong


def _run(
    ready: Sequence[Ends], options: SyncOptions, shown: Terminal, failures: list[str]
) -> dict[str, dict[str, Any]]:
    """Run what is ready. Returns the report of each source, and adds a line for each thing that went wrong."""
    from confluence_to_twig.cli.runner import running
    from confluence_to_twig.sources.location import airflow_home
    from confluence_to_twig.tasks.prune import APPROVED_VARIABLE

    environment = {name: value for ends in ready for name, value in ends.stored.items()}
    if options.approve_deletions:
        environment[APPROVED_VARIABLE] = "yes"
    reports: dict[str, dict[str, Any]] = {}
    with running([ends.source for ends in ready], options.conf, airflow_home(), environment) as runner:
        for source in (ends.source for ends in ready):
            if len(ready) > 1:
                shown.say(f"\n{source.name}")
            with display_on(shown) as display:
                reports[source.name] = report = _watched(runner, source, display)
            failures += _told(source, report, shown)
    return reports


@contextlib.contextmanager
def display_on(shown: Terminal) -> Iterator[Display]:
    """A bar where somebody watches, lines elsewhere."""
    if shown.is_watched:
        from confluence_to_twig.cli.live import live

        with live(shown.out) as display:
            yield display
    else:
        from confluence_to_twig.cli.progress import PlainDisplay

        yield PlainDisplay(shown.say)


def _watched(runner: Runner, source: Source, display: Display) -> dict[str, Any]:
    """Show the run of one source to its end. Returns its report, also when it failed."""
    from confluence_to_twig.runs.report import build_report
    from confluence_to_twig.staging.layout import SourceStaging, staging_root

    staging = SourceStaging(staging_root(), source.name)
    try:
        outcome = runner.watch(source, staging, display)
    except PipelineError as error:
        return {"state": "failed", "warnings": [], "errors": [{"task": "start", "error": str(error)}]}
    report = build_report(staging.run(outcome.run_id), source.name, outcome.run_id)
    return report | {"state": outcome.state}


def _told(source: Source, report: dict[str, Any], shown: Terminal) -> list[str]:
    """Tell what came of a run. Returns a line for each thing that went wrong."""
    for warning in report["warnings"]:
        shown.say(f"  warning: {warning}")
    if (report.get("params") or {}).get("dry_run"):
        for line in selected(report):
            shown.say(line)
    shown.say(f"{source.name}: {report.get('summary', report['state'])}")
    if report["state"] == "success":
        return []
    wrong = [f"{error['task']} failed: {_sentences(error['error'])}" for error in report["errors"]]
    wrong += [str(problem) for problem in report.get("problems", ())]
    log = f" (log: {shown.log})" if shown.log else ""
    return [f"{source.name}: {line}{log}" for line in wrong or ["the run failed, and no task says why."]]


def _sentences(error: str) -> str:
    """``Type: summary`` and remedy of a record's error, as one line."""
    summary, _, remedy = error.partition("\n")
    kind, colon, words = summary.partition(": ")
    summary = words if colon and kind.isidentifier() else summary
    return f"{summary.rstrip('.')}. {' '.join(remedy.split())}".strip()
