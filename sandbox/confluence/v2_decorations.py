"""v2 comments and attachments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call, json_answer
from sandbox.confluence.keyset import Key, arranged, cut
from sandbox.confluence.rendering import BULK_FORMATS, atlas_doc
from sandbox.confluence.rows import Row, attachment_row, comment_row
from sandbox.confluence.store import millis
from sandbox.confluence.v2_contents import SINGLE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.confluence.model import Attachment, Comment

TIME_ORDERS = ("created-date", "modified-date")
FILE_STATUSES = ("current", "archived", "trashed")
COMMENT_STATUSES = ("current", "archived", "trashed", "deleted", "historical", "draft")
RESOLUTIONS = ("open", "reopened", "resolved", "dangling")


def parts_page(call: Call, parts: Iterable[Any], render: Any, default_limit: int) -> Answer:
    """One page of comments or attachments: few per content, so they are sorted as they come."""
    limit, order = call.limit(default_limit), call.order(TIME_ORDERS, "created-date")
    last = call.last_key(order)

    def key(part: Attachment | Comment) -> Key:
        return millis(part, order.name), part.id

    taken, cursor = cut(arranged(parts, key, order, last), limit, key, order)
    return call.page_of([msgspec.json.encode(render(part)) for part in taken], cursor)


# --------------------------------------------------------------------- comments


def _comment_body(comment: Comment, body_format: str | None) -> Row:
    if body_format is None:
        return {}
    text = comment.storage.text()
    value = atlas_doc(text) if body_format == "atlas_doc_format" else text
    return {body_format: {"representation": body_format, "value": value}}


def comments_page(call: Call, comments: Iterable[Comment]) -> Answer:
    body_format = call.choice("body-format", BULK_FORMATS)
    statuses = call.choices("status", COMMENT_STATUSES, ("current",))
    resolutions = call.choices("resolution-status", RESOLUTIONS, RESOLUTIONS)
    chosen = (
        comment
        for comment in comments
        if comment.status in statuses and (comment.kind == "footer" or comment.resolution in resolutions)
    )
    return parts_page(
        call, chosen, lambda comment: comment_row(call.store, comment, _comment_body(comment, body_format)), 25
    )


def content_comments(call: Call, owner_kind: str, kind: str) -> Answer:
    """``GET /pages/{id}/footer-comments`` and its three siblings: the comments that are no replies."""
    content = call.visible_content([owner_kind])
    return comments_page(call, call.store.comments_of(content.id, kind))


def site_comments(call: Call, kind: str) -> Answer:
    """``GET /footer-comments`` and ``GET /inline-comments``: there is no filter for a space."""
    sees = call.sees
    comments = (comment for comment in call.store.comments.values() if comment.kind == kind)
    return comments_page(call, (comment for comment in comments if sees.belonging(comment)))


def _visible_comment(call: Call, kind: str, name: str = "id") -> Comment:
    comment = call.store.comments.get(call.path_id(name))
    if comment is None or comment.kind != kind or not call.sees.belonging(comment):
        raise errors.v2_not_found()
    return comment


def single_comment(call: Call, kind: str) -> Answer:
    comment = _visible_comment(call, kind, "comment_id")
    row = comment_row(call.store, comment, _comment_body(comment, call.choice("body-format", SINGLE_FORMATS)))
    row["_links"]["base"] = call.base
    return json_answer(row)


def comment_replies(call: Call, kind: str) -> Answer:
    return comments_page(call, call.store.replies_to(_visible_comment(call, kind).id))


# ------------------------------------------------------------------ attachments


def attachments_page(call: Call, attachments: Iterable[Attachment]) -> Answer:
    statuses = call.choices("status", FILE_STATUSES, ("current", "archived"))
    media_type, file_name = call.one("mediaType"), call.one("filename")
    chosen = (
        attachment
        for attachment in attachments
        if attachment.status in statuses
        and media_type in (None, attachment.media_type)
        and file_name in (None, attachment.file_name)
    )
    return parts_page(call, chosen, lambda attachment: attachment_row(call.store, attachment), 50)


def content_attachments(call: Call, kind: str) -> Answer:
    content = call.visible_content([kind])
    return attachments_page(call, call.store.attachments_of(content.id))


def site_attachments(call: Call) -> Answer:
    sees = call.sees
    return attachments_page(call, (part for part in call.store.attachments.values() if sees.belonging(part)))


def single_attachment(call: Call) -> Answer:
    """``GET /attachments/{id}``, with or without the prefix ``att``."""
    attachment = visible_attachment(call, call.path["id"])
    row = attachment_row(call.store, attachment)
    row["_links"]["base"] = call.base
    return json_answer(row)


def visible_attachment(call: Call, wire_id: str) -> Attachment:
    digits = wire_id.removeprefix("att")
    if not (digits.isascii() and digits.isdigit()):
        raise errors.v2_bad_parameter("Provided value for 'id' is not the correct type. Expected type is ContentId.")
    attachment = call.store.attachments.get(int(digits))
    if attachment is None or not call.sees.belonging(attachment):
        raise errors.v2_not_found()
    return attachment
