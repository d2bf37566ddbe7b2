"""What triggers of one site ask together, by asyncio against the sandbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from confluence_to_twig.confluence.api.content import Kind
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from confluence_to_twig.errors import PipelineError
from confluence_to_twig.tasks import site_watch
from confluence_to_twig.tasks.site_watch import Watcher, watching
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SandboxConfluence
from sandbox.seed import SeedPage, SeedSpace
from tests.confluence.spaces import forget_requests, requests_of, settings_of

KEYS = ("ONE", "TWO", "THREE")
KINDS: tuple[Kind, ...] = ("page", "blogpost")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def space(key: str, pages: int = 3) -> SeedSpace:
    written = [
        SeedPage(f"{key}-{number}", f"{key} {number}", "<p>.</p>", modified_at=LONG_AGO + timedelta(minutes=number))
        for number in range(pages)
    ]
    return SeedSpace(key, key, "", tuple(written))


@pytest.fixture
def sandbox() -> Iterator[SandboxConfluence]:
    served = SandboxConfluence(*(space(key) for key in KEYS))
    with served.serve():
        yield served


def watch(
    settings: ConfluenceSettings, work: Callable[[list[Watcher]], Awaitable[None]], keys: tuple[str, ...] = KEYS
) -> None:
    """Do something with a watcher for each space."""

    async def with_watchers() -> None:
        async with AsyncExitStack() as stack:
            await work([await stack.enter_async_context(watching(settings, [key], KINDS)) for key in keys])

    asyncio.run(with_watchers())


async def newest(watcher: Watcher, since: float, kind: Kind = "page", known_since: datetime | None = None) -> list[str]:
    """Titles of what the watcher of one space sees."""
    moments = dict.fromkeys(watcher.spaces, known_since or datetime.now(UTC))
    return [page.title for contents in (await watcher.newest(kind, since, moments)).values() for page in contents]


async def looks(watchers: list[Watcher], since: float) -> list[tuple[list[str], int]]:
    """What all see at the same time: titles of the newest pages, and how many contents more than three are counted in each space."""

    async def look(watcher: Watcher) -> tuple[list[str], int]:
        pages = await newest(watcher, since)
        await newest(watcher, since, "blogpost")
        differs = await watcher.miscounted(since, dict.fromkeys(watcher.spaces, 3))
        return pages, sum(differs.values())

    return list(await asyncio.gather(*(look(watcher) for watcher in watchers)))


def test_all_of_a_site_at_rest_take_three_requests_a_look_and_each_sees_its_own_space(
    sandbox: SandboxConfluence,
) -> None:
    async def work(watchers: list[Watcher]) -> None:
        assert len({id(watcher.site) for watcher in watchers}) == 1
        first = await looks(watchers, time.monotonic())
        assert first == [([f"{key} {number}" for number in (2, 1, 0)], 0) for key in KEYS]
        for _ in range(2):
            forget_requests(sandbox)
            assert await looks(watchers, time.monotonic()) == first
            assert len(requests_of(sandbox)) == 3
        forget_requests(sandbox)
        assert await looks(watchers, time.monotonic() - 60) == first
        assert not requests_of(sandbox)

    watch(settings_of(sandbox), work)


def test_a_change_shows_in_its_own_space_and_costs_the_others_one_total(sandbox: SandboxConfluence) -> None:
    async def work(watchers: list[Watcher]) -> None:
        await looks(watchers, time.monotonic())
        sandbox.edit("TWO-0", storage="<p>Edited.</p>")
        sandbox.trash("ONE-1")
        seen = await looks(watchers, time.monotonic())
        assert [total for _, total in seen] == [-1, 0, 0]
        assert seen[1][0][0] == "TWO 0"
        forget_requests(sandbox)
        assert await looks(watchers, time.monotonic()) == seen
        assert len([it for it in requests_of(sandbox) if "search" in it.path]) == 1

    watch(settings_of(sandbox), work)


def test_what_went_here_and_came_there_is_seen_when_each_total_is_asked_for_again(
    sandbox: SandboxConfluence, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(watchers: list[Watcher]) -> None:
        await looks(watchers, time.monotonic())
        sandbox.trash("ONE-1")
        sandbox.new_page("TWO", "New", "<p>New.</p>")
        assert [total for _, total in await looks(watchers, time.monotonic())] == [0, 0, 0]
        monkeypatch.setattr(site_watch, "OWN_TOTAL_EVERY_S", 0.0)
        assert [total for _, total in await looks(watchers, time.monotonic())] == [-1, 1, 0]

    watch(settings_of(sandbox), work)


def test_a_space_that_the_common_list_does_not_reach_is_asked_about_alone(sandbox: SandboxConfluence) -> None:
    seed = space("BUSY", 300)
    busy = replace(seed, pages=tuple(replace(page, modified_at=datetime.now(UTC)) for page in seed.pages))
    sandbox.add_space(busy)

    async def work(watchers: list[Watcher]) -> None:
        since = time.monotonic()
        found = await newest(watchers[1], since, known_since=LONG_AGO + timedelta(days=1))
        assert found == ["ONE 2", "ONE 1", "ONE 0"]
        # Everything that is newer than the last look would be in the list.
        assert await newest(watchers[1], since, known_since=datetime.now(UTC) + timedelta(minutes=1)) == []

    watch(settings_of(sandbox), work, ("BUSY", "ONE"))


def test_more_spaces_than_one_question_takes_are_asked_about_in_groups(
    sandbox: SandboxConfluence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_watch, "SPACES_AT_ONCE", 2)

    async def work(watchers: list[Watcher]) -> None:
        seen = await looks(watchers, time.monotonic())
        assert [(len(titles), differs) for titles, differs in seen] == [(3, 0)] * 3
        forget_requests(sandbox)
        await looks(watchers, time.monotonic())
        assert len(requests_of(sandbox)) == 6

    watch(settings_of(sandbox), work)


def test_a_failure_is_one_for_all_and_who_comes_after_it_signs_in_anew(sandbox: SandboxConfluence) -> None:
    async def work(watchers: list[Watcher]) -> None:
        outage = sandbox.fail(faults.Refuse(503), r"sort=-modified-date", times=None)
        since = time.monotonic()
        failed = await asyncio.gather(*(newest(watcher, since) for watcher in watchers), return_exceptions=True)
        assert all(isinstance(error, PipelineError) for error in failed)
        assert outage.hits == 2  # two attempts at one question
        assert watchers[0].site.failed
        sandbox.faults.clear()
        async with (
            watching(settings_of(sandbox), ["ONE"], KINDS) as again,
            watching(settings_of(sandbox), ["TWO"], KINDS) as other,
        ):
            assert again.site is other.site is not watchers[0].site
            assert len(await newest(again, time.monotonic())) == 3

    watch(settings_of(sandbox), work)


def test_other_credentials_share_nothing(sandbox: SandboxConfluence) -> None:
    async def work(watchers: list[Watcher]) -> None:
        reader = settings_of(sandbox, email="reader@example.com", token="sandbox-confluence-reader-token")
        async with watching(reader, ["ONE"], KINDS) as other:
            assert other.site is not watchers[0].site

    watch(settings_of(sandbox), work)


def many_of(sandbox: SandboxConfluence, number: int) -> None:
    for key in range(number - len(KEYS)):
        sandbox.add_space(space(f"S{key}", 1))


async def quiet_look(watcher: Watcher, expected: dict[str, int]) -> dict[str, int]:
    since, moments = time.monotonic(), dict.fromkeys(watcher.spaces, datetime.now(UTC))
    for kind in KINDS:
        await watcher.newest(kind, since, moments)
    return await watcher.miscounted(since, expected)


def test_a_source_with_500_spaces_at_rest_takes_three_requests_for_each_hundred_and_finds_a_miscounted_one_by_halves(
    sandbox: SandboxConfluence,
) -> None:
    many_of(sandbox, 500)

    async def work() -> None:
        async with watching(settings_of(sandbox), ["*"], KINDS) as watcher:
            assert len(watcher.spaces) == 500
            expected = {key: 3 if space.key in KEYS else 1 for key, space in watcher.spaces.items()}
            assert await quiet_look(watcher, expected) == {}
            forget_requests(sandbox)
            assert await quiet_look(watcher, expected) == {}
            assert len(requests_of(sandbox)) == 15
            sandbox.trash("S123-0")
            forget_requests(sandbox)
            gone = {str(sandbox.space("S123").id): -1}
            assert await quiet_look(watcher, expected) == gone
            assert len(requests_of(sandbox)) <= 15 + 2 * 7
            forget_requests(sandbox)
            assert await quiet_look(watcher, expected) == gone
            assert len(requests_of(sandbox)) == 15

    asyncio.run(work())


def test_triggers_with_the_same_spaces_share_the_list_of_them_and_every_answer(sandbox: SandboxConfluence) -> None:
    async def work() -> None:
        async with (
            watching(settings_of(sandbox), ["*"], KINDS) as one,
            watching(settings_of(sandbox), ["T*"], KINDS) as two,
        ):
            assert [len(watcher.spaces) for watcher in (one, two)] == [3, 2]
            assert len([it for it in requests_of(sandbox) if "/spaces" in it.path]) == 1
            for watcher in (one, two):
                assert await quiet_look(watcher, dict.fromkeys(watcher.spaces, 3)) == {}
            forget_requests(sandbox)
            since = time.monotonic()
            for watcher in (one, two):
                moments = dict.fromkeys(watcher.spaces, datetime.now(UTC))
                assert len(await watcher.newest("page", since, moments)) == len(watcher.spaces)
                assert await watcher.miscounted(since, dict.fromkeys(watcher.spaces, 3)) == {}
            assert len(requests_of(sandbox)) == 2

    asyncio.run(work())


def test_a_listing_that_is_not_in_order_tells_of_each_space_alone(sandbox: SandboxConfluence) -> None:
    def turned(page: dict[str, object]) -> dict[str, object]:
        return page | {"results": list(reversed(page["results"]))}  # type: ignore[call-overload]

    async def work() -> None:
        async with watching(settings_of(sandbox), ["*"], KINDS) as watcher:
            sandbox.fail(faults.Rewrite(turned), r"sort=-modified-date", times=None)
            moments = dict.fromkeys(watcher.spaces, datetime.now(UTC))
            found = await watcher.newest("page", time.monotonic(), moments)
            assert {len(contents) for contents in found.values()} == {3}

    asyncio.run(work())
