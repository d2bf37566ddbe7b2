"""Polls Twig from the triggerer while it processes a data source."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class ProcessingTrigger(BaseTrigger):
    """Fires when a data source is active or failed.

    :param twig_conn_id: connection of type ``twig``.
    :param data_source_id: the data source to watch.
    :param poll_seconds: pause between two looks.
    """

    def __init__(self, twig_conn_id: str, data_source_id: str, poll_seconds: float) -> None:
        super().__init__()
        self.twig_conn_id = twig_conn_id
        self.data_source_id = data_source_id
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as the triggerer restores it."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "twig_conn_id": self.twig_conn_id,
                "data_source_id": self.data_source_id,
                "poll_seconds": self.poll_seconds,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, pause, look again. The look itself is a blocking call and runs in a thread."""
        from airflow.sdk import BaseHook

        from include.twig.client import TwigClient
        from include.twig.hook import settings_of
        from include.twig.process import check

        connection = await BaseHook.aget_connection(self.twig_conn_id)  # type: ignore[attr-defined]
        with TwigClient(settings_of(connection)) as client:
            while True:
                state = await asyncio.to_thread(check, client, self.data_source_id)
                if state.finished:
                    yield TriggerEvent(state.to_json())
                    return
                await asyncio.sleep(self.poll_seconds)
