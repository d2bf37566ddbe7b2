"""The looks of one run at all its spaces. A space that does not answer costs only its own pages: they stay as they are."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.confluence.api.errors import ClientClosedError, UnauthorizedError
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.confluence.sweep.glance import SPACES_AT_ONCE, glance
from confluence_to_twig.errors import PipelineError, TransientError
from confluence_to_twig.planning.comparison import last_of_each
from confluence_to_twig.planning.look import Look
from confluence_to_twig.planning.plan import counts_by_reason
from confluence_to_twig.staging.files import write_bytes
from confluence_to_twig.staging.last_inventory import inventory_file
from confluence_to_twig.staging.schemas import INVENTORY
from confluence_to_twig.tasks.looking import Looking, attached_types

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.tasks.looking import Looked

log = logging.getLogger(__name__)

#: So many spaces in a row that do not answer are no fault of these spaces: the task is tried again.
FAILURES_IN_A_ROW = 5


@dataclass(frozen=True)
class Looks:
    """What the looks at the spaces of a run brought.

    :param looked: by space, in the order of the looks. :param failed: spaces that could not be looked at, and why.
    """

    looked: dict[Space, Looked] = field(default_factory=dict)
    failed: dict[Space, PipelineError] = field(default_factory=dict)

    @cached_property
    def table(self) -> pa.Table:
        """The inventory of all of them, :data:`confluence_to_twig.staging.schemas.INVENTORY`. A page that was moved
        between two looks is there once, as the later one saw it."""
        tables = (looked.seen.table for looked in self.looked.values())
        return last_of_each(pa.concat_tables([INVENTORY.empty_table(), *tables]))

    @property
    def unproven(self) -> frozenset[str]:
        """Ids of the spaces of which not provably all was seen."""
        incomplete = [space for space, looked in self.looked.items() if not looked.seen.complete]
        return frozenset(space.id for space in (*incomplete, *self.failed))

    @property
    def swept(self) -> frozenset[str]:
        """Ids of the spaces that were swept in full."""
        sweeps = (space for space, looked in self.looked.items() if looked.look.kind == "sweep")
        return frozenset(space.id for space in sweeps) - self.unproven

    def write(self, run: Run) -> None:
        """Leave the inventories for the run, and that of each space for the next look. A source that may have hundreds of
        spaces has one file for a run."""
        many = bool(run.source.spaces)
        if many:
            write_bytes(run.staging.inventory("spaces"), inventory_file(self.table, None))
        for space, looked in self.looked.items():
            looked.write(run, space, of_run=not many)

    def summary(self) -> dict[str, Any]:
        """Kind and reason of the looks together, as reports carry it for one look: a lane only where each was one."""
        if not (self.looked or self.failed):
            now = datetime.now(UTC).isoformat()
            return Look("sweep", "the space is not there", timedelta()).to_json() | {"swept_at": now}
        kinds = Counter(looked.look.kind for looked in self.looked.values())
        if len(self.looked) == 1 and not self.failed:
            [only] = self.looked.values()
            return only.look.to_json() | {"swept_at": only.swept_at.isoformat()}
        every = max((looked.look.sweep_every for looked in self.looked.values()), default=timedelta())
        oldest = min((looked.swept_at for looked in self.looked.values()), default=datetime.now(UTC))
        return {
            "kind": "lane" if kinds["lane"] and not kinds["sweep"] else "sweep",
            "reason": f"{kinds['sweep']:,} spaces swept, {kinds['lane']:,} looked at for news, {len(self.failed):,} not seen",
            "sweep_every": every.total_seconds(),
            "swept_at": oldest.isoformat(),
        }

    def rows(self, planned: pa.Table) -> list[dict[str, Any]]:
        """For the report, one row a space: its look, and what the plan does to its pages by reason."""
        rows: list[dict[str, Any]] = []
        for space in (*self.looked, *self.failed):
            looked, error = self.looked.get(space), self.failed.get(space)
            counts = counts_by_reason(planned.filter(pc.equal(planned["space_id"], space.id)))
            rows.append(
                {
                    "id": space.id,
                    "key": space.key,
                    "name": space.name,
                    "look": looked.look.kind if looked else None,
                    "why": looked.look.reason if looked else None,
                    "pages": looked.seen.table.num_rows if looked else None,
                    "complete": looked is not None and looked.seen.complete,
                    "problem": error.summary if error else "; ".join(looked.seen.problems if looked else ()) or None,
                    "plan": {action: reasons for action, reasons in counts.items() if reasons},
                }
            )
        return rows


def look_at_each(
    run: Run, client: ConfluenceClient, spaces: Sequence[Space], record: Record, held: Collection[str] = ()
) -> Looks:
    """Look at one space after the other; at those in which nothing is new, many at a time.

    :param held: ids of the pages that Twig holds; needed where the source takes page trees.
    :raises PipelineError: none of them answers, or so many in a row do not that it is an outage.
    """
    lookings = {space: Looking(run, client, space, record, held) for space in spaces}
    looks = Looks(_quiet(run, client, lookings) if len(spaces) > 1 else {})
    in_a_row = 0
    for space, looking in lookings.items():
        if space in looks.looked:
            continue
        try:
            looks.looked[space] = looking.look()
            in_a_row = 0
        except (ClientClosedError, UnauthorizedError):
            raise
        except PipelineError as error:
            looks.failed[space] = error
            in_a_row += isinstance(error, TransientError)
            if in_a_row >= FAILURES_IN_A_ROW or len(looks.failed) == len(spaces):
                raise
    return looks


def _quiet(run: Run, client: ConfluenceClient, lookings: dict[Space, Looking]) -> dict[Space, Looked]:
    """The looks at spaces in which nothing is new. A glance that breaks off tells nothing of its spaces."""
    expected = [one for looking in lookings.values() if (one := looking.expects())]
    found: dict[Space, Looked] = {}
    for some in batches(expected, SPACES_AT_ONCE):
        try:
            loud = glance(client, some, run.source.content, attached_types(run.source))
        except ClientClosedError:
            raise
        except PipelineError as error:
            log.info("A glance at %d spaces broke off, so each is looked at: %s", len(some), error.summary)
            continue
        found |= {one.space: lookings[one.space].quiet() for one in some if one.space.id not in loud}
        log.info("A glance at %d spaces: nothing is new in %d of them", len(some), len(some) - len(loud))
    return found


def report_looks(looks: Looks, record: Record, *, many: bool) -> None:
    """Note in the report what a human should know of the looks. :param many: name the space each time."""
    for space, error in looks.failed.items():
        record.warn(f"Space {space.key} does not answer, so its pages stay in Twig as they are: {error.sentences}")
    for space, looked in looks.looked.items():
        of_space, nothing = (f" of space {space.key}", "nothing of it is deleted") if many else ("", "")
        for problem in looked.seen.problems:
            record.warn(f"The sweep{of_space} is not complete, so {nothing or 'this run deletes nothing'}: {problem}")
        for warning in looked.seen.warnings:
            record.warn(f"Space {space.key}: {warning}" if many else warning)
    record.figures["restricted"] = sum(looked.seen.restricted_count or 0 for looked in looks.looked.values())
    record.details["sweep_complete"] = not looks.unproven
    record.details["look"] = looks.summary()
