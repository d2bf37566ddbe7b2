"""Hands the chunks of each finished sync of product-docs to another tool. Copy it into your dags folder."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pendulum
from airflow.sdk import Asset, dag, task

log = logging.getLogger(__name__)

SOURCE = "product-docs"
FOLDER = Path("/tmp/texts")  # noqa: S108 - put your index here
TWIG = Asset(uri=f"twig://{SOURCE}", group="twig")


@dag(schedule=[TWIG], start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False, tags=["twig"])
def texts_downstream() -> None:
    @task
    def hand_on(*, triggering_asset_events: Any = None) -> int:
        from confluence_to_twig import run_texts

        handed = 0
        FOLDER.mkdir(parents=True, exist_ok=True)
        for event in (triggering_asset_events or {}).get(TWIG, []):
            for item in run_texts(SOURCE, event.extra["run_id"]):
                name = item["metadata"]["chunk_id"].replace(":", "-")
                (FOLDER / f"{name}.json").write_text(json.dumps(item), encoding="utf-8")
                handed += 1
        log.info("%s chunks handed on", handed)
        return handed

    hand_on()


texts_downstream()
