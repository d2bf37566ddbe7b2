from __future__ import annotations

from tests.tasks.conftest import run
from tests.web.conftest import docs

__all__ = ["docs", "run"]
