"""Progress on a terminal that a person watches: a bar with counts and the time left, below the lines that stay."""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confluence_to_twig.cli.progress import Status


class LiveDisplay:
    """A display for :class:`~confluence_to_twig.cli.progress.ProgressPrinter`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar = progress.add_task("", total=None)
        self._shown = ""

    def say(self, line: str) -> None:
        """The line, above the bar."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def status(self, status: Status) -> None:
        """Draw the bar anew."""
        self._begin(status.task)
        doing = status.doing
        self._progress.update(
            self._bar,
            description=f"{status.task}: {doing.text or status.state}",
            completed=doing.done or 0,
            total=doing.total,
        )

    def waiting(self, what: str) -> None:
        """The bar without counts."""
        self._begin(what)
        self._progress.update(self._bar, description=what, total=None)

    def _begin(self, what: str) -> None:
        if self._shown != what:
            self._shown = what
            self._progress.reset(self._bar, total=None)


@contextlib.contextmanager
def live(out: IO[str]) -> Iterator[LiveDisplay]:
    """A bar that goes away with the block."""
    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(
        *columns, console=Console(file=out), transient=True, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        yield LiveDisplay(progress)
