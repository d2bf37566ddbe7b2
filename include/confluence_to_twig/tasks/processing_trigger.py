"""Polls Twig from the triggerer while it processes a data source."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class ProcessingTrigger(BaseTrigger):
    """Fires when a processing of a data source is over.

    :param twig_conn_id: connection of type ``twig``.
    :param data_source_id: the data source to watch.
    :param process_id: the processing to watch, if Twig names it.
    :param ours: whether the run that waits started it; goes into the event.
    :param seconds: how long it looks; then it fires with the state ``waiting``. None: for ever.
    """

    def __init__(
        self,
        twig_conn_id: str,
        data_source_id: str,
        process_id: str | None,
        *,
        ours: bool,
        seconds: float | None = None,
    ) -> None:
        super().__init__()
        self.twig_conn_id = twig_conn_id
        self.data_source_id = data_source_id
        self.process_id = process_id
        self.ours = ours
        self.seconds = seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as the triggerer restores it."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "twig_conn_id": self.twig_conn_id,
                "data_source_id": self.data_source_id,
                "process_id": self.process_id,
                "ours": self.ours,
                "seconds": self.seconds,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, pause, look again. The look itself is a blocking call and runs in a thread."""
        from airflow.sdk import BaseHook

        from confluence_to_twig.http.connection_extra import extra_of
        from confluence_to_twig.twig.client import TwigClient
        from confluence_to_twig.twig.process import check, event_of, poll_interval_s
        from confluence_to_twig.twig.settings import TwigSettings

        connection = await BaseHook.aget_connection(self.twig_conn_id)
        settings = TwigSettings.from_fields(connection.host, connection.password, extra_of(connection), connection.port)
        waited = 0.0
        with TwigClient(settings) as client:
            while not (state := await asyncio.to_thread(check, client, self.data_source_id, self.process_id)).is_over:
                if self.seconds is not None and waited >= self.seconds:
                    break
                pause = poll_interval_s(waited)
                await asyncio.sleep(pause)
                waited += pause
            figures = {"requests": client.requests_made, "seconds_waited": client.seconds_waited}
        yield TriggerEvent({**event_of(state, self.data_source_id, ours=self.ours), **figures})
