"""The one retry loop: what is tried again, after how long, and when it is left to the task's next try."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from confluence_to_twig.errors import TransientError
from confluence_to_twig.http.errors import AnswerTooLargeError, ClientClosedError, RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluence_to_twig.errors import PermanentError
    from confluence_to_twig.http.pace import Pace

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long one request is worth trying.

    :param attempts: tries against faults: 5xx, time-outs, broken connections, broken answers. Rate limits do not count.
    :param seconds: longest wait in total, for rate limits, the budget and between faults; beyond it Airflow retries.
    :param backoff_seconds: wait after the first fault when the server names none; it doubles each time.
    :param longest_backoff: up to this.
    :param odd_attempts: tries against answers that look permanent and cannot be, where the caller knows better.
    """

    attempts: int = 5
    seconds: float = 600.0
    backoff_seconds: float = 1.0
    longest_backoff: float = 30.0
    odd_attempts: int = 3

    def wait(self, told: float | None, tries: int) -> float:
        """Seconds to wait after so many tries. ``told``: what the server asks for."""
        if told is not None and told >= 1:
            return told
        # The jitter keeps two tasks that failed together from coming back together; it decides nothing else.
        backoff = min(self.backoff_seconds * 2.0 ** (tries - 1), self.longest_backoff)
        return max(told or 0.0, backoff * random.uniform(0.75, 1.25))  # noqa: S311


def persist(send: Callable[[], T], pace: Pace, patience: Patience, odd: tuple[type[PermanentError], ...] = ()) -> T:
    """Call ``send`` until it returns, at the common pace.

    A rate limit, and a fault for which the server names a time, hold back everybody who shares the pace; after any other
    fault only this request waits.

    :param send: one attempt. What it raises decides: a ``TransientError`` is tried again, anything else ends it.
    :param odd: permanent errors that are tried again a few times all the same.
    :raises TransientError: the last one, when it outlasted the patience. It carries and names the time that the server
        asked to wait, so that the task's next try can come then.
    """
    faults = refusals = oddities = 0
    waited = 0.0
    while True:
        waited += pace.start(patience.seconds - waited)
        try:
            return send()
        except (AnswerTooLargeError, ClientClosedError):
            raise
        except odd as error:
            oddities += 1
            wait = patience.wait(None, oddities)
            if oddities >= patience.odd_attempts or waited + wait > patience.seconds:
                raise
            told, refused, summary = None, False, error.summary
        except TransientError as error:
            refused, told, summary = isinstance(error, RateLimitedError), error.retry_after, error.summary
            refusals, faults = refusals + refused, faults + (not refused)
            if refused:
                pace.count_refusal()
            wait = patience.wait(told, faults + refusals)
            if faults >= patience.attempts or waited + wait > patience.seconds:
                raise _given_up(error, faults + refusals) from error
        log.info("%s; trying again in %.1f s", summary, wait)
        if refused:
            pace.refused(wait)
        elif told is not None:
            pace.pause(wait)
        else:
            waited += pace.rest(wait)


def _given_up(error: TransientError, tries: int) -> TransientError:
    parts = [f"given up after attempt {tries}"] if tries > 1 else []
    if error.retry_after is not None:
        until = datetime.now(UTC) + timedelta(seconds=min(error.retry_after, 10**9))
        parts.append(f"the server asks to wait {error.retry_after:,.0f} s, until {until:%Y-%m-%d %H:%M:%S} UTC")
    if not parts:
        return error
    final = type(error)(f"{error.summary} ({'; '.join(parts)})", error.remedy)
    final.retry_after = error.retry_after
    return final
