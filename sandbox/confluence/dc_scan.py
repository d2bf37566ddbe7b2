"""``GET /rest/api/content/scan`` of Data Center: contents of one type by id, with a cursor.

Pages from 7.18 on, blog posts and comments from 8.3 on, with the cursors that the examples show:
https://developer.atlassian.com/server/confluence/confluence-rest-api-examples/
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call, json_answer
from sandbox.confluence.keyset import Order
from sandbox.confluence.model import Comment, Content
from sandbox.confluence.v1_decoration_shapes import comment_row
from sandbox.confluence.v1_search import limit_of
from sandbox.confluence.v1_shapes import Row, content_row, expand_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_CURSOR = re.compile(r"\w+:(true|false):(null|\d+)")
STATUSES = ("current", "trashed")


def scan(call: Call) -> Answer:
    """Contents behind the cursor; ``offset``, ``title`` and ``postingDay`` do not exist here."""
    kind = call.one("type") or "page"
    if not call.site.scan_types:
        raise errors.v1_not_found("No content found with id: ContentId{id=scan}")
    if kind not in call.site.scan_types:
        raise errors.v1_bad_request(f"Unsupported content type: {kind}")
    given = call.one("cursor") or "content:false:null"
    cursor = _CURSOR.fullmatch(given)
    if cursor is None:
        raise errors.v1_bad_request(f"Invalid cursor: {given}")
    backwards, last = cursor[1] == "true", None if cursor[2] == "null" else int(cursor[2])
    limit, expand = limit_of(call), expand_of(call)
    taken = list(islice(_behind(call, kind, last, backwards), limit + 1))
    more = len(taken) > limit
    taken = sorted(taken[:limit], key=lambda found: found.id)
    rows = [
        content_row(call, row, expand) if isinstance(row, Content) else comment_row(call, row, expand) for row in taken
    ]
    return json_answer(_envelope(call, rows, limit, given, more=more, backwards=backwards))


def _behind(call: Call, kind: str, last: int | None, backwards: bool) -> Iterator[Content | Comment]:
    sees, store, wanted = call.sees, call.store, call.one("status") or "current"
    statuses = STATUSES if wanted == "any" else (wanted,)
    spaces = [_space_id(call, key)] if (key := call.one("spaceKey")) else list(store.spaces)
    if kind == "comment":
        comments = sorted(store.comments.values(), key=lambda comment: comment.id, reverse=backwards)
        for comment in comments:
            in_space = store.contents[comment.content_id].space_id in spaces
            behind = last is None or (comment.id < last if backwards else comment.id > last)
            if behind and in_space and comment.status in statuses and sees.belonging(comment):
                yield comment
        return
    order = Order("id", descending=backwards)
    for content in store.walk(spaces, kind, order, None if last is None else (last, last)):
        if content.status in statuses and sees.content(content):
            yield content


def _space_id(call: Call, key: str) -> int:
    space = call.store.space_by_key(key)
    if space is None or not call.sees.space(space):
        raise errors.v1_not_found(f"No space found with key : {key}")
    return space.id


def _envelope(call: Call, rows: list[Row], limit: int, cursor: str, *, more: bool, backwards: bool) -> Row:
    """``nextCursor`` and ``prevCursor`` are absent at the ends."""
    path = call.endpoint.removeprefix(call.site.context)
    kept = [(name, value) for name, values in call.query.items() for value in values if name not in ("cursor", "limit")]
    first, last = (rows[0]["id"], rows[-1]["id"]) if rows else (None, None)
    at_start = cursor.endswith("null")
    cursors = {
        "next": f"content:false:{last}" if rows and (more or backwards) else None,
        "prev": f"content:true:{first}" if rows and ((more and backwards) or not (backwards or at_start)) else None,
    }
    own = {"self": f"{call.base}{path}", "base": call.base, "context": call.site.context}
    envelope: Row = {"results": rows, "cursor": cursor, "limit": limit, "size": len(rows)}
    for name, value in cursors.items():
        if value:
            envelope[f"{name}Cursor"] = value
            own[name] = f"{path}?{urlencode([*kept, ('cursor', value), ('limit', limit)])}"
    return envelope | {"_links": own}
