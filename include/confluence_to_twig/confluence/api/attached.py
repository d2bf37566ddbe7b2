"""What hangs on a page: attachments and comments, in one form for both APIs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.content import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a page. ``url`` is what a reader clicks on, ``file_size`` is in bytes."""

    id: str
    title: str
    media_type: str
    file_size: int
    url: str
    content_id: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment or a reply to one.

    :param kind: ``footer`` or ``inline``.
    :param anchor_text: the marked text of an inline comment.
    :param thread: ids of the comments that this one replies to.
    """

    id: str
    kind: str
    author_id: str | None
    created_at: datetime | None
    anchor_text: str | None
    storage: str
    content_id: str
    resolved: bool
    thread: tuple[str, ...] = ()


def attachment_from_v1(item: Mapping[str, Any], site_url: str) -> Attachment:
    """Read an attachment of ``content/search`` with ``expand=container``."""
    extensions = item.get("extensions") or {}
    media_type = extensions.get("mediaType") or (item.get("metadata") or {}).get("mediaType")
    content_id = str((item.get("container") or {}).get("id") or "")
    link = (item.get("_links") or {}).get("download") or ""
    return _attachment(item, media_type, extensions.get("fileSize"), site_url + link, content_id)


def attachment_from_v2(item: Mapping[str, Any], content_id: str, site_url: str) -> Attachment:
    """Read an item of schema ``AttachmentBulk``."""
    link = item.get("downloadLink") or (item.get("_links") or {}).get("download") or ""
    return _attachment(item, item.get("mediaType"), item.get("fileSize"), site_url + link, content_id)


def _attachment(item: Mapping[str, Any], media_type: str | None, size: Any, url: str, content_id: str) -> Attachment:
    return Attachment(
        id=str(item["id"]),
        title=item.get("title") or "",
        media_type=media_type or "application/octet-stream",
        file_size=int(size or 0),
        url=url,
        content_id=content_id,
    )


def comment_from_v1(item: Mapping[str, Any]) -> Comment:
    """Read a comment of v1 with container, history, version, ancestors, body and extensions expanded."""
    extensions = item.get("extensions") or {}
    history, version = item.get("history") or {}, item.get("version") or {}
    author = history.get("createdBy") or version.get("by") or {}
    return Comment(
        id=str(item["id"]),
        kind="inline" if extensions.get("location") == "inline" else "footer",
        author_id=author.get("accountId") or author.get("userKey") or author.get("username"),
        created_at=parse_time(history.get("createdDate") or version.get("when")),
        anchor_text=(extensions.get("inlineProperties") or {}).get("originalSelection"),
        storage=_storage(item),
        content_id=str((item.get("container") or {}).get("id") or ""),
        resolved=(extensions.get("resolution") or {}).get("status") == RESOLVED,
        thread=tuple(str(parent["id"]) for parent in item.get("ancestors") or []),
    )


def comment_from_v2(item: Mapping[str, Any], kind: str, content_id: str, thread: tuple[str, ...] = ()) -> Comment:
    """Read a footer or inline comment of v2, or a reply (``thread`` not empty)."""
    version = item.get("version") or {}
    return Comment(
        id=str(item["id"]),
        kind=kind,
        author_id=version.get("authorId"),
        created_at=parse_time(version.get("createdAt")),
        anchor_text=(item.get("properties") or {}).get("inlineOriginalSelection"),
        storage=_storage(item),
        content_id=content_id,
        resolved=item.get("resolutionStatus") == RESOLVED,
        thread=thread,
    )


def _storage(item: Mapping[str, Any]) -> str:
    return ((item.get("body") or {}).get("storage") or {}).get("value") or ""


def open_comments(comments: list[Comment]) -> list[Comment]:
    """Without resolved ones and the replies to them, oldest first."""
    resolved = {comment.id for comment in comments if comment.resolved}
    shown = [comment for comment in comments if not comment.resolved and resolved.isdisjoint(comment.thread)]
    return sorted(shown, key=lambda comment: (comment.created_at is not None, comment.created_at, int(comment.id)))
