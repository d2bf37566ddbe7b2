"""What Confluence says about a page or blog post, in one form for both of its APIs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Kind = Literal["page", "blogpost"]
KINDS: tuple[Kind, ...] = ("page", "blogpost")


@dataclass(frozen=True, slots=True)
class Content:
    """One page or blog post.

    :param modified_at: creation time of its current version.
    :param storage: the body in storage format; ``None`` when it was not asked for.
    :param status: ``current``, ``archived``, ``trashed``, ``draft`` …
    """

    id: str
    kind: Kind
    status: str
    title: str
    space_id: str
    url: str
    version: int
    modified_at: datetime
    created_at: datetime | None = None
    author_id: str | None = None
    parent_id: str | None = None
    parent_type: str | None = None
    position: int | None = None
    storage: str | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """A folder, database, whiteboard or embed: a node of the page tree that is no page."""

    id: str
    type: str
    title: str
    parent_id: str | None
    parent_type: str | None


@dataclass(frozen=True, slots=True)
class Space:
    """A space. ``key`` is the immutable system key; ``alias`` the one shown after a rename, if there was any."""

    id: str
    key: str
    name: str
    type: str
    status: str
    homepage_id: str | None
    url: str
    alias: str | None = None


def parse_time(text: str | None) -> datetime | None:
    """ISO 8601 as Confluence sends it (``2026-11-22T10:00:00.123Z``), or ``None``."""
    return datetime.fromisoformat(text) if text else None


def content_from_v2(item: dict[str, Any], kind: Kind, site_url: str) -> Content:
    """Read an item of a v2 listing (schema ``PageBulk`` or ``BlogPostBulk``).

    :param site_url: base for the page's address; what the answer calls ``base`` is not used, so that links stay the
        same through the gateway.
    """
    version = item["version"]
    created_at = parse_time(item.get("createdAt"))
    body = item.get("body") or {}
    return Content(
        id=str(item["id"]),
        kind=kind,
        status=item.get("status", "current"),
        title=item.get("title") or "",
        space_id=str(item.get("spaceId") or ""),
        url=site_url + item.get("_links", {}).get("webui", ""),
        version=int(version["number"]),
        modified_at=_required(parse_time(version.get("createdAt")) or created_at, item),
        created_at=created_at,
        author_id=item.get("authorId"),
        parent_id=_text_or_none(item.get("parentId")),
        parent_type=item.get("parentType"),
        position=item.get("position"),
        storage=(body.get("storage") or {}).get("value"),
    )


def content_from_v1(item: dict[str, Any], site_url: str) -> Content:
    """Read an item of the v1 API with ``expand=version,history,ancestors,space`` (and ``body.storage``)."""
    version, history = item["version"], item.get("history") or {}
    ancestors = item.get("ancestors") or []
    author = history.get("createdBy") or {}
    position = (item.get("extensions") or {}).get("position")
    return Content(
        id=str(item["id"]),
        kind="blogpost" if item.get("type") == "blogpost" else "page",
        status=item.get("status", "current"),
        title=item.get("title") or "",
        space_id=str((item.get("space") or {}).get("id") or ""),
        url=site_url + item.get("_links", {}).get("webui", ""),
        version=int(version["number"]),
        modified_at=_required(parse_time(version.get("when")), item),
        created_at=parse_time(history.get("createdDate")),
        author_id=author.get("accountId") or author.get("userKey") or author.get("username"),
        parent_id=str(ancestors[-1]["id"]) if ancestors else None,
        parent_type="page" if ancestors else None,
        position=position if isinstance(position, int) else None,
        storage=((item.get("body") or {}).get("storage") or {}).get("value"),
    )


def _required(moment: datetime | None, item: dict[str, Any]) -> datetime:
    if moment is None:
        raise ValueError(f"The content {item.get('id')} has no version time.")
    return moment


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)
