"""What the sandbox keeps: immutable records, replaced as a whole by every change."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

#: Kinds that live in the page tree without being pages.
CONTAINER_KINDS = ("folder", "database", "whiteboard", "embed")
TREE_KINDS = ("page", *CONTAINER_KINDS)
PACK_FROM_BYTES = 512


@dataclass(frozen=True, slots=True)
class Packed:
    """A text kept as the JSON string that answers contain, deflated when that pays: 50,000 bodies fit in memory."""

    data: bytes
    deflated: bool

    def json(self) -> bytes:
        """The text as a JSON string with its quotes, UTF-8."""
        return zlib.decompress(self.data) if self.deflated else self.data

    def text(self) -> str:
        return msgspec.json.decode(self.json(), type=str)


def pack(text: str) -> Packed:
    """Keep ``text`` compactly. Characters that UTF-8 cannot hold are replaced, as any HTTP server would."""
    data = msgspec.json.encode(text.encode("utf-8", "replace").decode())
    if len(data) < PACK_FROM_BYTES:
        return Packed(data, deflated=False)
    return Packed(zlib.compress(data, 1), deflated=True)


def to_millis(moment: datetime) -> datetime:
    """Confluence keeps milliseconds in UTC."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """``2025-01-31T12:00:00.000Z``, the form of every v2 time."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class User:
    account_id: str
    display_name: str
    email: str
    groups: tuple[str, ...] = ()
    product_access: bool = True  # False: signs in, but may not use Confluence (403)
    sees_restricted: bool = False  # True: restrictions never hide anything from this user
    account_type: str = "atlassian"


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    account_id: str
    kind: str = "unscoped"  # "unscoped", "scoped", "pat" (Data Center) or "oauth" (an access token)
    scopes: tuple[str, ...] = ()
    state: str = "active"  # or "revoked", "expired"
    expires_at: datetime | None = None  # of an access token


@dataclass(frozen=True, slots=True)
class Space:
    id: int
    key: str  # never changes
    name: str
    description: str
    kind: str = "global"
    status: str = "current"  # or "archived"
    alias: str | None = None  # the current key after a rename
    homepage_id: int | None = None
    author_id: str = ""
    created_at: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    labels: tuple[str, ...] = ()
    viewers: tuple[str, ...] | None = None  # account ids that may view it; None: everybody who may use the site
    viewer_groups: tuple[str, ...] = ()  # names of groups that may view it, too, where not everybody may

    @property
    def active_key(self) -> str:
        """The key that people see: the alias after a rename."""
        return self.alias or self.key


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    created_at: datetime
    author_id: str
    message: str = ""
    minor_edit: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """A version of the past, as far as the sandbox saw it."""

    version: Version
    title: str
    storage: Packed


@dataclass(frozen=True, slots=True)
class Content:
    """A page, blog post or container."""

    id: int
    kind: str  # "page", "blogpost" or one of CONTAINER_KINDS
    space_id: int
    title: str
    status: str  # "current", "archived", "trashed" or "draft"
    parent_id: int | None
    position: int | None
    author_id: str
    created_at: datetime
    version: Version
    storage: Packed
    view: Packed | None = None  # None: rendered from the storage body
    labels: tuple[str, ...] = ()
    read_users: tuple[str, ...] = ()
    read_groups: tuple[str, ...] = ()
    history: tuple[Revision, ...] = ()  # oldest first, without the current version
    ref: str = ""  # the seed's own name for it
    subtype: str | None = None  # "live": a live doc
    editor: str = "v2"  # "v1": the legacy editor of Cloud

    @property
    def restricted(self) -> bool:
        """Whether this content itself (not an ancestor) is restricted."""
        return bool(self.read_users or self.read_groups)


@dataclass(frozen=True, slots=True)
class Attachment:
    id: int
    content_id: int
    file_name: str
    media_type: str
    content: bytes
    comment: str
    status: str
    author_id: str
    created_at: datetime
    version: Version
    file_id: str


@dataclass(frozen=True, slots=True)
class Comment:
    id: int
    content_id: int
    parent_id: int | None  # the comment that this one answers
    kind: str  # "footer" or "inline"
    storage: Packed
    author_id: str
    created_at: datetime
    version: Version
    status: str = "current"
    anchor_text: str = ""  # the marked text of an inline comment
    resolution: str = "open"  # "open", "reopened", "resolved" or "dangling"
    marker_ref: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    id: int
    name: str
    prefix: str = "global"


#: Everything that a store keeps and a state folder saves.
Record = User | Token | Space | Content | Attachment | Comment | Label
