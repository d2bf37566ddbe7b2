"""The two kinds of failure that matter to a retry: those that a person must end, and those that pass by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class PipelineError(Exception):
    """Base of every error that this project raises on purpose.

    :param summary: one line for the log and the UI, for instance ``401 Unauthorized: …``.
    :param remedy: what to do about it, in full sentences; empty when the summary says it all.
    """

    def __init__(self, summary: str, remedy: str = "") -> None:
        super().__init__(f"{summary}\n{remedy}" if remedy else summary)
        self.summary = summary
        self.remedy = remedy

    def name_source(self, source: str) -> None:
        """Put the name of the source where the remedy leaves it open as ``<source>``."""
        self._say(self.summary, self.remedy.replace("<source>", source))

    def withhold(self, discreet: Callable[[str], str]) -> None:
        """Say only what everybody may read, by a function that takes what not everybody may read out of a text."""
        self._say(discreet(self.summary), discreet(self.remedy))

    def _say(self, summary: str, remedy: str) -> None:
        self.summary, self.remedy = summary, remedy
        self.args = (f"{summary}\n{remedy}" if remedy else summary,)

    @property
    def sentences(self) -> str:
        """Summary and remedy as one paragraph, for the places that show no second line."""
        return f"{self.summary.rstrip('.')}. {self.remedy}" if self.remedy else self.summary

    def __reduce__(self) -> tuple[type[PipelineError], tuple[str, str], dict[str, Any]]:
        return type(self), (self.summary, self.remedy), vars(self)


class PermanentError(PipelineError):
    """A retry does not help until somebody acts: credentials, unknown space, wrong configuration."""


class TransientError(PipelineError):
    """A later retry can succeed: rate limits, timeouts, 5xx, broken connections."""

    #: Seconds that the server asked to wait before the next try, if it said so.
    retry_after: float | None = None
