"""The classic v1 reads with offset paging: all that Data Center has, and what Cloud removed from its gateway.

https://docs.atlassian.com/ConfluenceServer/rest/latest and
https://developer.atlassian.com/server/confluence/pagination-in-the-rest-api/
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call, json_answer
from sandbox.confluence.keyset import Order
from sandbox.confluence.model import Attachment, Comment, Content, Space
from sandbox.confluence.v1_decoration_shapes import attachment_row, comment_row
from sandbox.confluence.v1_reads import require_user_look_ups, visible_content
from sandbox.confluence.v1_search import limit_of
from sandbox.confluence.v1_shapes import (
    Row,
    content_row,
    expand_of,
    history_row,
    label_rows,
    number_of,
    space_row,
    user_row,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KINDS = ("page", "blogpost")
STATUSES = ("current", "archived", "trashed", "draft")
BY_ID = Order("id")

T = TypeVar("T")


def offset_page(
    call: Call, rows: Iterable[T], render: Callable[[T], Row], limit: int | None = None, *, endless: bool = False
) -> Answer:
    """One v1 page of results at ``start``. ``next`` begins with ``/rest``; ``endless``: also behind the last one."""
    start, limit = number_of(call, "start"), limit or limit_of(call)
    taken = list(islice(rows, start, start + limit + 1))
    path = call.endpoint.removeprefix(call.site.context)
    kept = [(name, value) for name, values in call.query.items() for value in values if name not in ("start", "limit")]
    own = {"base": call.base, "context": call.site.context, "self": f"{call.base}{path}?{urlencode(kept)}"}
    if len(taken) > limit or endless:
        own["next"] = f"{path}?{urlencode([*kept, ('limit', limit), ('start', start + limit)])}"
    results = [render(row) for row in taken[:limit]]
    return json_answer({"results": results, "start": start, "limit": limit, "size": len(results), "_links": own})


# ----------------------------------------------------------------------- spaces


def spaces(call: Call) -> Answer:
    """``GET /rest/api/space?spaceKey=…``. An unknown key is an empty list."""
    keys, expand = call.query.get("spaceKey", []), expand_of(call)
    kind, status = call.one("type"), call.one("status")
    shown = (
        space
        for space in call.sees.spaces()
        if (not keys or space.key in keys or space.alias in keys)
        and kind in (None, space.kind)
        and status in (None, space.status)
    )
    return offset_page(call, shown, lambda space: space_row(call, space, expand))


def _visible_space(call: Call, key: str) -> Space:
    space = call.store.space_by_key(key)
    if space is None or not call.sees.space(space):
        raise errors.v1_not_found(f"No space found with key : {key}")
    return space


def single_space(call: Call) -> Answer:
    """``GET /rest/api/space/{key}``."""
    row = space_row(call, _visible_space(call, call.path["key"]), expand_of(call))
    row["_links"] |= {"base": call.base, "context": call.site.context}
    return json_answer(row)


# --------------------------------------------------------------------- contents


def contents(call: Call) -> Answer:
    """``GET /rest/api/content?spaceKey=…&type=page``. Without a key: of all spaces."""
    key = call.one("spaceKey")
    spaces = [_visible_space(call, key)] if key else call.sees.spaces()
    return _contents_page(call, spaces, call.one("type") or "page")


def space_contents(call: Call) -> Answer:
    """``GET /rest/api/space/{key}/content/{type}``."""
    return _contents_page(call, [_visible_space(call, call.path["key"])], call.path["type"])


def _contents_page(call: Call, spaces: Iterable[Space], kind: str) -> Answer:
    if kind not in KINDS:
        raise errors.v1_bad_request(f"Unsupported content type: {kind}")
    statuses, title, expand, sees = _statuses(call), call.one("title"), expand_of(call), call.sees
    walk = call.store.walk([space.id for space in spaces], kind, BY_ID, None)
    shown = (
        content
        for content in walk
        if content.status in statuses and title in (None, content.title) and sees.content(content)
    )
    return offset_page(call, shown, lambda content: content_row(call, content, expand))


def _statuses(call: Call) -> set[str]:
    named = {part for value in call.query.get("status", ["current"]) for part in value.split(",")}
    return set(STATUSES) if "any" in named else named


def single_content(call: Call) -> Answer:
    """``GET /rest/api/content/{id}``: contents, attachments and comments. ``status=any`` finds the trash as well."""
    expand = expand_of(call)
    row = _part_row(call) if call.path["id"].startswith("att") or _is_comment(call) else None
    if row is None:
        content = visible_content(call)
        if content.status not in _statuses(call):
            raise errors.v1_not_found(f"No content found with id: ContentId{{id={content.id}}}")
        row = content_row(call, _at_version(call, content), expand)
    row["_links"] |= {"base": call.base, "context": call.site.context}
    return json_answer(row)


def _is_comment(call: Call) -> bool:
    text = call.path["id"]
    return text.isascii() and text.isdigit() and int(text) in call.store.comments


def _part_row(call: Call) -> Row:
    digits = call.path["id"].removeprefix("att")
    row_id = int(digits) if digits.isascii() and digits.isdigit() else 0
    part = call.store.attachments.get(row_id) or call.store.comments.get(row_id)
    if part is None or not call.sees.belonging(part):
        raise errors.v1_not_found(f"No content found with id: ContentId{{id={call.path['id']}}}")
    if isinstance(part, Attachment):
        return attachment_row(call, part, expand_of(call))
    return comment_row(call, part, expand_of(call))


def _at_version(call: Call, content: Content) -> Content:
    number = number_of(call, "version", content.version.number)
    if number == content.version.number:
        return content
    for old in content.history:
        if old.version.number == number:
            return replace(content, status="historical", title=old.title, storage=old.storage, version=old.version)
    raise errors.v1_not_found(f"No version {number} of content {content.id}")


def history(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/history``."""
    content = visible_content(call)
    row = history_row(call, content, expand_of(call))
    row["_links"] |= {"base": call.base, "context": call.site.context}
    return json_answer(row)


def labels(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/label``."""
    content = visible_content(call)
    rows = label_rows(call.store.labels[name] for name in content.labels)["results"]
    return offset_page(call, rows, lambda row: row, limit=number_of(call, "limit", 200) or 200)


# ---------------------------------------------------------------------- children


def attachments(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/child/attachment``."""
    content, expand = visible_content(call), expand_of(call)
    if call.site.attachment_listing == "refused":
        raise errors.v1_bad_request("null")
    name, media_type = call.one("filename"), call.one("mediaType")
    found = (
        attachment
        for attachment in call.store.attachments_of(content.id)
        if name in (None, attachment.file_name) and media_type in (None, attachment.media_type)
    )
    endless = call.site.attachment_listing == "endless"
    return offset_page(call, found, lambda attachment: attachment_row(call, attachment, expand), endless=endless)


def comments(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/child/comment``: replies too with ``depth=all``."""
    content, expand = visible_content(call), expand_of(call)
    locations = set(call.query.get("location", ["footer", "inline", "resolved"]))
    found = [comment for kind in ("footer", "inline") for comment in call.store.comments_of(content.id, kind)]
    if call.one("depth") == "all":
        for comment in found:
            found += call.store.replies_to(comment.id)
    shown = (comment for comment in found if _location(comment) in locations)
    return offset_page(call, shown, lambda comment: comment_row(call, comment, expand))


def _location(comment: Comment) -> str:
    return "resolved" if comment.kind == "inline" and comment.resolution == "resolved" else comment.kind


def child_pages(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/child/page``."""
    content, expand, sees = visible_content(call), expand_of(call), call.sees
    found = (child for child in call.store.children(content.id) if child.kind == "page" and child.status == "current")
    return offset_page(call, filter(sees.content, found), lambda child: content_row(call, child, expand))


def descendant_pages(call: Call) -> Answer:
    """``GET /rest/api/content/{id}/descendant/page``."""
    top, expand, sees = visible_content(call), expand_of(call), call.sees
    found = [top]
    for node in found:
        found += call.store.children(node.id)
    pages = (node for node in found[1:] if node.kind == "page" and node.status == "current" and sees.content(node))
    return offset_page(call, pages, lambda page: content_row(call, page, expand))


def single_user(call: Call) -> Answer:
    """``GET /rest/api/user?accountId=…`` on Cloud, ``key=`` or ``username=`` on Data Center."""
    require_user_look_ups(call)
    key = call.one("accountId" if call.site.is_cloud else "key")
    name = call.one("username")
    for user in call.store.users.values():
        if user.account_id == key or (name and user.email.partition("@")[0] == name):
            return json_answer(user_row(call, user))
    raise errors.v1_not_found(f"No user found with key : {key or name}")
