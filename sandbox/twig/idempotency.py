"""Remembered answers: the same ``Idempotency-Key`` with the same body is answered again, never applied again."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.twig.wire import ApiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_KEY = re.compile(r"[!-~]{1,255}")
REMEMBERED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Answer:
    """A status and the payload that goes into the envelope."""

    status: int
    payload: dict[str, Any]
    replayed: bool = False


@dataclass(frozen=True)
class Intent:
    """What an ``Idempotency-Key`` stands for: one route of one organisation, and one body."""

    org: str
    route: str
    key: str
    body_hash: str


def body_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def checked_key(key: str | None) -> str | None:
    """
    :raises ApiError: 400 when the key is empty, too long or has other characters than printable ASCII.
    """
    if key is not None and not _KEY.fullmatch(key):
        raise ApiError(400, "Idempotency-Key must be 1 to 255 printable ASCII characters without spaces")
    return key


def once(db: sqlite3.Connection, intent: Intent | None, now: float, apply: Callable[[], Answer]) -> Answer:
    """The remembered answer to ``intent``, or that of ``apply``, which is remembered. Without intent: ``apply`` only.

    Runs inside the caller's transaction, so that an answer is remembered exactly when its effect is kept.

    :raises ApiError: 422 when the key came before with another body.
    """
    if intent is None:
        return apply()
    name = (intent.org, intent.route, intent.key)
    db.execute("DELETE FROM remembered_answers WHERE at < ?", (now - REMEMBERED_SECONDS,))
    row = db.execute("SELECT * FROM remembered_answers WHERE org = ? AND route = ? AND key = ?", name).fetchone()
    if row is not None:
        if row["body_hash"] != intent.body_hash:
            raise ApiError(422, "Idempotency-Key was used before with another body")
        return Answer(row["status"], json.loads(row["body"]), replayed=True)
    answer = apply()
    db.execute(
        "INSERT INTO remembered_answers (org, route, key, body_hash, at, status, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*name, intent.body_hash, now, answer.status, json.dumps(answer.payload)),
    )
    return answer
