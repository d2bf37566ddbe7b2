"""One cluster for all tests of this folder. Where PostgreSQL, Redis or Celery are not installed the tests skip, and say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.distributed.cluster import Cluster, cluster
from tests.distributed.services import missing, services

SOURCES: list[dict[str, Any]] = [
    {"name": name, "space_key": "PROD", "schedule": "manual", "shard_size": 60, "retry_delay": "2 seconds"}
    for name in ("sample", "other")
]


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if lacking := missing():
        pytest.skip(f"not installed: {', '.join(lacking)}; make test-distributed installs them")
    folder = tmp_path_factory.mktemp("distributed")
    with services(folder) as running, cluster(folder, running, SOURCES) as made:
        yield made
