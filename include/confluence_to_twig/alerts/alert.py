"""Alert: what somebody should know about a source, and the problem it belongs to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from confluence_to_twig.runs.links import airflow_url

#: A run failed; the mass-delete brake asks; the token expires; no run brought the source into step in time.
Kind = Literal["failed", "approval", "token", "stale"]


@dataclass(frozen=True)
class Alert:
    """One alert.

    :param problem: what all alerts of the same problem share, such as ``load TransientError``: no figures, no run ids.
    :param summary: one line. :param details: what happened and what to do, in full.
    :param url: where to look in Airflow; empty if Airflow does not know its own address.
    """

    kind: Kind
    source: str
    problem: str
    summary: str
    details: str = ""
    url: str = ""

    @property
    def key(self) -> str:
        """The problem's name: two alerts with the same one are the same problem."""
        return f"{self.source}:{self.kind}:{self.problem}"

    @property
    def label(self) -> str:
        """The key as a label that any tracker accepts."""
        return label_of(self.key)

    def __str__(self) -> str:
        return "\n".join(filter(None, [self.summary, self.details, self.url]))


def label_of(key: str) -> str:
    """``c2t-`` and twelve hexadecimal digits."""
    return f"c2t-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def run_url(dag_id: str, run_id: str, task_id: str = "") -> str:
    """A run, or a task of it, in Airflow's UI, by ``[api] base_url``; empty if that is not set."""
    path = f"dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"
    return airflow_url(f"{path}/tasks/{quote(task_id, safe='')}" if task_id else path)
