"""Workers that do not share staging are told so before anything else happens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.runs.record import recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.tasks.shared_staging import PATIENCE_SECONDS, require_shared


def validated(run: Run) -> None:
    with recorded(replace(run, task_id="validate")):
        pass


def test_what_validate_wrote_is_enough(run: Run) -> None:
    validated(run)
    require_shared(run, sleep=pytest.fail)


def test_a_file_that_shows_up_late_is_waited_for(run: Run) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            validated(run)

    require_shared(run, sleep)
    assert len(slept) == 3


def test_workers_that_do_not_share_the_folder_are_told_so_after_five_seconds(run: Run) -> None:
    slept: list[float] = []
    with pytest.raises(PermanentError, match="These workers do not share this folder") as error:
        require_shared(run, slept.append)
    assert sum(slept) == PATIENCE_SECONDS == 5
    assert "CONFLUENCE_TWIG_STAGING" in error.value.remedy
