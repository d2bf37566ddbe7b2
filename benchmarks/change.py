"""Measure edit to citation: ``make bench-change``, or ``python -m benchmarks.change [--sources 20] [--minutes 10] [--burst]``.

Starts the sandbox and an Airflow as ``make run`` does, but on PostgreSQL, with a space and an ``on_change`` source for each. After all first runs,
one page of each space is edited at a random time within the given minutes, and Twig is searched until it cites the new words.
Prints a Markdown table with the legs of the way; ends with status 1 when the 95th percentile is above the target. With ``--burst``
all are edited at once, which has no target.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from benchmarks.extract import table
from benchmarks.extract_goals import Goal
from benchmarks.scheduled import airflow, ended, percentile, unpause, until
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.settings import TwigSettings
from sandbox.airflow_home import DATABASE
from sandbox.postgres import postgres
from sandbox.twig.keys import DEFAULT_KEY, DEFAULT_ORG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.run import LocalAirflow

PAGES = 10
TARGET_S = 90.0
LEGS = ("noticed", "run started", "loaded", "cited")


@dataclass
class Edit:
    """One edit, and when each leg of its way was over. Seconds from the edit."""

    name: str
    at: float
    edited: datetime | None = None
    cited: datetime | None = None
    legs: dict[str, float] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """What only the edited page says."""
        return f"quillfeather{self.name}"


def space_of(name: str) -> dict[str, Any]:
    """A space as the sandbox's control API takes it."""
    pages = [
        {"ref": f"{name}-{number}", "title": f"{name} {number}", "storage": f"<p>Text {number} of {name}.</p>"}
        for number in range(PAGES)
    ]
    return {"key": name.upper(), "name": name, "description": "", "pages": pages}


def source_of(name: str) -> dict[str, Any]:
    """Its first run is one of the schedule; whatever comes after it is on change."""
    return {"name": name, "space_key": name.upper(), "schedule": "0 0 1 1 *", "on_change": True}


def measure(folder: Path, edits: Sequence[Edit], minutes: float) -> None:
    """Fill in the times of the edits."""
    sources = [source_of(edit.name) for edit in edits]
    # SQLite refuses a write now and then when so many DAGs run at once.
    with postgres(folder) as database, airflow(folder, sources, {DATABASE: database.url}) as started:
        control = f"http://127.0.0.1:{started.ports['confluence']}/_sandbox/changes"
        for edit in edits:
            answer = requests.post(control, json={"change": "add_space", "seed": space_of(edit.name)}, timeout=60)
            answer.raise_for_status()
        dags = {edit.name: unpause(started.api, edit.name) for edit in edits}
        for dag_id in dags.values():
            run = until(partial(started.api.runs, dag_id), 600)[0]
            ended(started.api, dag_id, run["dag_run_id"])
        time.sleep(60)  # until every trigger has looked
        _edit_and_ask(started, control, edits, minutes)
        for edit in edits:
            _note_legs(started, dags[edit.name], edit)


def _edit_and_ask(started: LocalAirflow, control: str, edits: Sequence[Edit], minutes: float) -> None:
    settings = TwigSettings.from_fields(
        f"http://127.0.0.1:{started.ports['twig']}", DEFAULT_KEY, {"org_id": DEFAULT_ORG}
    )
    begun = time.monotonic()
    with TwigClient(settings) as client:
        held = {spec.name: spec.id for spec in client.list_data_sources()}
        while any(edit.cited is None for edit in edits):
            passed = time.monotonic() - begun
            if passed > minutes * 60 + 600:
                raise SystemExit("Not every edit was cited within ten minutes")
            for edit in edits:
                if edit.edited is None and passed >= edit.at:
                    change = {"change": "edit", "page": f"{edit.name}-3", "storage": f"<p>Now {edit.word}.</p>"}
                    requests.post(control, json=change, timeout=60).raise_for_status()
                    edit.edited = datetime.now(UTC)
                elif edit.edited is not None and edit.cited is None:
                    found = client.search(edit.word, [held[edit.name]], 5)
                    if any(edit.word in citation.text for citation in found):
                        edit.cited = datetime.now(UTC)
            time.sleep(1.0)


def _note_legs(started: LocalAirflow, dag_id: str, edit: Edit) -> None:
    assert edit.edited is not None and edit.cited is not None
    runs = [run for run in started.api.runs(dag_id) if run["run_type"] == "asset_triggered"]
    later = [run for run in runs if datetime.fromisoformat(run["queued_at"]) > edit.edited - timedelta(seconds=1)]
    if not later:
        raise SystemExit(f"No run of {dag_id} was started by the edit")
    run = ended(started.api, dag_id, later[0]["dag_run_id"])
    (load,) = [it for it in started.api.task_instances(dag_id, run["dag_run_id"]) if it["task_id"] == "load"]
    moments = (run["queued_at"], run["start_date"], load["end_date"])
    times = [*map(datetime.fromisoformat, moments), edit.cited]
    edit.legs = {leg: (moment - edit.edited).total_seconds() for leg, moment in zip(LEGS, times, strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--burst", action="store_true", help="all at once")
    options = parser.parse_args()
    draw = random.Random(13)
    span = 0.0 if options.burst else options.minutes * 60
    edits = [Edit(f"space{number}", draw.uniform(0, span)) for number in range(options.sources)]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        measure(Path(folder), edits, 0.0 if options.burst else options.minutes)
    rows = [
        [leg, *(f"{percentile([edit.legs[leg] for edit in edits], share):.0f}" for share in (0.5, 0.95, 1.0))]
        for leg in LEGS
    ]
    what = "all at once" if options.burst else f"within {options.minutes:g} minutes"
    print(table([f"{len(edits)} edits {what}: seconds from the edit until it is", "median", "95 %", "last"], rows))
    if options.burst:
        return
    goal = Goal(
        "seconds from edit to citation, 95 %", TARGET_S, percentile([it.legs["cited"] for it in edits], 0.95), True
    )
    print(f"\n{table(['', 'asked for', 'measured', ''], [goal.cells()])}")
    sys.exit(not goal.reached)


if __name__ == "__main__":
    main()
