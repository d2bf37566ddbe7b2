"""Runs after each finished sync of product-docs and acts on its figures. Copy it into your dags folder."""

from __future__ import annotations

import logging
from typing import Any

import pendulum
from airflow.sdk import Asset, dag, task

log = logging.getLogger(__name__)

PRODUCT_DOCS = Asset(uri="twig://product-docs", group="twig")


@dag(schedule=[PRODUCT_DOCS], start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False, tags=["twig"])
def after_sync() -> None:
    @task
    def tell(*, triggering_asset_events: Any = None) -> None:
        for event in (triggering_asset_events or {}).get(PRODUCT_DOCS, []):
            if event.extra["changed"] or event.extra["removed"]:
                log.info("Fresh answers: %s", event.extra["summary"])

    tell()


after_sync()
