"""Broken situations in which the page must not call a source active, and what it says instead.

Each is made in staging, or told by Airflow's REST API, or both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from confluence_to_twig.staging.files import write_bytes
from tests.web.samples import NOW, SampleSource

HOUR = timedelta(hours=1)
DAG_ID = "confluence_to_twig__docs"
DAG = {
    "dag_id": DAG_ID,
    "is_paused": False,
    "has_import_errors": False,
    "next_dagrun_run_after": "2099-01-01T00:00:00Z",
}
RUN = {"dag_id": DAG_ID, "run_type": "scheduled", "conf": {}, "end_date": "2098-01-01T00:00:00Z"}
ERROR = [{"task": "load", "shard": None, "error": "TransientError: Twig is busy\nWait."}]
FAILED = {"state": "failed", "errors": ERROR}
EMPTY = {"pages": 0, "chunks": 0}
NOT_GOOD = {"good": False, "rules": {"empty": {"value": 0.5, "limit": 0.2, "good": False}}}
FIGURES = {"restricted": 0, "to_skip": 0, "to_leave": 0}


def airflow(**changes: Any) -> dict[str, Any]:
    """What Airflow tells of a source of which all is well."""
    told: dict[str, Any] = {"dag": DAG, "failed": None, "succeeded": None, "active": [], "waiting": []}
    return told | changes


@dataclass(frozen=True)
class Situation:
    """Something that is not as it should be.

    :param state: what the page calls it. :param words: in the first reason; empty: the state says it all.
    :param runs: reports of the runs in staging, oldest first. :param staged: what else is done to staging.
    :param live: what Airflow tells; None: it does not know the DAG.
    """

    name: str
    state: str
    words: str = ""
    runs: tuple[dict[str, Any], ...] = ()
    staged: Callable[[SampleSource], None] = field(default=lambda source: None)
    live: dict[str, Any] | None = field(default_factory=airflow)

    def make(self, source: SampleSource) -> None:
        """Write it into staging."""
        for number, report in enumerate(self.runs):
            source.run(f"run__{number}", NOW + number * HOUR, **report)
        self.staged(source)


def damaged(name: str) -> Callable[[SampleSource], None]:
    """A file of the source that is not what it was."""

    def damage(source: SampleSource) -> None:
        source.bind()
        write_bytes(source.staging.home / name, b"{ not what it was")

    return damage


def validate_failed(source: SampleSource) -> None:
    source.record(
        "run__9", "validate", NOW + 9 * HOUR, state="failed", error="CredentialsError: 401 Unauthorized\nPaste it."
    )


def under_way(source: SampleSource) -> None:
    source.record("run__9", "validate", NOW + 9 * HOUR)


BACKFILL, DRY, CHOSEN = {"run_type": "backfill"}, {"params": {"dry_run": True}}, {"params": {"page_ids": ["7"]}}
SITUATIONS = [
    Situation("wrong token", "failed", "401 Unauthorized", ({},), validate_failed),
    Situation("first run failed", "failed", "401 Unauthorized", (), validate_failed),
    Situation("load failed", "failed", "Twig is busy", ({}, FAILED)),
    Situation("verify found a lost page", "failed", "not in Twig", ({"state": "failed", "problems": ["not in Twig"]},)),
    Situation("failed without a word", "failed", "The last sync failed", ({"state": "failed"},)),
    Situation("backfill after a failure", "failed", "Twig is busy", ({}, FAILED, BACKFILL)),
    Situation("dry run after a failure", "failed", "Twig is busy", (FAILED, DRY)),
    Situation("chosen pages after a failure", "failed", "Twig is busy", (FAILED, CHOSEN)),
    Situation("all three after a failure", "failed", "Twig is busy", ({}, FAILED, BACKFILL, DRY, CHOSEN)),
    Situation("a run under way after a failure", "failed", "Twig is busy", (FAILED,), under_way),
    Situation("pages in quarantine", "attention", "3 pages could not be synced", ({"result": {"failed": 3}},)),
    Situation("a warning", "attention", "The sweep is not complete", ({"warnings": ["The sweep is not complete"]},)),
    Situation("the brake kept pages", "attention", "stay in Twig", ({"warnings": ["60 pages stay in Twig"]},)),
    Situation("token about to expire", "attention", "expires in 3 days", ({"warnings": ["It expires in 3 days"]},)),
    Situation("token expired", "attention", "has expired", ({"token_expires_on": "2020-01-01"},)),
    Situation("not good enough", "attention", "50.0% of the documents have no text", ({"quality": NOT_GOOD},)),
    Situation(
        "lookback leaves it empty",
        "attention",
        "before its window",
        ({"result": EMPTY, "figures": FIGURES | {"to_leave": 9}},),
    ),
    Situation(
        "all is kept out", "attention", "are kept out", ({"result": EMPTY, "figures": FIGURES | {"to_skip": 9}},)
    ),
    Situation(
        "the account sees nothing", "attention", "the account sees none", ({"result": EMPTY, "figures": FIGURES},)
    ),
    Situation("damaged binding", "failed", "not readable", ({},), damaged("twig.json")),
    Situation("damaged manifest", "failed", "manifest.parquet", ({},), damaged("manifest.parquet")),
    Situation("never ran", "pending"),
    Situation("backfill only", "pending", "", (BACKFILL,)),
    Situation("dry run only", "pending", "", (DRY,)),
    Situation("chosen pages only", "pending", "", (CHOSEN,)),
    Situation("first run under way", "pending", "", (), under_way),
    Situation("worker died", "failed", "none of its tasks could write down why", ({},), live=airflow(failed=RUN)),
    Situation("first run died", "failed", "does not see", live=airflow(failed=RUN)),
    Situation("another staging", "attention", "does not see", ({},), live=airflow(succeeded=RUN)),
    Situation("no staging at all", "attention", "does not see", live=airflow(succeeded=RUN)),
    Situation("newest report damaged", "attention", "does not see", ({},), live=airflow(succeeded=RUN)),
    Situation("a question waits", "approval", "", ({},), live=airflow(waiting=[{}])),
    Situation("a question waits after a failure", "approval", "", (FAILED,), live=airflow(waiting=[{}])),
    Situation("at work", "processing", "", ({},), live=airflow(active=[RUN | {"end_date": None}])),
    Situation("Airflow does not know the DAG", "attention", "does not know the DAG", ({},), live=None),
    Situation("import error", "attention", "import error", ({},), live=airflow(dag=DAG | {"has_import_errors": True})),
    Situation(
        "scheduler stands still",
        "attention",
        "has not started",
        ({},),
        live=airflow(dag=DAG | {"next_dagrun_run_after": "2026-01-01T00:00:00Z"}),
    ),
]
