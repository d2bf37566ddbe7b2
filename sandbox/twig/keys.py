"""API keys with scopes, and what each route needs (docs/twig-api-contract.md, section 2)."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.twig.wire import ApiError

Scope = Literal["Read", "Write", "Execute", "Admin"]
ALL_SCOPES: tuple[Scope, ...] = ("Read", "Write", "Execute", "Admin")

_SEARCH_PATH = "/api/v1/semantic-search"
_EXECUTE_PATHS = frozenset({_SEARCH_PATH, "/api/v1/query"})

DEFAULT_KEY = "twigsk_test_sandbox"
DEFAULT_ORG = "org_sandbox"
DEFAULT_AGENT = "agent_sandbox"


def connection(base_url: str) -> dict[str, Any]:
    """An Airflow connection to a sandbox Twig at ``base_url``, with the default key."""
    return {"conn_type": "twig", "host": base_url, "password": DEFAULT_KEY, "extra": {"org_id": DEFAULT_ORG}}


@dataclass(frozen=True)
class ApiKey:
    """A key's rights. ``number`` names it wherever the key itself must not appear."""

    number: int
    org: str
    scopes: frozenset[Scope]

    def has(self, *any_of: Scope) -> bool:
        return "Admin" in self.scopes or not self.scopes.isdisjoint(any_of)


class KeyRing:
    """The keys that the sandbox knows. Starts with the default key, which may do everything; a restart forgets others."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self._issued = 0
        self._lock = threading.Lock()
        self.add(ALL_SCOPES, key=DEFAULT_KEY)

    def add(self, scopes: tuple[Scope, ...], org: str = DEFAULT_ORG, key: str | None = None) -> str:
        """A new key, or the one given; returns it."""
        key = key or f"twigsk_test_{secrets.token_hex(12)}"
        with self._lock:
            self._issued += 1
            self._keys[key] = ApiKey(self._issued, org, frozenset(scopes))
        return key

    def revoke(self, key: str) -> None:
        """From now on the key answers 401. Revoking an unknown key is no error."""
        with self._lock:
            self._keys.pop(key, None)

    def of_header(self, authorization: str) -> ApiKey | None:
        """The key of an ``Authorization`` header; None when it is missing, malformed, unknown or revoked."""
        scheme, _, key = authorization.partition(" ")
        return self._keys.get(key.strip()) if scheme.lower() == "bearer" else None


def needed_scope(method: str, path: str) -> Scope:
    """The scope whose budget a request draws on, and that its key must have."""
    if path in _EXECUTE_PATHS:
        return "Execute"
    return "Read" if method in ("GET", "HEAD") else "Write"


def require_scope(key: ApiKey, method: str, path: str) -> None:
    """
    :raises ApiError: 403 when the key may not make this request.
    """
    scope = needed_scope(method, path)
    enough: tuple[Scope, ...] = ("Execute", "Read") if path == _SEARCH_PATH else (scope,)
    if not key.has(*enough):
        raise ApiError(403, f"API key lacks {scope} scope")
