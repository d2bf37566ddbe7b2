from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from confluence_to_twig.tasks.transform import skip_unplanned

PLANNED = [{"shard": 0, "first": 1, "last": 500}, {"shard": 1, "first": 501, "last": 700}]


def test_a_planned_shard_goes_on() -> None:
    skip_unplanned({"shard": 1, "pages": 200}, PLANNED)


@pytest.mark.parametrize("planned", [[], PLANNED])
def test_a_leftover_of_a_former_try_is_skipped(planned: list[dict[str, int]]) -> None:
    with pytest.raises(AirflowSkipException, match="Shard 2 is not in this run's plan"):
        skip_unplanned({"shard": 2, "pages": 10}, planned)
