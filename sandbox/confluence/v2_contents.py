"""v2 pages and blog posts: the listings that a sweep walks, bodies in bulk, and one content with everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call
from sandbox.confluence.keyset import Key, Order, arranged, cut
from sandbox.confluence.rendering import BULK_FORMATS, representation
from sandbox.confluence.rows import Row, content_row, label_row, open_row, version_row
from sandbox.confluence.store import CONTENT_ORDERS, sort_value
from sandbox.confluence.v2_versions import at_version, reads_empty, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sandbox.confluence.model import Content

SINGLE_FORMATS = (*BULK_FORMATS, "view", "export_view", "anonymous_export_view", "styled_view", "editor")
#: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/#api-pages-id-get
INCLUDED_MAX = 50


@dataclass(frozen=True)
class Kind:
    """What differs between pages and blog posts."""

    name: str
    list_statuses: tuple[str, ...]
    default_statuses: tuple[str, ...]
    single_statuses: tuple[str, ...]
    orders: tuple[str, ...]


PAGE = Kind(
    "page",
    list_statuses=("current", "archived", "deleted", "trashed"),
    default_statuses=("current", "archived"),
    single_statuses=("current", "archived", "trashed", "deleted", "historical", "draft"),
    orders=CONTENT_ORDERS,
)
BLOGPOST = Kind(
    "blogpost",
    list_statuses=("current", "deleted", "trashed"),
    default_statuses=("current",),
    single_statuses=("current", "trashed", "deleted", "historical", "draft"),
    orders=("id", "created-date", "modified-date"),
)


def body_bytes(call: Call, content: Content, body_format: str | None) -> bytes:
    """The ``body`` field of a row; ``{}`` when no format was asked for."""
    if body_format is None:
        return b"{}"
    name = body_format.encode()
    value = b'""' if reads_empty(call.site, content) else representation(call.store, content, body_format).json()
    return b'{"' + name + b'":{"representation":"' + name + b'","value":' + value + b"}}"


def bulk_row(call: Call, content: Content, body_format: str | None) -> bytes:
    return open_row(call.store, content) + b',"body":' + body_bytes(call, content, body_format) + b"}"


def contents_page(
    call: Call, kind: Kind, walk: Callable[[Order, Key | None], Iterable[Content]], wanted: Callable[[Content], bool]
) -> Answer:
    """One page of a content listing: the caller's view of ``walk``, filtered, cut and serialised."""
    body_format = call.choice("body-format", BULK_FORMATS)
    limit = call.limit()
    if body_format and call.site.bodies_cap:
        limit = min(limit, call.site.bodies_cap)
    order = call.order(kind.orders, "id")
    statuses = call.choices("status", kind.list_statuses, kind.default_statuses)
    title = call.one("title")
    sees = call.sees
    rows: Iterator[Content] = (
        content
        for content in walk(order, call.last_key(order))
        if content.status in statuses
        and (title is None or content.title == title)
        and wanted(content)
        and sees.content(content)
    )
    taken, cursor = cut(rows, limit, lambda content: (sort_value(content, order.name), content.id), order)
    return call.page_of([bulk_row(call, content, body_format) for content in taken], cursor)


def site_contents(call: Call, kind: Kind) -> Answer:
    """``GET /pages`` and ``GET /blogposts``."""
    ids = call.integers("id", 250)
    space_ids = call.integers("space-id", 100)
    subtype = call.choice("subtype", ("live", "page")) if kind is PAGE else None

    def walk(order: Order, last: Key | None) -> Iterable[Content]:
        if ids:
            return _given(call, kind, ids, order, last)
        spaces = space_ids or call.store.spaces
        return call.store.walk(
            [space_id for space_id in spaces if space_id in call.store.spaces], kind.name, order, last
        )

    def wanted(content: Content) -> bool:
        of_subtype = subtype is None or (content.subtype or "page") == subtype
        return of_subtype and (not space_ids or content.space_id in space_ids)

    return contents_page(call, kind, walk, wanted)


def _given(call: Call, kind: Kind, ids: list[int], order: Order, last: Key | None) -> Iterator[Content]:
    """The contents with those ids, in order: at most 250, so sorting them costs nothing."""
    found = (call.store.contents[row_id] for row_id in set(ids) if row_id in call.store.contents)
    of_kind = (content for content in found if content.kind == kind.name)
    return arranged(of_kind, lambda content: (sort_value(content, order.name), content.id), order, last)


def space_contents(call: Call, kind: Kind) -> Answer:
    """``GET /spaces/{id}/pages`` and ``GET /spaces/{id}/blogposts``."""
    space = call.visible_space()
    at_root = call.choice("depth", ("all", "root")) == "root" if kind is PAGE else False
    return contents_page(
        call,
        kind,
        lambda order, last: call.store.walk([space.id], kind.name, order, last),
        lambda content: not at_root or content.parent_id is None,
    )


def labelled_contents(call: Call, kind: Kind) -> Answer:
    """``GET /labels/{id}/pages`` and ``GET /labels/{id}/blogposts``, optionally of some spaces."""
    label = call.store.labels_by_id.get(call.path_id())
    if label is None:
        raise errors.v2_not_found()
    space_ids = call.integers("space-id", 100)

    def walk(order: Order, last: Key | None) -> Iterable[Content]:
        if order.name == "id":
            return call.store.labelled(label.name, last, order.descending)
        return call.store.walk(call.store.spaces, kind.name, order, last)

    def wanted(content: Content) -> bool:
        in_space = not space_ids or content.space_id in space_ids
        return in_space and content.kind == kind.name and label.name in content.labels

    return contents_page(call, kind, walk, wanted)


def single_content(call: Call, kind: Kind) -> Answer:
    """``GET /pages/{id}`` and ``GET /blogposts/{id}``."""
    content = call.visible_content([kind.name])
    default = ("current", "archived", "draft") if call.flag("get-draft") else ("current", "archived")
    statuses = call.choices("status", kind.single_statuses, default)
    if content.status not in statuses:
        raise errors.v2_not_found()
    body_format = call.choice("body-format", SINGLE_FORMATS)
    shown = at_version(call.site, content, call.number("version"))
    row = content_row(call.store, shown)
    row["_links"]["base"] = call.base
    row |= _included(call, shown)
    if not call.flag("include-version", default=True):
        row.pop("version")
    return Answer(msgspec.json.encode(row)[:-1] + b',"body":' + body_bytes(call, shown, body_format) + b"}")


def _included(call: Call, content: Content) -> Row:
    """The ``include-…`` fields, each capped at 50."""
    included: Row = {}
    for flag, name, rows in (
        ("include-labels", "labels", lambda: labels_of(call, content)),
        ("include-versions", "versions", lambda: [version_row(shown.version) for shown in versions_of(content)]),
        ("include-properties", "properties", list),
        ("include-operations", "operations", lambda: [{"operation": "read", "targetType": content.kind}]),
        ("include-likes", "likes", list),
    ):
        if call.flag(flag):
            included[name] = _capped(call, rows(), name)
    return included


def _capped(call: Call, rows: list[Any], name: str) -> Row:
    more = len(rows) > INCLUDED_MAX
    own = {"self": f"{call.endpoint}/{name}"}
    return {"results": rows[:INCLUDED_MAX], "meta": {"hasMore": more}, "_links": own}


def labels_of(call: Call, content: Content) -> list[Row]:
    labels = sorted((call.store.labels[name] for name in content.labels), key=lambda label: label.id)
    return [label_row(label) for label in labels]
