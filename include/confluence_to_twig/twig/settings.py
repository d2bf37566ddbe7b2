"""The settings of one Twig organisation, checked once.

``docs/twig-api-contract.md`` says which of these are documented and which are assumptions. Every path is a setting,
because Twig's own pages name its routes in more than one way.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from confluence_to_twig.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_HOST = "https://api.twig.so"

#: Route name → path below the base URL; ``{id}`` is the data source's or process's id.
PATHS: dict[str, str] = {
    "data_sources": "/api/data-specs",
    "data_source": "/api/data-specs/{id}",
    "documents": "/api/data-specs/{id}/documents",
    "process": "/api/data-specs/{id}/process",
    "process_log": "/api/process-logs/{id}",
    "log_lines": "/api/lambda-logs",
    "search": "/api/v1/semantic-search",
    "query": "/api/v1/query",
}

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class TwigSettings:
    """One Twig organisation and how to talk to it.

    :param base_url: scheme, host and optional path, without a trailing slash.
    :param api_key: sent as ``Authorization: Bearer``; its prefix is not checked, Twig documents several.
    :param org_id: needed by semantic search only; without it ``verify`` can count but not search.
    :param agent_id: the agent that the playground asks for an answer; without it the playground shows passages only.
    :param paths: a path for each name of :data:`PATHS`.
    :param data_source_type: the type that new data sources get. ``FILE`` has no connector of its own, so that Twig
        does not fetch the space a second time.
    :param batch_bytes: size of a write after compression. Contract: at most 10 MB; a load that meets 413 sends smaller ones.
    :param writes_per_minute: pace of writes while Twig sends no ``X-RateLimit-*`` headers. Documented: 10.
    :param compress: send request bodies with ``Content-Encoding: gzip``.
    :param verify: check TLS certificates; a path names a CA bundle.
    :param timeout_s: upper bound in seconds for one request, from the first byte sent to the last byte of the answer read.
    """

    base_url: str
    api_key: str = field(repr=False)
    org_id: str | None = None
    agent_id: str | None = None
    paths: Mapping[str, str] = field(default_factory=lambda: dict(PATHS))
    data_source_type: str = "FILE"
    batch_bytes: int = 10 * MEGABYTE
    writes_per_minute: float = 10
    compress: bool = True
    verify: bool | str = True
    timeout_s: float = 120

    @classmethod
    def from_fields(
        cls, host: str | None, password: str | None, extra: Mapping[str, Any] | None = None, port: int | None = None
    ) -> TwigSettings:
        """Settings from the fields of an Airflow connection.

        :raises PermanentError: naming the field, what is wrong with it, and what to write instead.
        """
        extra = {key: value for key, value in (extra or {}).items() if value not in (None, "")}
        if not (password or "").strip():
            raise _wrong("API key", "it is empty", "Create a key in Twig under Settings → API keys and paste it here.")
        return cls(
            base_url=_base_url(host, port),
            api_key=_api_key(password or ""),
            org_id=str(extra["org_id"]).strip() if "org_id" in extra else None,
            agent_id=str(extra["agent_id"]).strip() if "agent_id" in extra else None,
            paths=PATHS | _paths(extra.get("paths")),
            data_source_type=str(extra.get("data_source_type", cls.data_source_type)),
            batch_bytes=int(_number(extra, "batch_mb", cls.batch_bytes / MEGABYTE, 0.001, 10) * MEGABYTE),
            writes_per_minute=_number(extra, "writes_per_minute", cls.writes_per_minute, 0.1, 100_000),
            compress=_flag(extra, "compress", True),
            verify=str(extra["ca_bundle"]) if "ca_bundle" in extra else _flag(extra, "verify_tls", True),
            timeout_s=_number(extra, "timeout_s", cls.timeout_s, 1, 3_600),
        )

    def url(self, route: str, **parts: str) -> str:
        """The address of a route of :data:`PATHS`, with ids percent-encoded."""
        from urllib.parse import quote

        path = self.paths[route].format(**{name: quote(value, safe="") for name, value in parts.items()})
        if self.base_url.endswith("/api") and path.startswith("/api/"):
            path = path.removeprefix("/api")  # app.twig.so/api has the same paths after it
        return self.base_url + path


def _wrong(field_name: str, problem: str, remedy: str) -> PermanentError:
    return PermanentError(f"Twig connection, field '{field_name}': {problem}", remedy)


def _base_url(host: str | None, port: int | None) -> str:
    text = (host or "").strip() or DEFAULT_HOST
    parts = urlsplit(text if "://" in text else f"https://{text}")
    remedy = f"Write for instance {DEFAULT_HOST}; empty means that address."
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _wrong("Host", f"{_without_userinfo(text)!r} is not a web address", remedy)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _wrong("Host", "it must not contain a user name, a password, '?' or '#'", remedy)
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise _wrong(
            "Host", "http:// would send the API key in clear text", "Use https:// (http is for loopback only)."
        )
    netloc = parts.netloc if parts.port or not port else f"{parts.netloc}:{port}"
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}"


def _without_userinfo(text: str) -> str:
    return text.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _api_key(password: str) -> str:
    key = password.strip().removeprefix("Bearer ").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise _wrong("API key", "it contains spaces or characters that no key has", "Copy the key again, whole.")
    return key


def _paths(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise _wrong("paths", "it is not JSON", 'Write for instance {"search": "/v1/semantic-search"}.') from None
    if not isinstance(value, dict) or not all(isinstance(path, str) and path[:1] == "/" for path in value.values()):
        raise _wrong("paths", "it must map route names to paths that begin with /", f"Route names: {', '.join(PATHS)}.")
    for name, path in value.items():
        if name not in PATHS:
            raise _wrong("paths", f"there is no route named {name!r}", f"Route names: {', '.join(PATHS)}.")
        if ("{id}" in PATHS[name]) != ("{id}" in path):
            raise _wrong("paths", f"{name!r} must {'' if '{id}' in PATHS[name] else 'not '}contain {{id}}", "")
    return value


def _number(extra: Mapping[str, Any], name: str, default: float, low: float, high: float) -> float:
    try:
        number = float(extra.get(name, default))
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        raise _wrong(name, f"{extra.get(name)!r} is not a number from {low:g} to {high:g}", "")
    return number


def _flag(extra: Mapping[str, Any], name: str, default: bool) -> bool:
    value = extra.get(name, default)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _wrong(name, f"{value!r} is neither true nor false", "")
    return value
