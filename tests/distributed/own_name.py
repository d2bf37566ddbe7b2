"""The host name of a component, so that components on one machine are told apart as on several."""

from __future__ import annotations

import os

VARIABLE = "TEST_HOST_NAME"


def host_name() -> str:
    """For ``[core] hostname_callable``."""
    return os.environ.get(VARIABLE, "nobody")
