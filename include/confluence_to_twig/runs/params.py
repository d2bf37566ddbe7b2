"""What a person can ask of a run in the trigger form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Param


@dataclass(frozen=True)
class RunParams:
    """The parameters of one run.

    :param full: cover the whole space, whatever the window would be.
    :param since: ISO 8601 time; cover everything modified from then on.
    :param page_ids: only these pages.
    :param force: fetch pages in scope even when nothing about them changed.
    :param dry_run: plan and report; send nothing.
    :param acknowledge: what verify found open in earlier runs is known, and is no failure any more while it stays so.
    """

    full: bool = False
    since: str | None = None
    page_ids: tuple[str, ...] = ()
    force: bool = False
    dry_run: bool = False
    acknowledge: bool = False

    @classmethod
    def from_context(cls, params: Mapping[str, Any]) -> RunParams:
        """The parameters as Airflow hands them to a task."""
        return cls(
            full=bool(params.get("full")),
            since=params.get("since") or None,
            page_ids=tuple(str(page_id) for page_id in params.get("page_ids") or ()),
            force=bool(params.get("force")),
            dry_run=bool(params.get("dry_run")),
            acknowledge=bool(params.get("acknowledge")),
        )


def form() -> dict[str, Param]:
    """The trigger form. Format ``date-time`` is only checked because rfc3339-validator is installed."""
    from airflow.sdk import Param

    return {
        "full": Param(
            False,
            type="boolean",
            title="Whole space",
            section="Which pages",
            description="Look at every page of the space, not only at those modified inside the window. "
            "Pages that did not change are still not fetched again.",
        ),
        "since": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Modified since",
            section="Which pages",
            description="Cover the pages modified from this time on, instead of the data interval. Refused in a backfill.",
        ),
        "page_ids": Param(
            None,
            type=["null", "array"],
            items={"type": "string", "pattern": "^(att)?[0-9]{1,20}$"},
            title="Only these pages",
            section="Which pages",
            description_md="Page ids, one a line: the number in a page's address, `/pages/1234567/Title`; `att1234567` for a file alone.",
        ),
        "force": Param(
            False,
            type="boolean",
            title="Process again",
            section="What to do",
            description="Fetch, convert and compare the pages in scope even if nothing about them changed.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            section="What to do",
            description="Plan and report what would happen. Nothing is fetched, sent or deleted.",
        ),
        "acknowledge": Param(
            False,
            type="boolean",
            title="Acknowledge",
            section="What to do",
            description="What earlier runs reported about Twig's content is known and accepted: it is no failure and no "
            "warning any more, for as long as it stays the same.",
        ),
    }
