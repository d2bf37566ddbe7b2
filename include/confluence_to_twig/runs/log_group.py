"""Log groups: parts of a task's log that the Airflow UI folds under a title."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)


@contextmanager
def log_group(title: str) -> Iterator[None]:
    """Fold what is logged inside the block; the lines after it stay in view.

    The two marks are Airflow's own (its log view, "Log grouping" in the documentation of task logs). Groups do not nest.
    """
    log.info("::group::%s", title)
    try:
        yield
    finally:
        log.info("::endgroup::")
