"""Recording: each task leaves one small JSON file beside the data, so that a report exists even for a run that failed."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

import structlog

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.runs.metrics import is_measured, of_task, send
from confluence_to_twig.runs.stopping import TaskStopped, stoppable
from confluence_to_twig.staging.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.run import Run

log = logging.getLogger(__name__)


class Counting(Protocol):
    """A client of either side."""

    @property
    def requests_made(self) -> int:
        """HTTP requests sent so far, repeated ones included."""

    @property
    def seconds_waited(self) -> float:
        """How long requests waited for rate limits and between faults."""

    @property
    def requests_refused(self) -> int:
        """Requests that were refused because of a rate limit."""


@dataclass
class Record:
    """What a task wants in the report: figures, warnings, and details of any JSON shape."""

    figures: dict[str, int | float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    #: Whether the task goes on with another record, which then has this one in it.
    goes_on: bool = False
    #: What of a text may stand in the log of the task, which everybody reads who may read the DAG.
    discreet: Callable[[str], str] = str

    def count(self, **figures: float) -> None:
        """Add to figures."""
        self.figures = _added(self.figures, figures)

    @contextmanager
    def traffic(self, side: Literal["confluence", "twig"], client: Counting) -> Iterator[None]:
        """Count the requests of a client, and how long they waited, whether the task succeeds or raises."""
        try:
            yield
        finally:
            counted = {
                "requests": client.requests_made,
                "refused_by_limit": client.requests_refused,
                "seconds_waited": round(client.seconds_waited, 3),
            }
            self.count(**{f"{side}_{name}": number for name, number in counted.items()})

    def warn(self, message: str) -> None:
        """Log a warning, as far as it is for everybody, and keep it for the report."""
        log.warning("%s", self.discreet(message))
        self.warnings.append(message)


@contextmanager
def recorded(run: Run, *, comes_back: bool = False) -> Iterator[Record]:
    """Measure the enclosed task and write its record, whether it succeeds or raises. Airflow can stop it at any time.

    :param comes_back: the task may wait and come back: what it recorded before is kept.
    """
    from confluence_to_twig.memory import leave_pandas_out

    leave_pandas_out()
    record, started, clock = Record(discreet=_for_everybody(run)), datetime.now(UTC), time.perf_counter()
    error: str | None = None
    waiting = False
    try:
        with stoppable():
            yield record
    except (Exception, TaskStopped) as failure:
        if isinstance(failure, PipelineError):
            failure.name_source(run.source.name)
        error = f"{type(failure).__name__}: {failure}"
        if isinstance(failure, PipelineError):
            failure.withhold(record.discreet)  # Airflow writes it into the log
        raise
    except BaseException:
        # Airflow leaves a task by such an exception when it defers or waits for input: it will come back.
        waiting = True
        raise
    finally:
        earlier = _earlier(record_path(run)) if comes_back else {}
        _write(run, record, earlier, started, round(time.perf_counter() - clock, 3), error, waiting=waiting)


def _for_everybody(run: Run) -> Callable[[str], str]:
    """What of a text may stand in a log; nothing is read before there is something to say."""

    def shown(text: str) -> str:
        from confluence_to_twig.runs.discretion import discreet

        return discreet(run.staging, text)

    return shown


def _write(
    run: Run,
    record: Record,
    earlier: dict[str, Any],
    started: datetime,
    seconds: float,
    error: str | None,
    *,
    waiting: bool = False,
) -> None:
    data = {
        "run_id": run.run_id,
        "task": run.task_id,
        "shard": run.shard,
        "state": "waiting" if waiting or (record.goes_on and not error) else "failed" if error else "success",
        "try_number": run.try_number,
        "started_at": earlier.get("started_at") or started.isoformat(),
        "ended_at": datetime.now(UTC).isoformat(),
        "seconds": round(seconds + earlier.get("seconds", 0.0), 3),
        "figures": _added(earlier.get("figures", {}), record.figures),
        "warnings": earlier.get("warnings", []) + record.warnings,
        "details": earlier.get("details", {}) | record.details,
        "error": error,
    }
    write_json(record_path(run), data)
    # Through structlog, whose fields Airflow shows beside the line and keeps in the log as JSON.
    structlog.get_logger(__name__).info("Figures of this task", **(record.figures | {"seconds": seconds}))
    if is_measured():
        send(of_task(run.source.name, data, record.figures, len(record.warnings)))


def _added(earlier: dict[str, int | float], now: dict[str, int | float]) -> dict[str, int | float]:
    return earlier | {name: earlier.get(name, 0) + number for name, number in now.items()}


def _earlier(path: ObjectStoragePath) -> dict[str, Any]:
    """The record of the part of this task that ran before it waited, if it did."""
    try:
        data = read_json(path)
    except FileNotFoundError:
        return {}
    return data if data["state"] == "waiting" else {}


def record_path(run: Run) -> ObjectStoragePath:
    """``report/<task>.json`` or ``report/<task>-0003.json`` in the run's folder."""
    name = run.task_id if run.shard is None else f"{run.task_id}-{run.shard:04d}"
    return run.staging.home / "report" / f"{name}.json"
