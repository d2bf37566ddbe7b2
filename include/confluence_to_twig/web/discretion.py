"""What one viewer of the page *Confluence → Twig* is shown.

The page counts pages that are kept out or restricted, and names them to nobody; where the source says
``kept_out_titles: editors``, it names them to those who may edit its DAG. See :mod:`confluence_to_twig.runs.discretion`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.runs.discretion import WITHHELD, Withheld, is_kept_out, withheld_by
from confluence_to_twig.runs.history import newest_first
from confluence_to_twig.staging.layout import RunStaging

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.staging.layout import SourceStaging

Row = dict[str, Any]


class Discretion:
    """What one viewer is shown of a source. The newest plan says which pages are not for everybody.

    :param everything: the viewer may see all of it.
    """

    def __init__(self, staging: SourceStaging, *, everything: bool) -> None:
        self._staging = staging
        self._everything = everything

    @cached_property
    def _withheld(self) -> Withheld:
        if self._everything:
            return Withheld()
        plans = (withheld_by(RunStaging(self._staging.runs / row.folder).plan) for row in newest_first(self._staging))
        return next((found for found in plans if found is not None), Withheld())

    def of_plan(self, plan: pa.Table) -> pa.Table:
        """The rows of a plan, of any run, that may be shown."""
        if self._everything:
            return plan
        now = pc.is_in(plan["page_id"], value_set=pa.array(sorted(self._withheld.ids), pa.string()))
        return plan.filter(pc.invert(pc.or_(is_kept_out(plan), now)))

    def of_rows(self, rows: Iterable[Row]) -> list[Row]:
        """The rows with a ``page_id`` that may be shown."""
        return [row for row in rows if row["page_id"] not in self._withheld.ids]

    def of_answer(self, answer: Any) -> Any:
        """The same JSON, without the texts that name a page that may not be shown."""
        if isinstance(answer, str):
            return WITHHELD if self._withheld.is_named_in(answer) else answer
        if isinstance(answer, dict):
            return {name: self.of_answer(value) for name, value in answer.items()}
        if isinstance(answer, list):
            return [self.of_answer(value) for value in answer]
        return answer
