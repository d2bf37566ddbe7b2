"""What the triggers of one site ask together, in one process: the newest contents of all their spaces, and one total.

On its own each trigger would ask Confluence three times in each look. But the newest contents of a hundred spaces are one answer,
and so is the number of all their pages. A space is asked about alone where that number changed, or where the list does not
reach down to what a space is known to have.

It lives in the event loop of the triggerer, and asks one thing at a time of a site, in a thread.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.settings import ConfluenceSettings
    from confluence_to_twig.confluence.api.space import Space

#: Spaces in one question: as many as ``space-id`` takes
#: (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/#api-pages-get).
SPACES_AT_ONCE = 100
#: Pages that went in one space and came in another leave the common total as it was. So each space's own is asked for that often.
OWN_TOTAL_EVERY_S = 600.0
#: How long a request of a look is worth trying, in seconds: the next look is near.
LOOK_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Answer:
    """What Confluence answered about some spaces, or how it failed.

    :param asked_at: monotonic seconds.
    """

    asked_at: float
    space_ids: frozenset[str]
    value: Any = None
    error: Exception | None = None


@dataclass
class SiteWatch:
    """One signed-in client, those who watch through it, and the answers that they share.

    :param joined: how many watch, or begin to. :param failed: a question could not be answered: who watches goes on with a
        site that signs in anew.
    """

    client: ConfluenceClient
    watchers: list[Watcher] = field(default_factory=list)
    joined: int = 0
    failed: bool = False
    _answers: dict[str, Answer] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def found(self, space_key: str) -> Space:
        """The space with this key. Signs in, where that has not happened."""
        try:
            async with self._lock:
                return await asyncio.to_thread(self.client.space, space_key)
        except Exception:
            self.failed = True
            raise

    async def together(
        self, what: str, watchers: Sequence[Watcher], since: float, question: Callable[[list[Space]], Any]
    ) -> Answer:
        """The answer to a question about the spaces of some watchers.

        :param what: names the question. :param since: monotonic time; an answer from before is too old.
        """
        spaces = {watcher.space.id: watcher.space for watcher in watchers}
        async with self._lock:
            answer = self._answers.get(what)
            if answer is None or answer.asked_at < since or not answer.space_ids >= spaces.keys():
                answer = await self._asked(question, list(spaces.values()))
                self._answers[what] = answer
        if answer.error is not None:
            raise answer.error
        return answer

    async def alone(self, space: Space, question: Callable[[list[Space]], Any]) -> Answer:
        """The answer to a question about one space."""
        async with self._lock:
            answer = await self._asked(question, [space])
        if answer.error is not None:
            raise answer.error
        return answer

    async def _asked(self, question: Callable[[list[Space]], Any], spaces: list[Space]) -> Answer:
        asked_at, space_ids = time.monotonic(), frozenset(space.id for space in spaces)
        try:
            return Answer(asked_at, space_ids, await asyncio.to_thread(question, spaces))
        except Exception as error:
            self.failed = True
            return Answer(asked_at, space_ids, error=error)


@dataclass(eq=False)
class Watcher:
    """One trigger's part in the watch of its site.

    :param kinds: of contents that its source has.
    """

    site: SiteWatch
    space: Space
    kinds: tuple[Kind, ...]
    _totals: tuple[Answer, Answer] | None = None

    async def newest(self, kind: Kind, since: float, known_since: datetime) -> list[Content]:
        """The newest contents of the space, or none where none is newer than ``known_since``."""

        def ask(spaces: list[Space]) -> list[Content]:
            return next(iter(self.site.client.api.newest_first(spaces, kind) or ()), [])

        group = self._among([watcher for watcher in self.site.watchers if kind in watcher.kinds])
        answer = await self.site.together(f"newest {kind} {group[0].space.id}", group, since, ask)
        listed = cast("list[Content]", answer.value)
        ours = [content for content in listed if content.space_id == self.space.id]
        times = [content.modified_at for content in listed]
        in_order = times == sorted(times, reverse=True)
        if in_order and (ours or (times and times[-1] < known_since)):
            return ours
        return cast("list[Content]", (await self.site.alone(self.space, ask)).value)

    async def total(self, since: float) -> int | None:
        """How many contents search counts in the space. ``None``: nobody tells."""

        def ask(spaces: list[Space]) -> int | None:
            from confluence_to_twig.confluence.api.cql import of_spaces

            return self.site.client.api.search_total(of_spaces([space.key for space in spaces], self.kinds))

        group = self._among([watcher for watcher in self.site.watchers if watcher.kinds == self.kinds])
        common = await self.site.together(f"total {self.kinds} {group[0].space.id}", group, since, ask)
        if self._totals is None or not _still_holds(*self._totals, common):
            own = common if common.space_ids == {self.space.id} else await self.site.alone(self.space, ask)
            self._totals = common, own
        return cast("int | None", self._totals[1].value)

    def _among(self, those: Sequence[Watcher]) -> Sequence[Watcher]:
        """This one, and as many others as fit into a question."""
        start = those.index(self) // SPACES_AT_ONCE * SPACES_AT_ONCE
        return those[start : start + SPACES_AT_ONCE]


def _still_holds(before: Answer, own: Answer, common: Answer) -> bool:
    """Whether a space's own total is what it was, given the common one then and now."""
    same = (before.space_ids, before.value) == (common.space_ids, common.value) and common.value is not None
    return same and common.asked_at - own.asked_at < OWN_TOTAL_EVERY_S


_sites: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[ConfluenceSettings, SiteWatch]] = WeakKeyDictionary()


@asynccontextmanager
async def watching(settings: ConfluenceSettings, space_key: str, kinds: tuple[Kind, ...]) -> AsyncIterator[Watcher]:
    """Watch a space, together with all who watch one with the same settings in this process.

    :raises PipelineError: Confluence does not answer, or not to this account, or there is no such space.
    """
    site = _site_of(settings)
    site.joined += 1
    try:
        watcher = Watcher(site, await site.found(space_key), kinds)
        site.watchers.append(watcher)
        try:
            yield watcher
        finally:
            site.watchers.remove(watcher)
    finally:
        site.joined -= 1
        if not site.joined:
            site.failed = True  # nobody is to join a client that is closed
            site.client.close()


def _site_of(settings: ConfluenceSettings) -> SiteWatch:
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.http.retry import Patience

    sites = _sites.setdefault(asyncio.get_running_loop(), {})
    if settings not in sites or sites[settings].failed:
        patience = Patience(attempts=2, seconds=LOOK_PATIENCE_S)
        sites[settings] = SiteWatch(ConfluenceClient(settings, patience=patience))
    return sites[settings]
