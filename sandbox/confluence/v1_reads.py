"""The v1 reads that are still documented: the current user, users in bulk, and read restrictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call, json_answer
from sandbox.confluence.v1_shapes import restriction_row, user_row

if TYPE_CHECKING:
    from sandbox.confluence.model import Content

OPERATIONS = ("read", "update")


def current_user(call: Call) -> Answer:
    """``GET /rest/api/user/current``: the proof of identity. An anonymous visitor is told so with 200."""
    row = user_row(call, call.caller.user)
    row["_links"] = {"base": call.base, "context": call.site.context} | row.get("_links", {})
    return json_answer(row)


def users_bulk(call: Call) -> Answer:
    """``GET /rest/api/user/bulk?accountId=…&accountId=…``."""
    ids = call.query.get("accountId", [])
    rows = [user_row(call, call.store.users[account_id]) for account_id in ids if account_id in call.store.users]
    own = {"base": call.base, "context": call.site.context, "self": f"{call.base}/rest/api/user/bulk"}
    return json_answer({"results": rows, "start": 0, "limit": 200, "size": len(rows), "_links": own})


def visible_content(call: Call) -> Content:
    """The content of the path in any status but trashed, or the v1 404."""
    text = call.path["id"]
    content = call.store.contents.get(int(text)) if text.isascii() and text.isdigit() else None
    if content is None or not call.sees.content(content):
        raise errors.v1_not_found(f"No content found with id: ContentId{{id={text}}}")
    return content


def restrictions(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/restriction/byOperation``."""
    content = visible_content(call)
    rows = {operation: restriction_row(call, content, operation) for operation in OPERATIONS}
    own = f"{call.base}/rest/api/content/{content.id}/restriction/byOperation"
    return json_answer(rows | {"_links": {"self": own, "base": call.base, "context": call.site.context}})


def restriction(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/restriction/byOperation/{operation}``."""
    content = visible_content(call)
    operation = call.path["operation"]
    if operation not in OPERATIONS:
        raise errors.v1_bad_request(f"Unknown operation: {operation}")
    row = restriction_row(call, content, operation)
    row["_links"] |= {"base": call.base, "context": call.site.context}
    return json_answer(row)
