"""Point Airflow at a throw-away home before anything imports it."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path

# What is imported and collected stays, so nobody need look for garbage in it. tests/tiers.py ends this when all is collected.
gc.disable()
ROOT = Path(__file__).resolve().parents[1]
HOME = Path(tempfile.mkdtemp(prefix="confluence-to-twig-test-"))
for name in [name for name in os.environ if name.startswith(("AIRFLOW", "CONFLUENCE_TWIG"))]:
    del os.environ[name]
os.environ.update(
    AIRFLOW_HOME=str(HOME),
    AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{HOME}/airflow.db",
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
    CONFLUENCE_TWIG_SOURCES=str(ROOT / "include" / "sources.yaml"),
)

import pytest  # noqa: E402

from tests.tiers import (  # noqa: E402, F401
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_ignore_collect,
    pytest_itemcollected,
    pytest_runtest_call,
    pytest_terminal_summary,
)


@pytest.fixture(scope="session")
def airflow_db() -> None:
    """A migrated, empty metadata database."""
    from airflow.utils.db import initdb

    initdb()
