"""``confluence-to-twig backfill``: past windows of a source, run by the scheduler of the caller's Airflow."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from confluence_to_twig.cli.inputs import InputError, last_moment, moment, one_source
from confluence_to_twig.errors import PermanentError
from confluence_to_twig.sources.location import airflow_home

if TYPE_CHECKING:
    from pathlib import Path

    from confluence_to_twig.cli.terminal import Terminal
    from confluence_to_twig.sources.source import Source


@dataclass(frozen=True)
class Range:
    """The times of a backfill, both inclusive, as ``airflow backfill create`` takes them."""

    start: datetime
    end: datetime

    @classmethod
    def checked(cls, source: Source, start: str, end: str) -> Range:
        """From the options ``--from`` and ``--to``.

        :raises InputError: they are no dates, or name a time in which the source has no runs.
        """
        found = cls(moment("--from", start), last_moment("--to", end))
        if source.schedule is None:
            raise InputError(
                f"{source.name} has no schedule, so there are no past runs to make up for",
                f"Give it a cron schedule, or use: confluence-to-twig sync {source.name} --since {start}",
            )
        if found.start > found.end:
            raise InputError(f"--from {start} is after --to {end}", "Give the earlier date as --from.")
        if found.start > datetime.now(UTC):
            raise InputError(f"--from: {start} lies in the future", "A backfill covers past windows.")
        if found.end < source.start_date:
            raise InputError(
                f"--to: {end} is before the start_date of {source.name}, {source.start_date:%Y-%m-%d}",
                "Move start_date in the sources file to an earlier day.",
            )
        return found


def backfill(shown: Terminal, sources_path: str | None, name: str, start: str, end: str) -> int:
    """Create Airflow's own backfill of the source's DAG. A scheduler has to be alive: it runs the windows.

    :raises InputError: an option is wrong, or no scheduler is alive in this Airflow.
    :raises PermanentError: Airflow refused; the message has its words.
    """
    source = one_source(sources_path, name)
    dates = Range.checked(source, start, end)
    home = airflow_home()
    shown.say(f"{name}: {source.space_label}, DAG {source.dag_id} in the Airflow of {home}")
    _need_scheduler(home, f"confluence-to-twig sync {name} --since {start}")
    _create(source, dates, shown)
    return 0


def _need_scheduler(home: Path, instead: str) -> None:
    if _airflow("jobs", "check", "--job-type", "SchedulerJob").returncode:
        raise InputError(
            f"No scheduler is alive in the Airflow of {home}, so a backfill would wait for ever",
            f"Start Airflow there (`make run` in a checkout), or cover the time without it: {instead}",
        )


def _create(source: Source, dates: Range, shown: Terminal) -> None:
    answer = _airflow(
        "backfill", "create", "--dag-id", source.dag_id,
        "--from-date", dates.start.isoformat(), "--to-date", dates.end.isoformat(),
    )  # fmt: skip
    if answer.returncode:
        said = [line.strip() for line in (answer.stdout + answer.stderr).splitlines() if line.strip()]
        reason = re.sub(r"^airflow[.\w]+: ", "", said[-1]).rstrip(".") if said else "it does not say why"
        raise PermanentError(
            f"Airflow did not create the backfill: {reason}",
            f"See Dags → {source.dag_id} → Backfills, whether one is running: wait for it or cancel it. A DAG that was "
            f"added just now is known to the scheduler a little later. Log: {shown.log}",
        )
    shown.say(
        f"Created the backfill of {source.name} from {dates.start:%Y-%m-%d} to {dates.end:%Y-%m-%d}; the scheduler runs "
        f"it now: Dags → {source.dag_id} → Backfills. A DAG that is paused has to be unpaused first."
    )


def _airflow(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Airflow's own command line in the caller's environment; its output goes to the log as well."""
    answer = subprocess.run(  # noqa: S603 - the Airflow of this interpreter, with checked arguments
        [sys.executable, "-m", "airflow", *arguments],
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "1000"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    print(answer.stdout, answer.stderr, sep="\n", flush=True)
    return answer
