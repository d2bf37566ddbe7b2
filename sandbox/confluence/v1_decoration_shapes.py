"""The v1 shapes of attachments and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.confluence import links
from sandbox.confluence.model import Attachment, Comment, iso
from sandbox.confluence.v1_shapes import (
    BODY_FORMATS,
    Expand,
    Row,
    author_row,
    content_row,
    label_rows,
    rest,
    version_row,
    webui,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.confluence.calls import Call


def attachment_row(call: Call, attachment: Attachment, expand: Expand) -> Row:
    owner = call.store.contents[attachment.content_id]
    row: Row = {
        "id": links.attachment_id(attachment),
        "type": "attachment",
        "status": attachment.status,
        "title": attachment.file_name,
        "metadata": {"comment": attachment.comment, "mediaType": attachment.media_type, "labels": label_rows([])},
        "extensions": {
            "mediaType": attachment.media_type,
            "fileSize": len(attachment.content),
            "comment": attachment.comment,
            "mediaTypeDescription": attachment.media_type,
            "fileId": attachment.file_id,
            "collectionName": f"contentId-{attachment.content_id}",
        },
        "_expandable": {},
        "_links": {
            "self": rest(call, f"/content/{links.attachment_id(attachment)}"),
            "webui": links.attachment_webui(attachment),
            "download": links.attachment_download(attachment),
        },
    }
    if "version" in expand:
        row["version"] = version_row(call, attachment.version)
    if "container" in expand:
        row["container"] = content_row(call, owner, Expand(()))
    return row


def comment_row(call: Call, comment: Comment, expand: Expand) -> Row:
    """A comment; an inline one says in ``extensions`` which text it marks."""
    owner = call.store.contents[comment.content_id]
    extensions: Row = {"location": comment.kind, "resolution": {"status": comment.resolution}}
    if comment.kind == "inline":
        extensions["inlineProperties"] = {"originalSelection": comment.anchor_text, "markerRef": comment.marker_ref}
    row: Row = {
        "id": str(comment.id),
        "type": "comment",
        "status": comment.status,
        "title": f"Re: {owner.title}",
        "extensions": extensions,
        "_expandable": {},
        "_links": {
            "self": rest(call, f"/content/{comment.id}"),
            "webui": f"{webui(call, owner)}?focusedCommentId={comment.id}",
        },
    }
    expanders: dict[str, Callable[[], Any]] = {
        "version": lambda: version_row(call, comment.version),
        "history": lambda: _comment_history(call, comment),
        "container": lambda: content_row(call, owner, expand.below("container")),
        "ancestors": lambda: [{"id": str(node.id), "type": "comment"} for node in _comment_thread(call, comment)],
        "body": lambda: _comment_body(comment, expand.below("body")),
    }
    return row | {name: make() for name, make in expanders.items() if name in expand}


def _comment_history(call: Call, comment: Comment) -> Row:
    author = author_row(call, comment.author_id)
    return {"latest": True, "createdBy": author, "createdDate": iso(comment.created_at)}


def _comment_thread(call: Call, comment: Comment) -> list[Comment]:
    """The comments that this one answers, the first of the thread first."""
    thread: list[Comment] = []
    while comment.parent_id is not None and (parent := call.store.comments.get(comment.parent_id)):
        comment = parent
        thread.insert(0, parent)
    return thread


def _comment_body(comment: Comment, expand: Expand) -> Row:
    text = comment.storage.text()
    return {name: {"value": text, "representation": name} for name in BODY_FORMATS if name in expand}
