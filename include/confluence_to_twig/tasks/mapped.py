"""Mapped tasks of a run that was cleared as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def skip_unplanned(extracted: Mapping[str, Any], shards: Iterable[Mapping[str, Any]]) -> None:
    """Skip a shard that the run's present plan does not have.

    A cleared run, or a backfill that reprocesses, plans anew and often finds less to do. Airflow 3.3.2 then still runs
    the map indexes of the former try behind a mapped task, with what that one returned.

    :raises AirflowSkipException: the shard is a leftover.
    """
    if extracted["shard"] not in {shard["shard"] for shard in shards}:
        from airflow.sdk.exceptions import AirflowSkipException

        raise AirflowSkipException(f"Shard {extracted['shard']} is not in this run's plan")
