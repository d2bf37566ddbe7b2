"""How many requests may start, by what a server tells: two ways to count, each a state without clock, lock or sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from confluence_to_twig.http.limits import Limits

#: After a warning or a refusal requests start one by one for so long: Atlassian's burst windows are about ten seconds.
CAUTION_SECONDS = 10.0
CAREFUL_GAP = 0.1
LONGEST_GAP = 2.0
#: Atlassian's ``X-RateLimit-NearLimit`` means that less than a fifth of a budget remains
#: (https://developer.atlassian.com/cloud/confluence/rate-limiting/); a server that only counts is read the same way.
NEAR = 0.2


class Budget(Protocol):
    """What :class:`confluence_to_twig.http.pace.Pace` asks; all times are monotonic seconds."""

    def left(self, now: float) -> float:
        """Seconds after which to ask again; 0 or less when a request may start now."""

    def take(self, now: float) -> None:
        """A request starts."""

    def learn(self, limits: Limits, now: float) -> None:
        """An admitted request was answered with these headers."""

    def refused(self, seconds: float, now: float) -> None:
        """A request was refused; nothing starts for so many seconds."""


class Unmetered:
    """For a server that publishes no figures: no bound of its own, but a gap between two starts while a limit is near.

    The gap spreads what remains over the time until the reset, when both are told.

    :param per_second: as many may start in a second at most, evenly; None: as many as there are.
    """

    def __init__(self, per_second: float | None = None) -> None:
        self._least_gap = 1 / per_second if per_second else 0.0
        self._gap = 0.0
        self._gap_until = 0.0
        self._next_start = 0.0

    def left(self, now: float) -> float:
        """The rest of the gap."""
        return self._next_start - now

    def take(self, now: float) -> None:
        """Begin the next gap."""
        gap = max(self._least_gap, self._gap if now < self._gap_until else 0.0)
        if gap:
            self._next_start = now + gap

    def learn(self, limits: Limits, now: float) -> None:
        """Slow down when the limit is near."""
        few = limits.limit and limits.remaining is not None and limits.remaining < limits.limit * NEAR
        if not limits.near and not few:
            return
        gap = CAREFUL_GAP
        if limits.reset_s is not None and limits.remaining is not None:
            gap = min(LONGEST_GAP, max(CAREFUL_GAP, limits.reset_s / max(1, limits.remaining)))
        self._be_careful(gap, now + CAUTION_SECONDS)

    def refused(self, seconds: float, now: float) -> None:
        """Go on carefully after the pause, so that the wall is not hit again at once."""
        self._be_careful(CAREFUL_GAP, now + seconds + CAUTION_SECONDS)

    def _be_careful(self, gap: float, until: float) -> None:
        self._gap = gap
        self._gap_until = max(self._gap_until, until)


class PerMinute:
    """For a server with so many requests a minute: what its headers say counts, the configured pace only without them.

    :param per_minute: the pace while there are no headers. Half as many again may come at once.
    """

    def __init__(self, per_minute: float) -> None:
        self._per_second = per_minute / 60
        self._burst = max(1.0, per_minute * 1.5)
        self._remaining: int | None = None  # by the last answer, minus what was sent since
        self._ready_at = 0.0
        self._steady_s = 60 / per_minute
        self._trusts_pace = True
        self._level = self._burst
        self._level_at: float | None = None

    def left(self, now: float) -> float:
        """Until the next one is admitted, by the headers or else by the pace."""
        if self._ready_at > now:
            return self._ready_at - now
        if self._remaining is not None:
            return 0.0
        since = now - (now if self._level_at is None else self._level_at)
        self._level = min(self._burst, self._level + since * self._per_second)
        self._level_at = now
        return max(0.0, (1 - self._level) / self._per_second)

    def take(self, now: float) -> None:
        """Count a request that is admitted."""
        if self._remaining is None:
            self._level -= 1
        elif self._remaining > 0:
            self._remaining -= 1
        else:
            # One request finds out how much there is again; the others wait for its answer or their own turn.
            self._ready_at = now + self._steady_s

    def learn(self, limits: Limits, now: float) -> None:
        """Take over what the headers say."""
        self._remaining = limits.remaining
        if limits.remaining is not None:
            self._steady_s = 60 / (limits.limit or self._per_second * 60)
            self._ready_at = now + (0 if limits.remaining else self._pace(limits.reset_s))

    def refused(self, seconds: float, now: float) -> None:
        """Believe the reset from now on, if the pace was kept: this server counts in fixed windows."""
        self._trusts_pace = self._trusts_pace and self._remaining != 0
        self._remaining = 0
        self._ready_at = max(self._ready_at, now + seconds)

    def _pace(self, reset_s: float | None) -> float:
        """Seconds until one more is admitted: one minute's share if the budget refills steadily, else the reset."""
        if reset_s is None:
            return self._steady_s
        return min(reset_s, self._steady_s) if self._trusts_pace else reset_s
