from __future__ import annotations

import logging

import pytest

from confluence_to_twig.runs.log_group import log_group


def test_a_group_is_closed_when_the_step_inside_fails(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(ValueError, match="no"), log_group("Sweep of space PROD"):
        logging.getLogger("include").info("inside")
        raise ValueError("no")
    assert caplog.messages == ["::group::Sweep of space PROD", "inside", "::endgroup::"]
