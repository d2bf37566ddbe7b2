"""Watches a space from the triggerer, and starts a run when something in it changed.

Each look asks for the newest pages and blog posts and for the total of a search, and compares both with the last inventory
in staging. That is the cursor: a triggerer that starts anew goes on where runs have got to, and misses nothing. What it
fired for is noted beside the inventory, so that a second one does not fire again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from confluence_to_twig.tasks.site_watch import watching

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.staging.last_inventory import LastInventory
    from confluence_to_twig.tasks.site_watch import Watcher

log = logging.getLogger(__name__)

#: While looks fail, they come less and less often, down to this many seconds between two.
LONGEST_PAUSE_S = 300.0
#: A run that was started and has not looked by then has failed: the change starts another one.
STARTED_IN_VAIN = timedelta(minutes=15)
#: A burst that does not end is not waited for any longer than so many times the quiet time.
LONGEST_BURST = 6


@dataclass(frozen=True)
class News:
    """What a look saw.

    :param looked_at: the look of the last inventory that it was compared with. :param why: for the event.
    :param what: changes with anything that changes.
    """

    looked_at: datetime
    why: str
    what: frozenset[tuple[str, int]]


class ChangeTrigger(BaseEventTrigger):
    """Fires when a space of Confluence Cloud changed since the last run looked at it, or when a full sweep is due.

    Triggers with equal arguments would be one, and start the DAGs of all sources: the name of the source keeps them apart.

    :param source: name of the source. :param content: its kinds of content.
    :param poll_every: seconds between two looks. :param quiet_for: seconds that a burst of changes must have ended for.
    :param sweep_every: seconds between two full sweeps; None: by the size of the space.
    """

    def __init__(
        self,
        source: str,
        confluence_conn_id: str,
        space_key: str,
        content: list[str],
        *,
        poll_every: float,
        quiet_for: float,
        sweep_every: float | None,
    ) -> None:
        super().__init__()
        self.source = source
        self.confluence_conn_id = confluence_conn_id
        self.space_key = space_key
        self.content = list(content)
        self.poll_every = poll_every
        self.quiet_for = quiet_for
        self.sweep_every = sweep_every

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as the triggerer restores it."""
        names = ("source", "confluence_conn_id", "space_key", "content", "poll_every", "quiet_for", "sweep_every")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, pause, look again, for ever. Whatever fails is said in the log and tried again, with what the connection holds by
        then. A look is a blocking call and runs in a thread."""
        failures = 0
        # Imports take a second, in which the loop could do nothing for other triggers.
        await asyncio.to_thread(_load)
        while True:
            try:
                async for news in self._watch():
                    failures = 0
                    if news is not None:
                        yield TriggerEvent({"source": self.source, "why": news.why})
            except Exception as error:
                failures += 1
                log.warning("Watching space %s: %s", self.space_key, getattr(error, "summary", type(error).__name__))
            await asyncio.sleep(min(self.poll_every * 2 ** min(failures, 16), LONGEST_PAUSE_S))

    async def _watch(self) -> AsyncIterator[News | None]:
        """One sign-in, and then a value after each look: what to fire for, or None."""
        from airflow.sdk import BaseHook

        from confluence_to_twig.confluence.api.content import KINDS
        from confluence_to_twig.confluence.api.hook import settings_from

        settings = settings_from(await BaseHook.aget_connection(self.confluence_conn_id))
        kinds = tuple(kind for kind in KINDS if kind in self.content)
        async with watching(settings, self.space_key, kinds) as watcher:
            while not watcher.site.failed:
                # All that look as often look at the same moment, and share what Confluence answers then.
                news = await self._news(watcher, since=time.monotonic() // self.poll_every * self.poll_every)
                news = await self._after_the_burst(watcher, news) if news else None
                is_first = news is not None and await asyncio.to_thread(self._note, watcher.space, news)
                yield news if is_first else None
                await asyncio.sleep(self.poll_every - time.monotonic() % self.poll_every)

    async def _after_the_burst(self, watcher: Watcher, news: News) -> News | None:
        """What is new once nothing has changed for the quiet time."""
        until = time.monotonic() + LONGEST_BURST * self.quiet_for
        while time.monotonic() < until:
            await asyncio.sleep(self.quiet_for)
            again = await self._news(watcher, since=time.monotonic())
            if again is None or again.what == news.what:
                return again
            news = again
        return news

    async def _news(self, watcher: Watcher, since: float) -> News | None:
        """What changed since the last look of a run. None: nothing, or no run has looked yet.

        :param since: monotonic time; answers that others got before it are too old.
        """
        from confluence_to_twig.planning.look import OVERLAP, default_sweep_every, difference

        last = await asyncio.to_thread(self._last, watcher.space)
        if last is None:
            return None
        found = set[tuple[str, int]]()
        for kind in watcher.kinds:
            newest = await watcher.newest(kind, since, last.state.looked_at - OVERLAP)
            found |= await asyncio.to_thread(_new_among, newest, last)
        if found:
            return News(last.state.looked_at, "pages are new or changed", frozenset(found))
        total, rows = await watcher.total(since), last.table.num_rows
        if differs := difference(total, last.state, rows):
            return News(last.state.looked_at, f"search counts {differs:+,} pages", frozenset({("total", differs)}))
        every = timedelta(seconds=self.sweep_every) if self.sweep_every else default_sweep_every(rows)
        if datetime.now(UTC) - last.state.swept_at >= every:
            return News(last.state.looked_at, "a full sweep is due", frozenset({("sweep", 0)}))
        return None

    def _last(self, space: Space) -> LastInventory | None:
        from confluence_to_twig.staging.last_inventory import last_inventory_of, remembered_last_inventory
        from confluence_to_twig.staging.layout import SourceStaging, staging_root

        return remembered_last_inventory(last_inventory_of(SourceStaging(staging_root(), self.source), space.id))

    def _note(self, space: Space, news: News) -> bool:
        """Whether to fire: once for what one look left behind, as the run that starts sees all that came since."""
        from confluence_to_twig.staging.files import read_json, write_json
        from confluence_to_twig.staging.layout import SourceStaging, staging_root

        path = SourceStaging(staging_root(), self.source).home / "inventory" / f"{space.id}.watch.json"
        now = datetime.now(UTC)
        try:
            noted = read_json(path)
            same = noted["looked_at"] == news.looked_at.isoformat()
            if same and now - datetime.fromisoformat(noted["fired_at"]) < STARTED_IN_VAIN:
                return False
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            log.info("Nothing was fired for in space %s before", space.key)
        write_json(path, {"looked_at": news.looked_at.isoformat(), "fired_at": now.isoformat()})
        return True


def _load() -> None:
    """Import what a look needs."""
    for name in (
        "confluence.api.client",
        "confluence.api.hook",
        "confluence.sweep.known",
        "planning.look",
        "staging.layout",
    ):
        import_module(f"confluence_to_twig.{name}")


def _new_among(newest: list[Content], last: LastInventory) -> set[tuple[str, int]]:
    """Id and version of the contents that a look would find new."""
    from confluence_to_twig.confluence.sweep.known import Known

    return {(content.id, content.version) for content in Known(last.table).differing(newest).values()}
