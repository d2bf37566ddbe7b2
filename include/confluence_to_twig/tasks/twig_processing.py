"""Twig's processing, as verify sees it: start it where something changed, wait for it briefly, say what to wait for longer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from confluence_to_twig.runs.record import recorded
from confluence_to_twig.runs.report import assemble, read_records
from confluence_to_twig.tasks.targets import targets_of
from confluence_to_twig.tasks.twig_target import data_source_of
from confluence_to_twig.twig.hook import TwigHook
from confluence_to_twig.twig.process import ProcessState, check, event_of, processing_timeout, start_processing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.tasks.targets import Target
    from confluence_to_twig.twig.client import TwigClient

#: A processing that ends so soon is waited for in the task: to come back from the triggerer as a new process takes as long.
BRIEFLY = timedelta(seconds=6)
_BRIEF_PAUSE_S = 0.5


@dataclass(frozen=True)
class Wait:
    """Twig is busy: which processing to follow, whether this run started it, and how long to wait for it."""

    data_source_id: str
    process_id: str | None
    ours: bool
    timeout: timedelta


def follow(
    run: Run,
    event: Mapping[str, Any] | None = None,
    targets: Sequence[Target] = (),
    *,
    briefly: timedelta = timedelta(),
) -> Wait | None:
    """Let Twig process what it was given, by this run or by one that did not get so far.

    :param event: what the trigger saw at the end of the last wait; None at first.
    :param targets: of the source, where the caller has them: each manifest is read once.
    :param briefly: how long to wait here.
    :returns: what to wait for, or None when there is nothing (more) to wait for.
    :raises PermanentError: Twig failed to process, with its log lines.
    """
    if run.params.dry_run or run.source.delivery == "files":
        return None
    with (
        recorded(run, comes_back=event is not None) as record,
        TwigHook(run.source.twig_conn_id).client() as client,
        record.traffic("twig", client),
    ):
        record.goes_on = True
        if event:  # the trigger has no record of its own
            requests = event.get("requests", 0)
            record.count(
                requests=requests, twig_requests=requests, twig_seconds_waited=event.get("seconds_waited", 0.0)
            )
        targets, until = targets or targets_of(run), time.monotonic() + briefly.total_seconds()
        # All of them are started before one is waited for.
        while waits := [wait for target in targets if (wait := _processed(run, client, target, event))]:
            if (event := _ended_by(until, client, waits[0])) is None:
                break
        record.count(requests=client.requests_made)
    return waits[0] if waits else None


def _ended_by(until: float, client: TwigClient, wait: Wait) -> dict[str, Any] | None:
    """What the trigger would see at the end of a wait; None: it has not ended by that moment of the monotonic clock."""
    while time.monotonic() < until:
        time.sleep(_BRIEF_PAUSE_S)
        if (state := check(client, wait.data_source_id, wait.process_id)).is_over:
            return event_of(state, wait.data_source_id, ours=wait.ours)
    return None


def _processed(run: Run, client: TwigClient, target: Target, event: Mapping[str, Any] | None) -> Wait | None:
    data_source, manifest = data_source_of(target, client), target.manifest
    if event and event.get("data_source_id", data_source.id) != data_source.id:
        event = None  # another one was waited for
    seen, again = _seen(event), bool(event and event["ours"])
    while seen not in {"done", "late"}:
        started = start_processing(client, data_source, manifest, again=again)
        if started is None:
            break
        state = check(client, data_source.id, started.process_id)
        if not state.is_over:
            timeout = processing_timeout(int(_figures(run).get("chunks_sent", 0)))
            return Wait(data_source.id, started.process_id, started.ours, timeout)
        state.require_success()
        seen, again = "done" if state.state == "done" and started.ours else "again", started.ours
    return None


def _seen(event: Mapping[str, Any] | None) -> str:
    """``done`` after a processing that covers everything this run loaded, ``late`` when it did not end in time; anything
    else means: look again."""
    if event is None:
        return "nothing"
    state = ProcessState(event["state"], event["status"], event["message"], tuple(event["lines"]))
    state.require_success()
    if state.state == "waiting":
        return "late"
    return "done" if state.state == "done" and event["ours"] else "again"


def _figures(run: Run) -> dict[str, float]:
    figures: dict[str, float] = assemble(run.source.name, run.run_id, read_records(run.staging))["figures"]
    return figures
