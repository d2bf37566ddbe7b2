"""What verify leaves for the next run: what is open, when all documents were compared last, and what excused a comparison.

One small JSON file a source, ``verify.json``. Lost or damaged, the next run compares all documents, and what was
acknowledged is told once more.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.staging.files import read_json, write_json
from confluence_to_twig.twig.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

#: More are not kept; the next run finds the others again.
KEPT = 1_000


@dataclass(frozen=True)
class VerifyMemory:
    """What the runs so far left.

    :param findings: open, those that a person acknowledged included.
    :param audited_at: when all documents were compared one by one last. :param excuses: of the last run, if it had any.
    :param figures: what the last run compared and asked for, by name.
    """

    findings: tuple[Finding, ...] = ()
    audited_at: datetime | None = None
    excuses: frozenset[str] = frozenset()
    figures: dict[str, int] = field(default_factory=dict)

    def is_due(self, every: timedelta, now: datetime) -> bool:
        """Whether all documents are to be compared one by one again."""
        return self.audited_at is None or now - self.audited_at >= every

    def joined_with(self, found: Iterable[Finding], run_id: str, now: datetime, *, acknowledge: bool) -> list[Finding]:
        """What a run found, with what is known of it from before.

        :param acknowledge: a person saw what earlier runs left open, and wants to hear no more of it.
        """
        known = {finding.key: finding for finding in self.findings}
        joined = []
        for finding in found:
            before = known.get(finding.key)
            if before is None:
                joined.append(replace(finding, since=now, run_id=run_id))
                continue
            seen = before.acknowledged or (acknowledge and before.run_id != run_id)
            joined.append(replace(finding, since=before.since, run_id=before.run_id, acknowledged=seen))
        return joined


def read_verify_memory(staging: SourceStaging) -> VerifyMemory:
    """The memory of a source; an empty one when there is none or it cannot be read."""
    path = _path(staging)
    try:
        data = read_json(path)
        return VerifyMemory(
            tuple(_finding(entry) for entry in data["findings"]),
            _moment(data["audited_at"]),
            frozenset(map(str, data["excuses"])),
            {str(name): int(value) for name, value in data["figures"].items()},
        )
    except FileNotFoundError:
        return VerifyMemory()
    except (ValueError, KeyError, TypeError, AttributeError, PipelineError) as error:
        log.warning("%s is not readable (%s) and begins anew", path, type(error).__name__)
        return VerifyMemory()


def write_verify_memory(staging: SourceStaging, memory: VerifyMemory) -> None:
    """Replace the memory of a source."""
    write_json(
        _path(staging),
        {
            "findings": [_as_json(finding) for finding in memory.findings[:KEPT]],
            "audited_at": memory.audited_at.isoformat() if memory.audited_at else None,
            "excuses": sorted(memory.excuses),
            "figures": memory.figures,
        },
    )


def _finding(data: dict[str, Any]) -> Finding:
    return Finding(**data | {"questions": tuple(map(str, data["questions"])), "since": _moment(data["since"])})


def _as_json(finding: Finding) -> dict[str, Any]:
    return asdict(finding) | {"since": finding.since.isoformat() if finding.since else None}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _path(staging: SourceStaging) -> ObjectStoragePath:
    return staging.home / "verify.json"
