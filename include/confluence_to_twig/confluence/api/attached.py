"""What hangs on a page: attachments and comments, in one form for both APIs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from confluence_to_twig.confluence.api.content import parse_time, reading, user_id_v1

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a page. ``url`` downloads it, ``file_size`` is in bytes, ``version`` 0 where none was told.

    :param shown_at: the address that opens it in Confluence, at its page; empty where none was told.
    :param modified_at: when this version was saved.
    """

    id: str
    title: str
    media_type: str
    file_size: int
    url: str
    content_id: str
    version: int = 0
    shown_at: str = ""
    modified_at: datetime | None = None


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


T = TypeVar("T", Attachment, Comment)


def attachment_from_v1(item: Mapping[str, Any], site_url: str, listed_on: str | None = None) -> Attachment:
    """Read an attachment with ``expand=container``.

    :param listed_on: the content whose list it stands in, if it is one. So for the other readers.
    :raises confluence_to_twig.confluence.api.errors.BrokenAnswerError: when it has no id, or does not say whose it is.
    """
    with reading(item):
        extensions = item.get("extensions") or {}
        media_type = extensions.get("mediaType") or (item.get("metadata") or {}).get("mediaType")
        content_id = str((item.get("container") or {}).get("id") or _required(listed_on))
        return _attachment(item, media_type, extensions.get("fileSize"), site_url, content_id)


def attachment_from_v2(item: Mapping[str, Any], content_id: str, site_url: str) -> Attachment:
    """Read an item of schema ``AttachmentBulk`` in the list of ``content_id``."""
    with reading(item):
        return _attachment(item, item.get("mediaType"), item.get("fileSize"), site_url, _home(item, content_id))


def _attachment(
    item: Mapping[str, Any], media_type: str | None, size: Any, site_url: str, content_id: str
) -> Attachment:
    links = item.get("_links") or {}
    # v2 tells its links twice, v1 in ``_links`` alone.
    shown_at = item.get("webuiLink") or links.get("webui")
    told = item.get("version")
    version: Mapping[str, Any] = told if isinstance(told, dict) else {}
    return Attachment(
        id=_id(item),
        title=str(item.get("title") or ""),
        media_type=str(media_type or "application/octet-stream"),
        file_size=_number(size),
        url=site_url + (item.get("downloadLink") or links.get("download") or ""),
        content_id=content_id,
        version=_number(version.get("number")),
        shown_at=site_url + shown_at if shown_at else "",
        modified_at=_moment(version.get("when") or version.get("createdAt")),
    )


def _required(content_id: str | None) -> str:
    if not content_id:
        raise ValueError("no container")
    return content_id


def _id(item: Mapping[str, Any]) -> str:
    if not item.get("id"):
        raise ValueError("no id")
    return str(item["id"])


def _home(item: Mapping[str, Any], content_id: str) -> str:
    """The content that an item says it belongs to: lists have been seen to hold items of other pages."""
    return str(item.get("pageId") or item.get("blogPostId") or content_id)


def _number(value: Any) -> int:
    """A size in bytes, or a version; 0 for one that is told in words. A download is bounded whatever it says."""
    return int(value) if str(value).isdecimal() else 0


def _moment(text: Any) -> datetime | None:
    """A time, or ``None`` for what is none: a comment without a time is a comment all the same."""
    try:
        return parse_time(text)
    except (TypeError, ValueError):
        return None


def comment_from_v1(item: Mapping[str, Any], listed_on: str | None = None) -> Comment:
    """Read a comment of v1 with container, history, version, ancestors, body and extensions expanded."""
    with reading(item):
        extensions = item.get("extensions") or {}
        history, version = item.get("history") or {}, item.get("version") or {}
        author = history.get("createdBy") or version.get("by") or {}
        return Comment(
            id=_id(item),
            kind="inline" if extensions.get("location") == "inline" else "footer",
            author_id=_text(user_id_v1(author)),
            created_at=_moment(history.get("createdDate") or version.get("when")),
            anchor_text=_text((extensions.get("inlineProperties") or {}).get("originalSelection")),
            storage=_storage(item),
            content_id=str((item.get("container") or {}).get("id") or _required(listed_on)),
            resolved=(extensions.get("resolution") or {}).get("status") == RESOLVED,
            thread=tuple(str(parent["id"]) for parent in item.get("ancestors") or []),
        )


def comment_from_v2(item: Mapping[str, Any], kind: str, content_id: str, thread: tuple[str, ...] = ()) -> Comment:
    """Read a footer or inline comment of v2, or a reply (``thread`` not empty)."""
    with reading(item):
        version = item.get("version") or {}
        return Comment(
            id=_id(item),
            kind=kind,
            author_id=_text(version.get("authorId")),
            created_at=_moment(version.get("createdAt")),
            anchor_text=_text((item.get("properties") or {}).get("inlineOriginalSelection")),
            storage=_storage(item),
            content_id=_home(item, content_id),
            resolved=item.get("resolutionStatus") == RESOLVED,
            thread=thread,
        )


def _storage(item: Mapping[str, Any]) -> str:
    return str(((item.get("body") or {}).get("storage") or {}).get("value") or "")


def _text(value: Any) -> str | None:
    return str(value) if value else None


def of_page(items: Iterable[T], content_id: str) -> list[T]:
    """Without what belongs to another page."""
    return [item for item in items if item.content_id == content_id]


def user_name(user: Any) -> str:
    """The display name of a user.

    :raises confluence_to_twig.confluence.api.errors.BrokenAnswerError: when it is no user at all.
    """
    with reading(user):
        return str(user.get("displayName") or user["username"])


def named_user(user: Any) -> tuple[str, str]:
    """Account id and display name of a user of v2.

    :raises confluence_to_twig.confluence.api.errors.BrokenAnswerError: when it has no account id.
    """
    with reading(user):
        if not user["accountId"]:
            raise ValueError("no account id")
        return str(user["accountId"]), str(user.get("displayName") or user.get("publicName") or "Unknown user")


def open_comments(comments: list[Comment]) -> list[Comment]:
    """Without resolved ones and the replies to them, oldest first."""
    resolved = {comment.id for comment in comments if comment.resolved}
    shown = [comment for comment in comments if not comment.resolved and resolved.isdisjoint(comment.thread)]
    return sorted(shown, key=_age)


def _age(comment: Comment) -> tuple[bool, datetime | None, bool, int, str]:
    number = int(comment.id) if comment.id.isdecimal() else 0
    return comment.created_at is not None, comment.created_at, bool(number), number, comment.id
