"""One cluster for all tests of this folder. Where PostgreSQL, Redis or Celery are not installed the tests skip, and say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.distributed.cluster import Cluster, cluster
from tests.distributed.services import missing, services
from tests.proofs import FULL_SIZE

#: Of the generated space, which only the full form has: a large one for each that is interrupted, and one beside it.
GENERATED_PAGES = 1_000 if FULL_SIZE else 0
INTERRUPTED = [(what, task_id) for what in ("task", "worker") for task_id in ("extract", "load")]
SIDES = ("left", "right")
#: The source during whose runs machines fail.
MACHINES = "machines"


def _source(name: str, space_key: str, shard_size: int) -> dict[str, Any]:
    fields = {"schedule": "manual", "retry_delay": "2 seconds"}
    return {"name": name, "space_key": space_key, "shard_size": shard_size, **fields}


SOURCES = [_source("sample", "PROD", 60)]
if GENERATED_PAGES:
    SOURCES.append(_source(MACHINES, "GEN", 250))
    SOURCES += [_source(f"{what}-{task_id}-{side}", "GEN", 250) for what, task_id in INTERRUPTED for side in SIDES]


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if lacking := missing():
        pytest.skip(f"not installed: {', '.join(lacking)}; make test-distributed installs them")
    folder = tmp_path_factory.mktemp("distributed")
    with services(folder) as running, cluster(folder, running, SOURCES, GENERATED_PAGES) as made:
        yield made
