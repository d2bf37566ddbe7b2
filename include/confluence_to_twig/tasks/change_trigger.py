"""Watches the spaces of a source from the triggerer, and starts a run when something in one of them changed.

Each look asks for the newest pages and blog posts and for the total of a search, and compares both with the last inventories
in staging. That is the cursor: a triggerer that starts anew goes on where runs have got to, and misses nothing. What it
fired for is noted beside the inventory, so that a second one does not fire again. A space that no run has looked at yet is
taken up by the next run, at the latest when a full sweep is due.
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

from confluence_to_twig.tasks.site_watch import SPACES_HOLD_S, watching

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.staging.last_inventory import LookState
    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.tasks.site_watch import Watcher

log = logging.getLogger(__name__)

#: While looks fail, they come less and less often, down to this many seconds between two.
LONGEST_PAUSE_S = 300.0
#: A run that was started and has not looked by then has failed: the change starts another one.
STARTED_IN_VAIN = timedelta(minutes=15)
#: A burst that does not end is not waited for any longer than so many times the quiet time.
LONGEST_BURST = 6
#: Spaces that an event names.
NAMED_SPACES = 3
_ARGUMENTS = ("source", "confluence_conn_id", "spaces", "content", "archived", "poll_every", "quiet_for", "sweep_every")


@dataclass(frozen=True)
class News:
    """What a look saw.

    :param spaces: in which something is new, each with the look of its last inventory that it was compared with.
    :param why: for the event. :param what: changes with anything that changes.
    """

    spaces: Mapping[str, datetime]
    why: str
    what: frozenset[tuple[str, int]]


class ChangeTrigger(BaseEventTrigger):
    """Fires when a space of Confluence Cloud changed since the last run looked at it, or when a full sweep is due.

    Triggers with equal arguments would be one, and start the DAGs of all sources: the name of the source keeps them apart.

    :param source: name of the source. :param spaces: keys and patterns. :param content: its kinds of content.
    :param archived: whether patterns fit archived spaces as well.
    :param poll_every: seconds between two looks. :param quiet_for: seconds that a burst of changes must have ended for.
    :param sweep_every: seconds between two full sweeps; None: by the size of each space.
    """

    def __init__(
        self,
        source: str,
        confluence_conn_id: str,
        spaces: list[str],
        content: list[str],
        *,
        archived: bool,
        poll_every: float,
        quiet_for: float,
        sweep_every: float | None,
    ) -> None:
        super().__init__()
        self.source = source
        self.confluence_conn_id = confluence_conn_id
        self.spaces = list(spaces)
        self.content = list(content)
        self.archived = archived
        self.poll_every = poll_every
        self.quiet_for = quiet_for
        self.sweep_every = sweep_every

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as the triggerer restores it."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in _ARGUMENTS}

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
                log.warning("Watching %s: %s", ", ".join(self.spaces), getattr(error, "summary", type(error).__name__))
            await asyncio.sleep(min(self.poll_every * 2 ** min(failures, 16), LONGEST_PAUSE_S))

    async def _watch(self) -> AsyncIterator[News | None]:
        """One sign-in, and then a value after each look: what to fire for, or None."""
        from airflow.sdk import BaseHook

        from confluence_to_twig.confluence.api.content import KINDS
        from confluence_to_twig.confluence.api.hook import settings_from

        settings = settings_from(await BaseHook.aget_connection(self.confluence_conn_id))
        kinds = tuple(kind for kind in KINDS if kind in self.content)
        async with watching(settings, self.spaces, kinds, archived=self.archived) as watcher:
            # Then the spaces are looked for again: others may fit by now.
            until = time.monotonic() + SPACES_HOLD_S
            while not watcher.site.failed and time.monotonic() < until:
                # All that look as often look at the same moment, and share what Confluence answers then.
                news = await self._news(watcher, since=time.monotonic() // self.poll_every * self.poll_every)
                news = await self._after_the_burst(watcher, news) if news else None
                is_first = news is not None and await asyncio.to_thread(self._note, watcher, news)
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
        from confluence_to_twig.planning.look import OVERLAP, default_sweep_every, expected_total

        known = await asyncio.to_thread(self._known, watcher)
        if not known:
            return None
        found = set[tuple[str, str, int]]()
        for kind in watcher.kinds:
            known_since = {key: state.looked_at - OVERLAP for key, (state, _) in known.items()}
            newest = await watcher.newest(kind, since, known_since)
            found |= await asyncio.to_thread(self._new_among, newest, known_since)

        def news(why: str, space_ids: Iterable[str], what: Iterable[tuple[str, int]]) -> News:
            spaces = {key: known[key][0].looked_at for key in space_ids}
            return News(spaces, why + _named([watcher.spaces[key].key for key in spaces], self.spaces), frozenset(what))

        if found:
            changed = {space_id for space_id, _, _ in found}
            return news("pages are new or changed", changed, ((page_id, version) for _, page_id, version in found))
        expected = {key: expected_total(state, rows) for key, (state, rows) in known.items()}
        counted = {key: total for key, total in expected.items() if total is not None}
        if differs := await watcher.miscounted(since, counted):
            return news(f"search counts {sum(differs.values()):+,} pages", differs, differs.items())
        every = timedelta(seconds=self.sweep_every) if self.sweep_every else None
        now = datetime.now(UTC)
        due = [
            key for key, (state, rows) in known.items() if now - state.swept_at >= (every or default_sweep_every(rows))
        ]
        return news("a full sweep is due", due, ((key, 0) for key in due)) if due else None

    def _known(self, watcher: Watcher) -> dict[str, tuple[LookState, int]]:
        """State and number of rows of the last inventories, of the spaces that have one."""
        from confluence_to_twig.staging.last_inventory import look_states
        from confluence_to_twig.staging.layout import folder_name

        states = look_states(self._staging())
        return {key: states[name] for key in watcher.spaces if (name := folder_name(key)) in states}

    def _new_among(
        self, newest: Mapping[str, list[Content]], known_since: Mapping[str, datetime]
    ) -> set[tuple[str, str, int]]:
        """Space, id and version of the contents that a look would find new. What is older than the last look of its space is known:
        so most inventories need not be read."""
        from confluence_to_twig.confluence.sweep.known import Known
        from confluence_to_twig.staging.last_inventory import last_inventory_of, remembered_last_inventory

        found = set[tuple[str, str, int]]()
        for space_id, contents in newest.items():
            if any(content.modified_at >= known_since[space_id] for content in contents):
                last = remembered_last_inventory(last_inventory_of(self._staging(), space_id))
                new = Known(last.table).differing(contents).values() if last else ()
                found |= {(space_id, content.id, content.version) for content in new}
        return found

    def _staging(self) -> SourceStaging:
        from confluence_to_twig.staging.layout import SourceStaging, staging_root

        return SourceStaging(staging_root(), self.source)

    def _note(self, watcher: Watcher, news: News) -> bool:
        """Whether to fire: once for what one look at a space left behind, as the run that starts sees all that came since."""
        from confluence_to_twig.staging.files import read_json, write_json

        now, is_first = datetime.now(UTC), False
        for space_id, looked_at in news.spaces.items():
            path = self._staging().home / "inventory" / f"{space_id}.watch.json"
            try:
                noted = read_json(path)
                same = noted["looked_at"] == looked_at.isoformat()
                if same and now - datetime.fromisoformat(noted["fired_at"]) < STARTED_IN_VAIN:
                    continue
            except (FileNotFoundError, ValueError, KeyError, TypeError):
                log.info("Nothing was fired for in space %s before", watcher.spaces[space_id].key)
            write_json(path, {"looked_at": looked_at.isoformat(), "fired_at": now.isoformat()})
            is_first = True
        return is_first


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


def _named(keys: Sequence[str], wanted: Sequence[str]) -> str:
    """For the end of a sentence: which spaces, of a source that may have many."""
    from confluence_to_twig.planning.spaces import is_pattern

    if len(wanted) == 1 and not is_pattern(wanted[0]):
        return ""
    more = len(keys) - NAMED_SPACES
    return f" in {', '.join(sorted(keys)[:NAMED_SPACES])}" + (f" and {more:,} more" if more > 0 else "")
