"""Process: have Twig index what it received, once, and wait until it is done.

Twig documents ``pending → processing → active | failed`` (https://help.twig.so/getting-started/core-concepts) and
prints some of it with a capital. Nothing here sleeps: a trigger calls :func:`check` at its own pace.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.twig.client import DataSourceGone

if TYPE_CHECKING:
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.models import DataSource, ProcessLog

log = logging.getLogger(__name__)

#: Twig names 10-30 minutes for 100 pages of about 5 chunks (…/data-integrations/confluence): at worst 3.7 s a chunk.
_LEAST, _PER_CHUNK, _MOST = timedelta(minutes=15), timedelta(seconds=4), timedelta(hours=24)
_SHORTEST_POLL_S, _LONGEST_POLL_S = 1.0, 30.0
_LOG_LINES = 20

State = Literal["waiting", "done", "again", "failed"]


@dataclass(frozen=True)
class Started:
    """A processing to follow.

    :param process_id: None when Twig does not name it.
    :param ours: False when one was under way already, which may not cover everything that was loaded.
    """

    process_id: str | None
    ours: bool = True


@dataclass(frozen=True)
class ProcessState:
    """The state of a processing.

    :param state: ``again``: it is over, but Twig was given more meanwhile: start another one.
    :param status: Twig's own word. :param lines: Twig's log lines of a failed processing, safe to show.
    """

    state: State
    status: str
    message: str = ""
    lines: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.state != "waiting"

    def require_success(self) -> None:
        """Raise :class:`~confluence_to_twig.errors.PermanentError` with Twig's log lines if it failed."""
        if self.state == "failed":
            shown = "\n".join(self.lines[-_LOG_LINES:])
            raise PermanentError(
                f"Twig could not process the data source: {self.message or self.status}",
                f"Twig's log:\n{shown}" if shown else "Twig's log has no lines about it.",
            )


def processing_timeout(chunks: int) -> timedelta:
    """How long a processing of that many new chunks may take before something is wrong."""
    return min(_LEAST + chunks * _PER_CHUNK, _MOST)


def poll_interval_s(waited_s: float) -> float:
    """Seconds until the next look: a tenth of the time waited so far, from 1 to 30."""
    return min(max(waited_s / 10, _SHORTEST_POLL_S), _LONGEST_POLL_S)


def start_processing(
    client: TwigClient, data_source: DataSource, manifest: ManifestStore, *, again: bool = False
) -> Started | None:
    """Trigger the processing if there is anything to process, or find the one that is under way.

    :param again: one that this run started is over: what Twig still calls ``pending`` it will not end by another.
    :returns: None when Twig was given nothing since the last time, by this run or by one that did not get so far, and
        does not say that it has anything left to do.
    """
    view = manifest.view(data_source.id)
    current = _get(client, data_source.id)
    left = _failed(current.status) or (current.status == "pending" and len(view.document_ids()) > 0 and not again)
    if not view.unprocessed and not left:
        return Started(current.process_id, ours=False) if current.status == "processing" else None
    process_id, ours = client.process(data_source.id)
    if ours:
        manifest.processed(view)
    log.info("Twig %s data source %s", "processes" if ours else "is still processing", data_source.id)
    return Started(process_id, ours)


def event_of(state: ProcessState, data_source_id: str, *, ours: bool) -> dict[str, Any]:
    """How a wait ended, as JSON, for the task that goes on after it."""
    return {**asdict(state), "lines": list(state.lines), "ours": ours, "data_source_id": data_source_id}


def check(client: TwigClient, data_source_id: str, process_id: str | None = None) -> ProcessState:
    """Ask once for the state of the processing."""
    source = _get(client, data_source_id)
    entry = client.process_log(process_id) if process_id else None
    if entry and entry.status == "processing":
        return ProcessState("waiting", source.status)
    if _failed(source.status) or (entry and _failed(entry.status)):
        return _failure(client, source, entry, process_id)
    if source.status in {"active", "ready", "completed"}:
        return ProcessState("done", source.status)
    if source.status == "pending" and entry and entry.status == "completed":
        return ProcessState("again", source.status)
    return ProcessState("waiting", source.status)


def _get(client: TwigClient, data_source_id: str) -> DataSource:
    source = client.get_data_source(data_source_id)
    if source is None:
        raise DataSourceGone
    return source


def _failed(status: str) -> bool:
    return "fail" in status or "error" in status


def _failure(client: TwigClient, source: DataSource, entry: ProcessLog | None, process_id: str | None) -> ProcessState:
    known = process_id or source.process_id
    message = client.safe((entry.error if entry else None) or source.error or "")
    return ProcessState("failed", source.status, message, tuple(client.log_lines(known)) if known else ())
