"""One request as a handler sees it: who calls, what for, and how the answer names this site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import msgspec

from sandbox.confluence import errors
from sandbox.confluence.keyset import BadCursor, Key, Order, decode_cursor, parse_order
from sandbox.confluence.visibility import Visibility

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sandbox.confluence.identity import Caller
    from sandbox.confluence.model import Content, Space
    from sandbox.confluence.site import Site
    from sandbox.confluence.store import Store

MAX_INT64 = 2**63 - 1
JSON_TYPE = "application/json"

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What goes back: a body that is ready to send."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE


def json_answer(value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(msgspec.json.encode(value), headers=headers or {})


@dataclass(frozen=True)
class Call:
    """A request, read. Parameters are v2 parameters: a bad value is a 400 in the v2 envelope."""

    store: Store
    site: Site
    caller: Caller
    origin: str  # scheme and host of the request
    endpoint: str  # the path below the host that names the endpoint: "/wiki/api/v2/pages"
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: bytes = b""

    @property
    def base(self) -> str:
        """The site's address in links: never the gateway's; on Data Center the configured one."""
        return self.site.base_url or self.origin + self.site.context

    @property
    def sees(self) -> Visibility:
        return Visibility(self.store, self.caller.user, self.site.anonymous_access)

    # ------------------------------------------------------------- parameters

    def one(self, name: str) -> str | None:
        values = self.query.get(name)
        return values[-1] if values else None

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.one(name)
        if value is None:
            return default
        if value.lower() not in ("true", "false"):
            raise _wrong_type(name, "boolean")
        return value.lower() == "true"

    def texts(self, name: str, most: int | None = None) -> list[str]:
        """Every value of a list parameter, given repeatedly or with commas."""
        values = [part for value in self.query.get(name, ()) for part in value.split(",")]
        if most is not None and len(values) > most:
            raise errors.v2_bad_parameter(f"Provided list for '{name}' is too long. Maximum size is {most}.")
        return values

    def integers(self, name: str, most: int) -> list[int]:
        return [self._integer(name, value) for value in self.texts(name, most)]

    def number(self, name: str) -> int | None:
        value = self.one(name)
        return None if value is None else self._integer(name, value)

    def choices(self, name: str, allowed: Iterable[str], default: Iterable[str]) -> set[str]:
        """A list parameter with named values."""
        values = set(self.texts(name))
        if not values <= set(allowed):
            raise _wrong_type(name, f"one of {', '.join(allowed)}")
        return values or set(default)

    def choice(self, name: str, allowed: Iterable[str]) -> str | None:
        value = self.one(name)
        if value is not None and value not in allowed:
            raise _wrong_type(name, f"one of {', '.join(allowed)}")
        return value

    def limit(self, default: int = 25, most: int = 250) -> int:
        """https://developer.atlassian.com/cloud/confluence/rest/v2/intro/ and the file: 1 to 250, 25 by default."""
        value = self.number("limit")
        if value is None:
            return default
        if not 1 <= value <= most:
            raise errors.v2_bad_parameter(f"Provided value for 'limit' must be between 1 and {most}.")
        return value

    def order(self, allowed: Iterable[str], default: str) -> Order:
        """The value of ``sort``; ``allowed`` names the ascending orders."""
        order = parse_order(self.one("sort") or default)
        if order.name not in allowed:
            raise _wrong_type("sort", f"one of {', '.join(allowed)}")
        return order

    def last_key(self, order: Order) -> Key | None:
        """The place behind which this page of results begins."""
        cursor = self.one("cursor")
        if cursor is None:
            return None
        try:
            return decode_cursor(order, cursor)
        except BadCursor as error:
            raise errors.v2_bad_cursor() from error

    def path_id(self, name: str = "id") -> int:
        return self._integer(name, self.path[name])

    def _integer(self, name: str, value: str) -> int:
        digits = value.removeprefix("-")
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= len(str(MAX_INT64))
        if not is_number or not -MAX_INT64 - 1 <= int(value) <= MAX_INT64:
            raise _wrong_type(name, "long")
        return int(value)

    # ------------------------------------------------------------ visible rows

    def visible_space(self) -> Space:
        """The space of the path, or 404 when there is none or it is hidden from the caller."""
        space = self.store.spaces.get(self.path_id())
        if space is None or not self.sees.space(space):
            raise errors.v2_not_found()
        return space

    def visible_content(self, kinds: Iterable[str]) -> Content:
        """The content of the path, whatever its status, or 404."""
        content = self.store.contents.get(self.path_id())
        if content is None or content.kind not in kinds or not self.sees.content(content):
            raise errors.v2_not_found()
        return content

    # ----------------------------------------------------------------- answers

    def page_of(self, rows: Iterable[bytes], cursor: str | None) -> Answer:
        """A v2 page of results: envelope, ``_links`` and ``Link`` header."""
        links = {"base": self.base}
        header = f'<{self.base}>; rel="base"'
        if cursor is not None:
            links["next"] = self._next(cursor)
            header = f'<{links["next"]}>; rel="next", {header}'
        body = b'{"results":[' + b",".join(rows) + b'],"_links":' + msgspec.json.encode(links) + b"}"
        return Answer(body, headers={"Link": header})

    def page_of_all(self, rows: Iterable[T], render: Callable[[T], Any]) -> Answer:
        """A v2 answer whose results never need a second page."""
        return self.page_of([msgspec.json.encode(render(row)) for row in rows], None)

    def _next(self, cursor: str) -> str:
        """Relative to the host and always below the site's context, also on the gateway."""
        parameters: list[tuple[str, str]] = []
        if self.site.next_repeats_parameters:
            parameters = [(name, value) for name, values in self.query.items() for value in values if name != "cursor"]
        return f"{self.endpoint}?{urlencode([*parameters, ('cursor', cursor)])}"


def _wrong_type(name: str, expected: str) -> errors.ApiError:
    return errors.v2_bad_parameter(f"Provided value for '{name}' is not the correct type. Expected type is {expected}.")
