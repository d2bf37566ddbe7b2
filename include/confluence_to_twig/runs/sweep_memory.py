"""What one full sweep leaves for the next: pages that were left outside the window, and restrictions that nobody tells.

One small JSON file a source, ``sweeps.json``. Lost or damaged, it is as before the first run: pages outside the window
are left alone once more, and doubts are counted from the beginning. Neither deletes anything.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from confluence_to_twig.staging.files import UnknownFormatError, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

#: A page of Twig whose restriction stays unknown in so many full sweeps, over so long, is planned for deletion.
DOUBTED_SWEEPS, DOUBTED_FOR = 3, timedelta(days=1)


@dataclass(frozen=True)
class Doubt:
    """A page of Twig whose restriction nobody tells.

    :param since: when a full sweep first could not read it. :param sweeps: full sweeps since then, that one included.
    :param run_id: the run of the last of them; a second try of it counts once.
    """

    since: datetime
    sweeps: int
    run_id: str


@dataclass(frozen=True)
class SweepMemory:
    """What the full sweeps so far found.

    :param left_outside: pages that Twig does not hold and that the last full sweep left outside its window; None before
        the first.
    :param doubts: by page id.
    :param planned_at: when a regular run last planned the whole source; None: not known.
    :param planned_by: the run that did. :param planned_before: when one before that run did.
    """

    left_outside: frozenset[str] | None = None
    doubts: dict[str, Doubt] = field(default_factory=dict)
    planned_at: datetime | None = None
    planned_by: str | None = None
    planned_before: datetime | None = None

    def planned_until(self, run_id: str) -> datetime | None:
        """When another run last planned the whole source; None: not known. What an earlier try of the same run planned is not
        done yet."""
        return self.planned_before if self.planned_by == run_id else self.planned_at

    def planned(self, run_id: str, now: datetime) -> SweepMemory:
        """The memory after a regular run has planned the whole source."""
        return replace(self, planned_at=now, planned_by=run_id, planned_before=self.planned_until(run_id))

    def doubting(
        self, page_ids: Iterable[str], run_id: str, now: datetime, *, not_asked: Iterable[str] = ()
    ) -> SweepMemory:
        """The memory after a full sweep to which these pages of Twig are in doubt; all others are not any more.

        :param not_asked: pages of spaces that were not swept: what was in doubt of them still is.
        """
        doubts = {page_id: self.doubts[page_id] for page_id in not_asked if page_id in self.doubts}
        for page_id in page_ids:
            known = self.doubts.get(page_id)
            if known is None:
                doubts[page_id] = Doubt(now, 1, run_id)
            else:
                doubts[page_id] = Doubt(known.since, known.sweeps + (known.run_id != run_id), run_id)
        return replace(self, doubts=doubts)

    def doubted(self, now: datetime) -> frozenset[str]:
        """Pages that were in doubt in enough full sweeps, over long enough."""
        return frozenset(
            page_id
            for page_id, doubt in self.doubts.items()
            if doubt.sweeps >= DOUBTED_SWEEPS and now - doubt.since >= DOUBTED_FOR
        )


def read_sweep_memory(staging: SourceStaging) -> SweepMemory:
    """The memory of a source; an empty one when there is none or it cannot be read."""
    path = _path(staging)
    try:
        data = read_json(path)
        outside, planned_at, before = data["left_outside"], data.get("planned_at"), data.get("planned_before")
        return SweepMemory(
            None if outside is None else frozenset(map(str, outside)),
            {
                str(page_id): Doubt(_moment(entry["since"]), int(entry["sweeps"]), str(entry["run_id"]))
                for page_id, entry in data["doubts"].items()
            },
            planned_at and _moment(planned_at),
            data.get("planned_by"),
            before and _moment(before),
        )
    except FileNotFoundError:
        return SweepMemory()
    except (ValueError, KeyError, TypeError, AttributeError, UnknownFormatError) as error:
        log.warning("%s is not readable (%s) and begins anew", path, type(error).__name__)
        return SweepMemory()


def write_sweep_memory(staging: SourceStaging, memory: SweepMemory) -> None:
    """Replace the memory of a source."""
    write_json(
        _path(staging),
        {
            "left_outside": None if memory.left_outside is None else sorted(memory.left_outside),
            "doubts": {
                page_id: asdict(doubt) | {"since": doubt.since.isoformat()} for page_id, doubt in memory.doubts.items()
            },
            "planned_at": memory.planned_at and memory.planned_at.isoformat(),
            "planned_by": memory.planned_by,
            "planned_before": memory.planned_before and memory.planned_before.isoformat(),
        },
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _path(staging: SourceStaging) -> ObjectStoragePath:
    return staging.home / "sweeps.json"
