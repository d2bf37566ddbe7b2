"""Answers of Twig that a caller can handle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.errors import PermanentError, PipelineError

if TYPE_CHECKING:
    from confluence_to_twig.twig.answers import Answer


class RouteNotOffered(PermanentError):
    """This Twig does not have a route that only some tasks need."""


class DataSourceGone(PermanentError):
    """The data source does not exist (any more)."""

    def __init__(self, summary: str = "", remedy: str = "") -> None:
        super().__init__(
            summary or "The data source is gone: somebody deleted it in Twig",
            remedy
            or "Run `confluence-to-twig sync <source> --full`, or trigger the DAG with *Whole space*: a new data source is "
            "created, and every page is loaded. Add it to your agents again.",
        )


class BatchTooLarge(PermanentError):
    """413: nothing of the batch was applied; a smaller batch may be accepted."""


class BadBatch(PermanentError):
    """400 or 422: Twig does not accept something in the batch; nothing was applied."""


class KeyConflict(PermanentError):
    """The idempotency key came with another body before; nothing was applied now."""


def batch_error(answer: Answer, error: PipelineError) -> PipelineError:
    """``error``, as one of the classes above when ``answer`` is about what was in the batch."""
    if answer.status == 413:
        return BatchTooLarge(error.summary, error.remedy)
    if answer.status == 409 or answer.code == "idempotency_conflict":
        return KeyConflict(error.summary, error.remedy)
    if answer.status in {400, 422}:
        return BadBatch(error.summary, error.remedy)
    return error
