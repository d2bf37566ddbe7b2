"""Whether the workers of a run share staging: discover must see what validate wrote, on whatever machine that was."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.runs.record import record_path
from confluence_to_twig.staging.files import exists

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluence_to_twig.runs.run import Run

#: A network file system may show a file of another machine late: NFS keeps what it knows of a folder for some seconds.
PATIENCE_SECONDS = 5.0
_LOOK_EVERY = 0.25


def require_shared(run: Run, sleep: Callable[[float], object] = time.sleep) -> None:
    """Look for the record that validate left in the run's folder.

    :raises PermanentError: it does not show up within five seconds.
    """
    written = record_path(replace(run, task_id="validate", shard=None))
    for _ in range(round(PATIENCE_SECONDS / _LOOK_EVERY)):
        if exists(written):
            return
        sleep(_LOOK_EVERY)
    raise PermanentError(
        f"These workers do not share this folder: {run.staging.home} lacks what the task validate wrote",
        "Set CONFLUENCE_TWIG_STAGING to a folder that all workers mount, or to an object store, and clear the task validate. "
        "If somebody removed the folder of this run, clear the task validate, too.",
    )
