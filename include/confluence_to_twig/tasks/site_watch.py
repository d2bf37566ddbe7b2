"""What the triggers of one site ask together, in one process: the newest contents of all their spaces, and one total.

On its own each trigger would ask Confluence three times in each look, for each hundred of its spaces. But the newest contents of
a hundred spaces are one answer, whosever they are, and so is the number of all their pages. The spaces of one trigger are asked
about alone where that number changed, or where the list does not reach down to what they are known to have.

It lives in the event loop of the triggerer, and asks one thing at a time of a site, in a thread.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.settings import ConfluenceSettings
    from confluence_to_twig.confluence.api.space import Space

T = TypeVar("T")

#: Spaces in one question: as many as ``space-id`` takes
#: (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/#api-pages-get).
SPACES_AT_ONCE = 100
#: Pages that went in one space and came in another leave the common total as it was. So the own total of each source's spaces
#: is asked for that often.
OWN_TOTAL_EVERY_S = 600.0
#: How old the list of all spaces may be in which the spaces of a new watch are looked for.
SPACES_HOLD_S = 600.0
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

    :param parts: of all watchers. :param joined: how many watch, or begin to.
    :param failed: a question could not be answered: who watches goes on with a site that signs in anew.
    """

    client: ConfluenceClient
    parts: list[Part] = field(default_factory=list)
    joined: int = 0
    failed: bool = False
    _answers: dict[str, Answer] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def found(self, wanted: Sequence[str], *, archived: bool) -> list[Space]:
        """The spaces with these keys, or that fit these patterns. Signs in, where that has not happened."""
        from confluence_to_twig.planning.spaces import chosen_spaces, is_pattern

        if len(wanted) == 1 and not is_pattern(wanted[0]):
            try:
                async with self._lock:
                    return [await asyncio.to_thread(self.client.space, wanted[0])]
            except Exception:
                self.failed = True
                raise

        def listed(_: list[Space]) -> list[Space]:
            return self.client.api.all_spaces()

        spaces = await self.together("spaces", [], time.monotonic() - SPACES_HOLD_S, listed)
        return chosen_spaces(wanted, spaces.value, archived=archived)[0]

    async def together(
        self, what: str, parts: Sequence[Part], since: float, question: Callable[[list[Space]], Any]
    ) -> Answer:
        """The answer to a question about the spaces of some watchers.

        :param what: names the question. :param since: monotonic time; an answer from before is too old.
        """
        spaces = {space.id: space for part in parts for space in part.spaces.values()}
        async with self._lock:
            answer = self._answers.get(what)
            if answer is None or answer.asked_at < since or not answer.space_ids >= spaces.keys():
                answer = await self._asked(question, list(spaces.values()))
                self._answers[what] = answer
        if answer.error is not None:
            raise answer.error
        return answer

    async def alone(self, spaces: list[Space], question: Callable[[list[Space]], Any]) -> Answer:
        """The answer to a question about these spaces."""
        async with self._lock:
            answer = await self._asked(question, spaces)
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
class Part:
    """As many spaces of one watcher as fit into a question, by their ids."""

    site: SiteWatch
    spaces: Mapping[str, Space]
    kinds: tuple[Kind, ...]
    _totals: tuple[Answer, Answer] | None = None
    _halved: tuple[Answer, Mapping[str, int], dict[str, int]] | None = None

    async def newest(self, kind: Kind, since: float, known_since: Mapping[str, datetime]) -> dict[str, list[Content]]:
        """See :meth:`Watcher.newest`."""

        def ask(spaces: list[Space]) -> list[Content]:
            return next(iter(self.site.client.api.newest_first(spaces, kind) or ()), [])

        group = self._among([part for part in self.site.parts if kind in part.kinds])
        answer = await self.site.together(f"newest {kind} {min(group[0].spaces)}", group, since, ask)
        found = _reached(answer.value, known_since)
        while rest := {key: moment for key, moment in known_since.items() if key not in found}:
            answer = await self.site.alone([self.spaces[key] for key in rest], ask)
            told = _reached(answer.value, rest)
            if not told:  # not in order: of one space that is as good as it gets
                told = {key: (await self.site.alone([self.spaces[key]], ask)).value for key in rest}
            found |= told
        return found

    async def miscounted(self, since: float, expected: Mapping[str, int]) -> dict[str, int]:
        """See :meth:`Watcher.miscounted`."""
        if not expected:
            return {}
        group = self._among([part for part in self.site.parts if part.kinds == self.kinds])
        common = await self.site.together(f"total {self.kinds} {min(group[0].spaces)}", group, since, self._total)
        if self._totals is None or not _still_holds(*self._totals, common, expected):
            self._totals = common, common if common.space_ids == expected.keys() else await self._counted(expected)
        own = self._totals[1]
        if self._halved is None or self._halved[:2] != (own, expected):
            self._halved = own, expected, await self._differing(own, expected)
        return self._halved[2]

    async def _differing(self, told: Answer, expected: Mapping[str, int]) -> dict[str, int]:
        """The spaces of which search counts another number than expected, and by how much: found by halves."""
        if told.value is None or told.value == sum(expected.values()):
            return {}
        if len(expected) == 1:
            return {key: told.value - number for key, number in expected.items()}
        pairs, found = list(expected.items()), dict[str, int]()
        for half in (dict(pairs[: len(pairs) // 2]), dict(pairs[len(pairs) // 2 :])):
            found |= await self._differing(await self._counted(half), half)
        return found

    async def _counted(self, space_ids: Iterable[str]) -> Answer:
        return await self.site.alone([self.spaces[key] for key in space_ids], self._total)

    def _total(self, spaces: list[Space]) -> int | None:
        from confluence_to_twig.confluence.api.cql import of_spaces

        return self.site.client.api.search_total(of_spaces([space.key for space in spaces], self.kinds))

    def _among(self, those: Sequence[Part]) -> Sequence[Part]:
        """This one, and as many others as fit into a question."""
        group: list[Part] = []
        for part in those:
            if sum(len(other.spaces) for other in group) + len(part.spaces) > SPACES_AT_ONCE:
                if self in group:
                    break
                group = []
            group.append(part)
        return group


@dataclass(frozen=True)
class Watcher:
    """One trigger's part in the watch of its site.

    :param kinds: of contents that its source has.
    """

    site: SiteWatch
    parts: tuple[Part, ...]
    kinds: tuple[Kind, ...]

    @property
    def spaces(self) -> dict[str, Space]:
        """The spaces that are watched, by id."""
        return {key: space for part in self.parts for key, space in part.spaces.items()}

    async def newest(self, kind: Kind, since: float, known_since: Mapping[str, datetime]) -> dict[str, list[Content]]:
        """The newest contents of spaces, or none of one where none is newer than what is known of it.

        :param since: monotonic time; answers that others got before it are too old.
        :param known_since: space id → moment, for the spaces to ask about.
        """
        found: dict[str, list[Content]] = {}
        for part in self.parts:
            found |= await part.newest(kind, since, _of(part, known_since))
        return found

    async def miscounted(self, since: float, expected: Mapping[str, int]) -> dict[str, int]:
        """The spaces of which search counts another number of contents than expected, and by how much. None of those of which
        nobody tells a number.

        :param expected: by space id, for the spaces to ask about.
        """
        found: dict[str, int] = {}
        for part in self.parts:
            found |= await part.miscounted(since, _of(part, expected))
        return found


def _of(part: Part, values: Mapping[str, T]) -> dict[str, T]:
    return {key: values[key] for key in part.spaces if key in values}


def _reached(listed: list[Content], known_since: Mapping[str, datetime]) -> dict[str, list[Content]]:
    """The contents of each space of which a list of the newest tells all that may be new."""
    times = [content.modified_at for content in listed]
    if times != sorted(times, reverse=True):
        return {}
    found: dict[str, list[Content]] = {}
    for content in listed:
        if content.space_id in known_since:
            found.setdefault(content.space_id, []).append(content)
    silent: dict[str, list[Content]] = {
        key: [] for key, moment in known_since.items() if not times or times[-1] < moment
    }
    return {**silent, **found}


def _still_holds(before: Answer, own: Answer, common: Answer, expected: Mapping[str, int]) -> bool:
    """Whether the total of some spaces is what it was, given the common one then and now."""
    same = (before.space_ids, before.value) == (common.space_ids, common.value) and common.value is not None
    return same and own.space_ids == expected.keys() and common.asked_at - own.asked_at < OWN_TOTAL_EVERY_S


_sites: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[ConfluenceSettings, SiteWatch]] = WeakKeyDictionary()


@asynccontextmanager
async def watching(
    settings: ConfluenceSettings, wanted: Sequence[str], kinds: tuple[Kind, ...], *, archived: bool = False
) -> AsyncIterator[Watcher]:
    """Watch spaces, together with all who watch some with the same settings in this process.

    :param wanted: keys and patterns. :param archived: whether patterns fit archived spaces as well.
    :raises PipelineError: Confluence does not answer, or not to this account, or there is no space with the only key.
    """
    site = _site_of(settings)
    site.joined += 1
    try:
        spaces = await site.found(wanted, archived=archived)
        watcher = Watcher(site, tuple(_parts(site, spaces, kinds)), kinds)
        site.parts += watcher.parts
        try:
            yield watcher
        finally:
            for part in watcher.parts:
                site.parts.remove(part)
    finally:
        site.joined -= 1
        if not site.joined:
            site.failed = True  # nobody is to join a client that is closed
            site.client.close()


def _parts(site: SiteWatch, spaces: list[Space], kinds: tuple[Kind, ...]) -> Iterator[Part]:
    for start in range(0, len(spaces), SPACES_AT_ONCE):
        yield Part(site, {space.id: space for space in spaces[start : start + SPACES_AT_ONCE]}, kinds)


def _site_of(settings: ConfluenceSettings) -> SiteWatch:
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.http.retry import Patience

    sites = _sites.setdefault(asyncio.get_running_loop(), {})
    if settings not in sites or sites[settings].failed:
        patience = Patience(attempts=2, seconds=LOOK_PATIENCE_S)
        sites[settings] = SiteWatch(ConfluenceClient(settings, patience=patience))
    return sites[settings]
