"""The v1 reads that are still documented: the current user, users in bulk, and read restrictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call, json_answer
from sandbox.confluence.model import CONTAINER_KINDS
from sandbox.confluence.v1_shapes import (
    DEFAULT_READERS,
    MOST_READERS,
    Expand,
    Row,
    Window,
    content_row,
    expand_of,
    number_of,
    restriction_row,
    user_row,
)

if TYPE_CHECKING:
    from sandbox.confluence.model import Content

OPERATIONS = ("read", "update")
#: What the ids of groups begin with here; their names follow.
GROUP_ID = "group-"


def current_user(call: Call) -> Answer:
    """``GET /rest/api/user/current``: the proof of identity. An anonymous visitor is told so with 200."""
    row = user_row(call, call.caller.user)
    row["_links"] = {"base": call.base, "context": call.site.context} | row.get("_links", {})
    return json_answer(row)


def require_user_look_ups(call: Call) -> None:
    if not call.site.user_look_ups:
        raise errors.v1_error(500, "java.lang.NullPointerException", reason="Internal Server Error")


def users_bulk(call: Call) -> Answer:
    """``GET /rest/api/user/bulk?accountId=…&accountId=…``: Cloud only."""
    if not call.site.is_cloud:
        raise errors.v1_not_found("null for uri")
    ids = call.query.get("accountId", [])
    rows = [user_row(call, call.store.users[account_id]) for account_id in ids if account_id in call.store.users]
    own = {"base": call.base, "context": call.site.context, "self": f"{call.base}/rest/api/user/bulk"}
    return json_answer({"results": rows, "start": 0, "limit": 200, "size": len(rows), "_links": own})


def group_by_id(call: Call) -> Answer:
    """``GET /rest/api/group/by-id?id=…``: Cloud only.

    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-group/#api-wiki-rest-api-group-by-id-get
    """
    name = (call.one("id") or "").removeprefix(GROUP_ID)
    if not call.site.is_cloud or not name or f"{GROUP_ID}{name}" != call.one("id"):
        raise errors.v1_not_found("No group found")
    return json_answer({"type": "group", "name": name, "id": call.one("id"), "_links": {}})


def visible_content(call: Call) -> Content:
    """The content of the path in any status but trashed, or the v1 404."""
    text = call.path["id"]
    content = call.store.contents.get(int(text)) if text.isascii() and text.isdigit() else None
    if content is None or not call.sees.content(content):
        raise errors.v1_not_found(f"No content found with id: ContentId{{id={text}}}")
    return content


def _restrictable(call: Call) -> Content:
    """The content of the path; v1 documents no folders, databases, whiteboards and smart links."""
    content = visible_content(call)
    if content.kind in CONTAINER_KINDS and not call.site.v1_knows_containers:
        raise errors.v1_not_found(f"No content found with id: ContentId{{id={content.id}}}")
    return content


def relevant_restrictions(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/restriction/relevantViewRestrictions``: of the content and its ancestors.

    https://developer.atlassian.com/server/confluence/rest/v923/api-group-content-restrictions/
    """
    content = visible_content(call)
    if not call.site.relevant_restrictions:
        raise errors.v1_not_found("null for uri")
    levels = [node for node in (*call.store.ancestors(content), content) if node.restricted]
    rows = [restriction_row(call, node) for node in levels]
    own = f"{call.base}/rest/api/content/{content.id}/restriction/relevantViewRestrictions"
    found = {"results": rows, "start": 0, "limit": MOST_READERS, "size": len(rows)}
    return json_answer({"viewContentRestrictions": found, "_links": {"self": own, "base": call.base}})


def server_information(call: Call) -> Answer:
    """``GET /rest/api/server-information``.

    https://developer.atlassian.com/server/confluence/rest/v923/ is the first reference that has it.
    """
    numbers = [int(number) for number in call.site.version.split(".") if number]
    if numbers < [9]:
        raise errors.v1_not_found("null for uri")
    return json_answer({"version": call.site.version, "versionNumbers": numbers, "baseUrl": call.base})


def restrictions(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/restriction/byOperation``."""
    content = _restrictable(call)
    rows = {operation: restriction_row(call, content, operation) for operation in OPERATIONS}
    own = f"{call.base}/rest/api/content/{content.id}/restriction/byOperation"
    return json_answer(rows | {"_links": {"self": own, "base": call.base, "context": call.site.context}})


def all_restrictions(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/restriction``: an array with an entry for each operation.

    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-restrictions/
    """
    content = _restrictable(call)
    window = Window(number_of(call, "start"), number_of(call, "limit", DEFAULT_READERS))
    rows = [restriction_row(call, content, operation, window=window) for operation in OPERATIONS]
    own = f"{call.base}/rest/api/content/{content.id}/restriction"
    links = {"self": own, "base": call.base, "context": call.site.context}
    found = {"results": rows, "start": window.start, "limit": window.limit, "size": len(rows)}
    return json_answer(found | {"_links": links})


def _restricted_content(call: Call, content: Content, expand: Expand) -> Row:
    """The documented expansion ``content``; whether that expands its ancestors in turn is documented nowhere."""
    row = content_row(call, content, expand)
    told = call.site.restriction_ancestors
    if told == "none":
        row.pop("ancestors", None)
    elif told == "pages" and "ancestors" in row:
        row["ancestors"] = [node for node in row["ancestors"] if node["type"] not in CONTAINER_KINDS]
    return row


def restriction(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/restriction/byOperation/{operation}``: 100 users and 100 groups at a time.

    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-restrictions/
    """
    content = _restrictable(call)
    operation = call.path["operation"]
    if operation not in OPERATIONS:
        raise errors.v1_bad_request(f"Unknown operation: {operation}")
    window = Window(number_of(call, "start"), number_of(call, "limit", DEFAULT_READERS))
    row = restriction_row(call, content, operation, window=window)
    if "content" in (expand := expand_of(call)):
        row["content"] = _restricted_content(call, content, expand.below("content"))
        del row["_expandable"]["content"]
    row["_links"] |= {"base": call.base, "context": call.site.context}
    return json_answer(row)
