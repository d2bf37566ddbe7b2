"""Seeds become records: ids, versions and positions are given here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from sandbox.confluence.model import Attachment, Comment, Content, Label, Space, Version, pack, to_millis

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.confluence.store import Store
    from sandbox.seed import SeedAttachment, SeedComment, SeedPage, SeedSpace

POSITION_STEP = 100
_MARKER = r'<ac:inline-comment-marker ac:ref="([^"]+)">{anchor}<'


def label_named(store: Store, name: str) -> Label:
    """The label of that name, made when there is none. Label names are lower case in Confluence."""
    name = name.lower()
    if name not in store.labels:
        store.put(Label(store.next_id(), name))
    return store.labels[name]


def label_names(store: Store, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({label_named(store, name).name for name in names}))


def next_position(store: Store, parent_id: int | None) -> int:
    """Behind the last child."""
    children = store.children(parent_id) if parent_id is not None else []
    return max((child.position or 0 for child in children), default=0) + POSITION_STEP


def load_space(store: Store, seed: SeedSpace) -> Space:
    """Add a space with everything in it.

    :raises ValueError: when its key is taken, or a page names an unknown parent.
    """
    if store.space_by_key(seed.key):
        raise ValueError(f"the sandbox already has a space {seed.key}")
    author = seed.users[0].account_id if seed.users else ""
    space = Space(store.next_id(), seed.key, seed.name, seed.description, seed.kind, alias=seed.alias, author_id=author)
    store.put(space)
    store.reserve_ids(max((int(page.page_id) for page in seed.pages if page.page_id), default=0))
    load_pages(store, space.id, seed.pages)
    return store.spaces[space.id]


def load_pages(store: Store, space_id: int, pages: Iterable[SeedPage]) -> None:
    """Add pages in order; the first page of an empty space becomes its home page. A generator is read lazily."""
    ids: dict[str, int] = {}
    positions: dict[int | None, int] = {}
    for seed in pages:
        space = store.spaces[space_id]
        if seed.ref in ids:
            raise ValueError(f"two pages of space {space.key} have the ref {seed.ref!r}")
        parent_id = _parent_id(space, seed, ids)
        positions[parent_id] = positions.get(parent_id, 0) + POSITION_STEP
        content = _content(store, space, seed, parent_id, positions[parent_id])
        store.put(content)
        ids[seed.ref] = content.id
        if space.homepage_id is None and content.kind == "page":
            store.put(replace(space, homepage_id=content.id))
        for attachment in seed.attachments:
            store.put(new_attachment(store, content, attachment))
        for comment in seed.comments:
            store.put(new_comment(store, content, comment))


def _parent_id(space: Space, seed: SeedPage, ids: dict[str, int]) -> int | None:
    if seed.kind == "blogpost":
        return None
    if seed.parent is None:
        return space.homepage_id
    if seed.parent not in ids:
        raise ValueError(f"page {seed.ref!r} of space {space.key} comes before its parent {seed.parent!r}")
    return ids[seed.parent]


def _content(store: Store, space: Space, seed: SeedPage, parent_id: int | None, position: int) -> Content:
    author = seed.author or space.author_id
    content_id = int(seed.page_id) if seed.page_id else store.next_id()
    if content_id in store.contents:
        raise ValueError(f"two pages have the id {content_id}")
    return Content(
        id=content_id,
        kind=seed.kind,
        space_id=space.id,
        title=seed.title,
        status=seed.status,
        parent_id=parent_id,
        position=None if seed.kind == "blogpost" else position,
        author_id=author,
        created_at=to_millis(seed.created_at),
        version=Version(seed.version, to_millis(seed.modified_at), author),
        storage=pack(seed.storage),
        view=None if seed.view is None else pack(seed.view),
        labels=label_names(store, seed.labels),
        read_users=seed.read_users,
        read_groups=seed.read_groups,
        ref=seed.ref,
        subtype=seed.subtype,
        editor=seed.editor,
    )


def new_attachment(store: Store, owner: Content, seed: SeedAttachment, at: datetime | None = None) -> Attachment:
    moment = to_millis(at or owner.created_at)
    attachment_id = store.next_id()
    return Attachment(
        id=attachment_id,
        content_id=owner.id,
        file_name=seed.file_name,
        media_type=seed.media_type,
        content=seed.content,
        comment=seed.comment,
        status="current",
        author_id=owner.author_id,
        created_at=moment,
        version=Version(1, moment, owner.author_id),
        file_id=_uuid(f"file {attachment_id}"),
    )


def new_comment(store: Store, owner: Content, seed: SeedComment, parent: Comment | None = None) -> Comment:
    moment = to_millis(seed.created_at)
    comment_id = store.next_id()
    inline = seed.inline_anchor is not None if parent is None else parent.kind == "inline"
    return Comment(
        id=comment_id,
        content_id=owner.id,
        parent_id=parent.id if parent else None,
        kind="inline" if inline else "footer",
        storage=pack(seed.storage),
        author_id=seed.author,
        created_at=moment,
        version=Version(1, moment, seed.author),
        anchor_text=seed.inline_anchor or "",
        resolution="resolved" if seed.resolved else "open",
        marker_ref=_marker_ref(owner, seed.inline_anchor or "", comment_id) if inline else "",
    )


def _marker_ref(owner: Content, anchor: str, comment_id: int) -> str:
    """The ref of the marker around that text in the body, or a new one when the body marks nothing."""
    marker = re.search(_MARKER.format(anchor=re.escape(escape(anchor, quote=False))), owner.storage.text())
    return marker[1] if marker else _uuid(f"marker {comment_id}")


def _uuid(name: str) -> str:
    """A stable id in the form of a UUID."""
    digits = hashlib.sha256(name.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"
