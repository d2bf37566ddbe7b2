"""What a sandbox space is made of before the server starts: plain data, no server types."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SeedUser:
    """A person. ``account_id`` is what storage bodies and versions refer to."""

    account_id: str
    display_name: str
    email: str
    token: str | None = None  # an API token this user can sign in with; None: cannot sign in
    groups: tuple[str, ...] = ()  # what ``SeedPage.read_groups`` refers to


@dataclass(frozen=True)
class SeedAttachment:
    """A file attached to a page."""

    file_name: str
    media_type: str
    content: bytes
    comment: str = ""


@dataclass(frozen=True)
class SeedComment:
    """A footer or inline comment in storage format."""

    author: str
    storage: str
    created_at: datetime = EPOCH
    inline_anchor: str | None = None  # the marked text; None: a footer comment
    resolved: bool = False


@dataclass(frozen=True)
class SeedPage:
    """A page or blog post. ``ref`` is unique within the space; parents come before their children."""

    ref: str
    title: str
    storage: str
    parent: str | None = None  # ref of the parent; None: child of the home page, or the home page itself
    kind: str = "page"  # "page", "blogpost", or a container: "folder", "database", "whiteboard", "embed"
    status: str = "current"  # or "archived", "trashed", "draft"
    version: int = 1
    author: str = ""
    created_at: datetime = EPOCH
    modified_at: datetime = EPOCH
    labels: tuple[str, ...] = ()
    read_users: tuple[str, ...] = ()  # account ids; not empty: the page is restricted to them
    read_groups: tuple[str, ...] = ()
    attachments: tuple[SeedAttachment, ...] = ()
    comments: tuple[SeedComment, ...] = ()
    page_id: str | None = None  # None: the server gives one, in order
    subtype: str | None = None  # "live": a live doc
    editor: str = "v2"  # the page's property on Cloud: "v2", or "v1" for the legacy editor
    view: str | None = None  # rendered body, for pages whose content only the server knows


@dataclass(frozen=True)
class SeedSpace:
    """A space with its pages. The first page is the home page."""

    key: str
    name: str
    description: str
    pages: tuple[SeedPage, ...]
    users: tuple[SeedUser, ...] = field(default_factory=tuple)
    kind: str = "global"
    alias: str | None = None  # current key after a rename; None: never renamed
