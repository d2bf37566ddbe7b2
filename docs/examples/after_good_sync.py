"""Goes on only after a sync of product-docs whose quality is good. Copy it into your dags folder."""

from __future__ import annotations

import logging
from typing import Any

import pendulum
from airflow.sdk import Asset, dag, task

log = logging.getLogger(__name__)

PRODUCT_DOCS = Asset(uri="twig://product-docs", group="twig")


@dag(schedule=[PRODUCT_DOCS], start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False, tags=["twig"])
def after_good_sync() -> None:
    @task.short_circuit
    def is_good(*, triggering_asset_events: Any = None) -> bool:
        """Whether the newest sync is good. A dry run has no verdict, and nothing new."""
        events = (triggering_asset_events or {}).get(PRODUCT_DOCS, [])
        quality = events[-1].extra.get("quality") if events else None
        for name, rule in (quality or {"rules": {}})["rules"].items():
            if not rule["good"]:
                log.warning("%s is %s, and its limit is %s", name, rule["value"], rule["limit"])
        return bool(quality and quality["good"])

    @task
    def publish() -> None:
        log.info("Twig is good enough to go on with")

    is_good() >> publish()


after_good_sync()
