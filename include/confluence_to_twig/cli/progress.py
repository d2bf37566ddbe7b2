"""Progress: what a watching person sees of a run, task by task, with pages and chunks counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluence_to_twig.runs.report import read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confluence_to_twig.staging.layout import RunStaging

TASKS = ("validate", "discover", "extract", "transform", "load", "prune", "verify")
ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}

#: The figures worth a line, in the order in which they are shown.
SHOWN: dict[str, dict[str, str]] = {
    "discover": {"to_fetch": "to fetch", "to_delete": "to delete", "to_leave": "unchanged", "restricted": "restricted"},
    "extract": {"pages_got": "pages", "requests": "requests"},
    "transform": {"documents": "pages", "chunks_made": "chunks", "quarantined": "quarantined"},
    "load": {"changed": "pages sent", "chunks_sent": "chunks sent", "batches": "requests"},
    "prune": {"removed": "pages removed", "kept_by_brake": "kept by the brake"},
    "verify": {"searched": "pages asked for", "failed": "failed"},
}


class ProgressPrinter:
    """Prints one line whenever a task comes to an end, and one when it has to wait.

    :param staging: where the run's tasks leave their records.
    :param write: takes a line.
    """

    def __init__(self, staging: RunStaging, write: Callable[[str], None]) -> None:
        self._staging = staging
        self._write = write
        self._told: dict[str, str] = {}

    def update(self, instances: Iterable[dict[str, Any]]) -> None:
        """Compare the task instances with what was told before; tell what is new."""
        instances = list(instances)
        for task in TASKS:
            states = [instance["state"] for instance in instances if instance["task_id"] == task]
            state = _overall(states)
            if state is None or self._told.get(task) == state:
                continue
            self._told[task] = state
            self._write(f"  {task:<10} {state:<16} {self._figures(task, len(states))}".rstrip())

    def _figures(self, task: str, instances: int) -> str:
        records = [record for record in read_records(self._staging) if record["task"] == task]
        if not records:
            return ""
        parts = [f"{instances} shards"] if instances > 1 else []
        for name, label in SHOWN.get(task, {}).items():
            values = [record["figures"][name] for record in records if name in record["figures"]]
            if values and (sum(values) or name in {"to_fetch", "pages_got"}):
                parts.append(_counted(sum(values), label))
        found = next((r["details"]["found"] for r in records if "found" in r["details"]), None)
        if found is not None:
            parts.append(f"Connection successful, found {found}")
        parts += [str(record["error"]) for record in records if record["error"]]
        seconds = sum(record["seconds"] for record in records)
        return f"{seconds:6.1f} s  {', '.join(parts)}"


def _counted(number: float, label: str) -> str:
    """``249 pages sent``, ``1 page sent``: of the labels only nouns end in s, and they come first."""
    first, blank, rest = label.partition(" ")
    return f"{number:,} {first.removesuffix('s') if number == 1 else first}{blank}{rest}"


def _overall(states: list[str | None]) -> str | None:
    """The state worth telling: an end once all instances have one, or a wait for a human."""
    if "awaiting_input" in states:
        return "waits for you"
    if not states or any(state not in ENDED for state in states):
        return None
    for state in ("failed", "upstream_failed", "success", "skipped"):
        if state in states:
            return "done" if state == "success" else state.replace("_", " ")
    return None
