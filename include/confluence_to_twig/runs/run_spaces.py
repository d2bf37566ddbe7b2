"""The spaces of a run: found by validate, read by the tasks after it.

A source with one space hands it on as XCom. One with many may have hundreds: they stand in the run's ``spaces.json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.space import Space
from confluence_to_twig.confluence.sweep.missing import Places
from confluence_to_twig.staging.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.staging.layout import RunStaging


@dataclass(frozen=True)
class RunSpaces:
    """The spaces that a run looks at.

    :param selected: in the order in which they are looked at.
    :param unselected: ids of the others that the account sees; None: not asked for.
    """

    selected: tuple[Space, ...]
    unselected: frozenset[str] | None = None

    @property
    def by_id(self) -> dict[str, Space]:
        return {space.id: space for space in self.selected}

    @property
    def places(self) -> Places:
        """What it means that a missing page is in one of these spaces, or in another one."""
        if self.unselected is not None:
            return Places.of_many(self.by_id, self.unselected)
        return Places.of_one(self.selected[0].id if self.selected else None)

    def write(self, staging: RunStaging) -> None:
        """Leave them for the tasks of the run."""
        spaces = [space.to_json() for space in self.selected]
        write_json(_path(staging), {"selected": spaces, "unselected": sorted(self.unselected or ())})


def read_run_spaces(run: Run, validated: Mapping[str, Any]) -> RunSpaces:
    """The spaces of a run. :param validated: what its validate returned."""
    if not run.source.spaces:
        return RunSpaces((Space.from_json(validated["space"]),) if validated["space"] else ())
    data = read_json(_path(run.staging))
    return RunSpaces(tuple(map(Space.from_json, data["selected"])), frozenset(data["unselected"]))


def read_selected(staging: RunStaging) -> tuple[Space, ...]:
    """The spaces that a run of a source with many spaces looks at."""
    return tuple(map(Space.from_json, read_json(_path(staging))["selected"]))


def _path(staging: RunStaging) -> ObjectStoragePath:
    return staging.home / "spaces.json"
