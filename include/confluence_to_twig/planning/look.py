"""Which kind of look a run takes at a space, *full sweep* or *lane*, and how far a lane's look goes. Pure.

A full sweep proves absence. A lane between two of them asks for what is new in a handful of requests, and goes on from
the last inventory.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confluence_to_twig.planning.window import RunFacts
    from confluence_to_twig.staging.last_inventory import LookState

#: Time between two full sweeps of spaces with fewer contents than this, and of larger ones.
SWEEP_EVERY = ((2_000, timedelta(hours=1)), (20_000, timedelta(hours=6)))
SWEEP_EVERY_LARGE = timedelta(hours=24)
#: A source that takes page trees, which are swept alone where that is cheaper, has the whole space listed that often.
WHOLE_EVERY = timedelta(days=7)
#: Confluence's servers have clocks of their own, and its search index lags behind.
OVERLAP = timedelta(minutes=10)
#: Full sweeps that a total may start in vain before it is not listened to any more.
FALSE_ALARMS_AT_MOST = 2
_FIRES_COMPARED = 60
_FIRST_FIRE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Look:
    """The kind of a look, and why it is that kind.

    :param sweep_every: the longest time between two full sweeps.
    """

    kind: Literal["sweep", "lane"]
    reason: str
    sweep_every: timedelta

    def to_json(self) -> dict[str, Any]:
        """As reports carry it; the duration in seconds."""
        return asdict(self) | {"sweep_every": self.sweep_every.total_seconds()}


@dataclass(frozen=True)
class Wishes:
    """What a source and a run ask for, as far as the kind of look depends on it.

    :param settings: fingerprint of the source's settings, see :func:`fingerprint`.
    :param asked: why this run has to look at everything: what somebody asked for. None: a regular run.
    :param sweep_every: as the source sets it; None: by the size of the space.
    :param between_runs: the shortest time between two scheduled runs; None: there is none, or other runs come between them.
    """

    settings: str
    asked: str | None = None
    sweep_every: timedelta | None = None
    between_runs: timedelta | None = None


def choose_look(run: RunFacts, wishes: Wishes, last: LookState | None, contents: int, now: datetime) -> Look:
    """Lane or full sweep.

    :param last: the state of the last inventory; None: there is none that can be gone on from.
    :param contents: rows of it.
    """
    every = wishes.sweep_every or default_sweep_every(contents)
    reason = _why_sweep(run, wishes, last, every, now)
    return Look("sweep", reason, every) if reason else Look("lane", "the last full sweep is recent", every)


def trees_may_do(run: RunFacts, wishes: Wishes, last: LookState, now: datetime) -> bool:
    """Whether a full sweep may look at the page trees of a source alone, and go on from the last inventory for the rest."""
    whole = run.run_type == "backfill" or wishes.asked or last.settings != wishes.settings
    return not whole and last.attached_since is not None and now - (last.listed_at or last.swept_at) < WHOLE_EVERY


def default_sweep_every(contents: int) -> timedelta:
    """An hour below 2,000 contents, six below 20,000, a day above."""
    return next((every for below, every in SWEEP_EVERY if contents < below), SWEEP_EVERY_LARGE)


def _why_sweep(run: RunFacts, wishes: Wishes, last: LookState | None, every: timedelta, now: datetime) -> str | None:
    if run.run_type == "backfill":
        return "a backfill"
    if wishes.asked:
        return wishes.asked
    if wishes.between_runs is not None and wishes.between_runs >= every:
        return "each scheduled run sweeps, since so much time lies between two of them"
    if last is None:
        return "no look before this one can be gone on from"
    if last.settings != wishes.settings:
        return "the source or the account has changed"
    if now < last.looked_at:
        return "the clock has gone back since the last look"
    # Scheduled times are compared, so that an hourly run sweeps every hour however long it was queued; the clock, so
    # that a run that comes too late does not put the sweep off. Other runs have no scheduled time: the one of the last sweep
    # may be long ago, as it is after somebody unpauses the DAG.
    scheduled = run.run_after - last.swept_for if run.run_type == "scheduled" else timedelta()
    if max(scheduled, now - last.swept_at) >= every:
        return "the last full sweep is too old"
    return None


@cache
def shortest_wait(schedule: str) -> timedelta:
    """The shortest time between two of the next runs of a cron expression."""
    from croniter import croniter

    fires = croniter(schedule, _FIRST_FIRE)
    times: list[datetime] = [fires.get_next(datetime) for _ in range(_FIRES_COMPARED)]
    return min(later - earlier for earlier, later in pairwise(times))


def fingerprint(settings: Mapping[str, Any]) -> str:
    """What changes with any of the settings.

    :param settings: values that JSON can hold.
    """
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def minutes_back(since: datetime, now: datetime) -> int:
    """Minutes to look back for what was changed since a moment, overlap included."""
    return max(1, math.ceil((max(now - since, timedelta()) + OVERLAP) / timedelta(minutes=1)))


def share_to_check(ids: Sequence[int], state: LookState, look: Look, at_once: int, now: datetime) -> Sequence[int]:
    """The ids that a lane asks for although nothing says that they changed: all of them once between two full sweeps.

    The time between two sweeps is cut into one slice more than there are batches; each slice that passed is worth one.

    :param ids: all of them, sorted. :param at_once: ids in a batch.
    """
    slices = math.ceil(len(ids) / at_once) + 1
    passed = math.floor((now - state.swept_at) / (look.sweep_every / slices))
    due = ids[: max(0, passed) * at_once]
    return [number for number in due if number > state.checked_up_to]


def difference(total: int | None, state: LookState, contents: int) -> int:
    """How many hits more (or, negative, fewer) search counts than are expected; 0 where nobody tells.

    :param total: what search counts now. :param contents: rows of the inventory, with what the lane saw.
    """
    expected = expected_total(state, contents)
    return 0 if total is None or expected is None else total - expected


def expected_total(state: LookState, contents: int) -> int | None:
    """What search counts if nothing changed; None: what it counts is not known, or tells nothing.

    :param contents: rows of the inventory.
    """
    if state.baseline is None or state.false_alarms >= FALSE_ALARMS_AT_MOST:
        return None
    return state.baseline + contents


def is_confirmed(before: int, now: int) -> bool:
    """Whether two looks in a row saw a difference that is no lag of the index: lag shrinks, a deletion stays."""
    return before * now > 0 and abs(now) >= abs(before)
