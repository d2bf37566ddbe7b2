"""What the doctor finds, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

#: ``ok``; ``look``: a person should know; ``missing``: a run fails or lacks something; ``unknown``: nothing tells.
State = Literal["ok", "look", "missing", "unknown"]

#: All requests that one look at a source may make, to both sides together.
MOST_REQUESTS = 30


@dataclass(frozen=True)
class Finding:
    """One row of the table."""

    side: Literal["Confluence", "Twig", "Airflow"]
    what: str
    found: str
    state: State = "ok"


@dataclass(frozen=True)
class Estimate:
    """What a first run of the source comes to.

    :param basis: what it was computed from. :param requests: to Confluence. :param writes: to Twig.
    :param text_bytes: of Markdown. :param sent_bytes: to Twig, compressed; or of the files.
    :param minutes: at best and at worst.
    """

    basis: str
    pages: int
    chunks: int
    tokens: int
    requests: int
    writes: int
    text_bytes: int
    sent_bytes: int
    files: int
    minutes: tuple[float, float]


@dataclass(frozen=True)
class Diagnosis:
    """All that the doctor says of a source.

    :param settings: fields to paste into the source's entry. :param by_hand: what a person has to do.
    """

    source: str
    looked_at: str
    requests: int
    findings: list[Finding] = field(default_factory=list)
    estimate: Estimate | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    by_hand: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The exit status: 1 when something is missing."""
        return int(any(finding.state == "missing" for finding in self.findings))

    def to_json(self) -> dict[str, Any]:
        """For ``--json``, and for the page."""
        return asdict(self)
