"""When pages were made and changed, by whom and how often: fixed by the ref, so that adding a page moves no other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.sample_space.people import ACCOUNT_IDS, WRITERS

if TYPE_CHECKING:
    from sandbox.sample_space.sources import PageSource

FIRST_DAY = datetime(2024, 1, 8, tzinfo=UTC)
LAST_DAY = datetime(2026, 10, 30, tzinfo=UTC)
# The 90 days before 2026-11-01 hold only what says so itself, so that a lookback of that length has a known result
RECENT_DAY = datetime(2026, 8, 3, tzinfo=UTC)


@dataclass(frozen=True)
class History:
    """The versions of one page; ``author`` is an account id."""

    author: str
    created_at: datetime
    modified_at: datetime
    version: int


def history_of(source: PageSource) -> History:
    """What the source says, and for what it leaves open a value drawn from its ref."""
    draw = _Draw(source.ref)
    author = source.author or WRITERS[int(draw.share("author") * len(WRITERS))]
    modified = source.modified or (_after(source.created, draw) if source.created else _any_day(draw))
    created = source.created or _between(FIRST_DAY, modified, draw.share("created"))
    age = (modified - created).days
    drawn = 1 if age < 2 else 2 + int(draw.share("version") ** 2 * min(38, 3 + age // 12))
    version = source.version or drawn
    if version == 1:
        created = modified
    return History(ACCOUNT_IDS[author], created, modified, version)


class _Draw:
    def __init__(self, ref: str) -> None:
        self._ref = ref

    def share(self, purpose: str) -> float:
        """A number in [0, 1)."""
        digest = hashlib.blake2b(f"{self._ref}/{purpose}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64


def _any_day(draw: _Draw) -> datetime:
    return _between(FIRST_DAY, RECENT_DAY, draw.share("modified"))


def _after(created: datetime, draw: _Draw) -> datetime:
    """A page with a given first day settles within three weeks: release notes and reviews are not rewritten."""
    return min(created + timedelta(minutes=int(draw.share("modified") ** 3 * 30_000)), LAST_DAY)


def _between(start: datetime, end: datetime, share: float) -> datetime:
    """A working hour of a day between two days, to the millisecond as Confluence records it."""
    if end <= start:
        return end
    whole = start + (end - start) * share
    milliseconds = int(share * 7_919_000) % 36_000_000
    moment = whole.replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(milliseconds=milliseconds)
    return min(max(moment, start), end)
