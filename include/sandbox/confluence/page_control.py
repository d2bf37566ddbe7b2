"""Changes to contents, as people make them in the browser. What bumps a version there does so here.

Edits and renames make a new version. Moves, labels, restrictions, comments and attachments do not: that is why a
sync must not rely on versions alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from include.sandbox.confluence.loading import (
    label_names,
    load_pages,
    new_attachment,
    new_comment,
    next_position,
)
from include.sandbox.confluence.model import Attachment, Comment, Content, Revision, Space, Version, pack, to_millis
from include.sandbox.seed import SeedAttachment, SeedComment, SeedPage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from threading import RLock

    from include.sandbox.confluence.site import Site
    from include.sandbox.confluence.store import Store


class PageControl:
    """Methods on contents. ``page`` is an id, or the ``ref`` of the seed page.

    Every method raises ``KeyError`` for a page, space or parent that does not exist. ``at`` is the time of the
    change; None takes the site's present.
    """

    store: Store
    site: Site
    lock: RLock

    def find(self, page: str) -> Content:
        """The content with that id or seed ref."""
        with self.lock:
            if page.isdigit() and int(page) in self.store.contents:
                return self.store.contents[int(page)]
            for content in self.store.contents.values():
                if content.ref == page:
                    return content
        raise KeyError(f"the sandbox has no page {page!r}: give an id or the ref of a seed page")

    def id_of(self, page: str) -> str:
        """The id on the wire."""
        return str(self.find(page).id)

    def space(self, key: str) -> Space:
        with self.lock:
            space = self.store.space_by_key(key)
        if space is None:
            raise KeyError(f"the sandbox has no space {key!r}")
        return space

    # ------------------------------------------------------------------- pages

    def add_page(self, space_key: str, seed: SeedPage, *, parent: str | None = None) -> str:
        """Add a page; ``parent`` is an id or ref, None the home page. Returns the new id."""
        with self.lock:
            space = self.space(space_key)
            before = set(self.store.contents)
            load_pages(self.store, space.id, [replace(seed, parent=None)])
            (new_id,) = set(self.store.contents) - before
            if parent is not None:
                self.move(str(new_id), parent)
            return str(new_id)

    def new_page(
        self, space_key: str, title: str, storage: str, *, parent: str | None = None, kind: str = "page"
    ) -> str:
        """Add a page written now. Returns its id."""
        now = self.site.now()
        seed = SeedPage(ref="", title=title, storage=storage, kind=kind, created_at=now, modified_at=now)
        return self.add_page(space_key, seed, parent=parent)

    def edit(
        self,
        page: str,
        *,
        storage: str | None = None,
        title: str | None = None,
        author: str | None = None,
        message: str = "",
        minor: bool = False,
        at: datetime | None = None,
    ) -> int:
        """Save a new version; what is None stays as it is. Returns the version number."""
        with self.lock:
            old = self.find(page)
            version = Version(
                number=old.version.number + 1,
                created_at=to_millis(at or self.site.now()),
                author_id=author or old.version.author_id,
                message=message,
                minor_edit=minor,
            )
            self.store.put(
                replace(
                    old,
                    version=version,
                    title=old.title if title is None else title,
                    storage=old.storage if storage is None else pack(storage),
                    view=old.view if storage is None else None,
                    history=(*old.history, Revision(old.version, old.title, old.storage)),
                )
            )
            return version.number

    def rename(self, page: str, title: str, *, at: datetime | None = None) -> int:
        return self.edit(page, title=title, at=at)

    def move(self, page: str, parent: str, *, position: int | None = None) -> None:
        """Below another parent, which may be in another space. Takes the subtree along; bumps no version."""
        with self.lock:
            content, target = self.find(page), self.find(parent)
            if target.id in {content.id, *(node.id for node in self._subtree(content))}:
                raise ValueError(f"page {page!r} cannot move below itself")
            place = next_position(self.store, target.id) if position is None else position
            self.store.put(replace(content, parent_id=target.id, position=place))
            for node in self._subtree(content):
                self.store.put(replace(self.store.contents[node.id], space_id=target.space_id))

    def move_to_space(self, page: str, space_key: str) -> None:
        """Below the home page of another space."""
        home = self.space(space_key).homepage_id
        if home is None:
            raise KeyError(f"space {space_key} has no home page to move below")
        self.move(page, str(home))

    def archive(self, page: str) -> None:
        """Archive one page; its children move up to its parent."""
        self._set_status(page, "archived")

    def trash(self, page: str) -> None:
        """Delete one page as people do, into the trash; its children move up to its parent."""
        self._set_status(page, "trashed")

    def restore(self, page: str) -> None:
        """Bring a page back from the archive or the trash."""
        with self.lock:
            content = self.find(page)
            home = self.store.spaces[content.space_id].homepage_id
            parent = self.store.contents.get(content.parent_id) if content.parent_id is not None else None
            parent_id = content.parent_id if parent and parent.status == "current" else home
            self.store.put(replace(content, status="current", parent_id=None if content.id == home else parent_id))

    def purge(self, page: str) -> None:
        """Delete for good, with everything on it."""
        with self.lock:
            content = self.find(page)
            self._move_children_up(content)
            for attachment in self.store.attachments_of(content.id):
                self.store.remove(attachment)
            for comment in [comment for comment in self.store.comments.values() if comment.content_id == content.id]:
                self.store.remove(comment)
            self.store.remove(content)

    def _set_status(self, page: str, status: str) -> None:
        with self.lock:
            content = self.find(page)
            self._move_children_up(content)
            self.store.put(replace(content, status=status))

    def _move_children_up(self, content: Content) -> None:
        for child in self.store.children(content.id):
            self.store.put(replace(child, parent_id=content.parent_id))

    def _subtree(self, content: Content) -> list[Content]:
        """The content and everything below it."""
        found = [content]
        for node in found:
            found += self.store.children(node.id)
        return found

    # ------------------------------------------------- what bumps no version

    def restrict(self, page: str, *, users: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        """Let only these account ids and groups view the page and all below it; without any, only its author."""
        with self.lock:
            content = self.find(page)
            users, groups = tuple(users), tuple(groups)
            if not users and not groups:
                users = (content.author_id or "712020:sandbox-owner",)
            self.store.put(replace(content, read_users=users, read_groups=groups))

    def unrestrict(self, page: str) -> None:
        with self.lock:
            self.store.put(replace(self.find(page), read_users=(), read_groups=()))

    def label(self, page: str, *names: str) -> None:
        """Add labels."""
        with self.lock:
            content = self.find(page)
            self.store.put(replace(content, labels=label_names(self.store, [*content.labels, *names])))

    def unlabel(self, page: str, *names: str) -> None:
        """Remove labels."""
        with self.lock:
            content = self.find(page)
            left = set(content.labels) - {name.lower() for name in names}
            self.store.put(replace(content, labels=tuple(sorted(left))))

    def comment(
        self,
        page: str,
        storage: str,
        *,
        author: str = "",
        anchor: str | None = None,
        reply_to: str | None = None,
        at: datetime | None = None,
    ) -> str:
        """Add a footer comment, an inline comment on the text ``anchor``, or a reply. Returns its id."""
        with self.lock:
            content = self.find(page)
            parent = self.store.comments[int(reply_to)] if reply_to else None
            seed = SeedComment(author or content.author_id, storage, at or self.site.now(), inline_anchor=anchor)
            comment = new_comment(self.store, content, seed, parent)
            self.store.put(comment)
            return str(comment.id)

    def edit_comment(self, comment: str, storage: str, *, at: datetime | None = None) -> None:
        with self.lock:
            old = self.store.comments[int(comment)]
            version = replace(old.version, number=old.version.number + 1, created_at=to_millis(at or self.site.now()))
            self.store.put(replace(old, storage=pack(storage), version=version))

    def resolve_comment(self, comment: str, resolution: str = "resolved") -> None:
        """Set an inline comment to "resolved", "reopened", "dangling" or "open"."""
        with self.lock:
            self.store.put(replace(self.store.comments[int(comment)], resolution=resolution))

    def delete_comment(self, comment: str) -> None:
        with self.lock:
            found: list[Comment] = [self.store.comments[int(comment)]]
            for node in found:
                found += self.store.replies_to(node.id)
            for node in found:
                self.store.remove(node)

    def attach(
        self,
        page: str,
        file_name: str,
        content: bytes,
        media_type: str,
        *,
        comment: str = "",
        at: datetime | None = None,
    ) -> str:
        """Attach a file; the same name again makes a new version of it. Returns its id with ``att``."""
        with self.lock:
            owner, moment = self.find(page), to_millis(at or self.site.now())
            for old in self.store.attachments_of(owner.id):
                if old.file_name == file_name:
                    version = replace(old.version, number=old.version.number + 1, created_at=moment)
                    new = replace(old, content=content, media_type=media_type, comment=comment, version=version)
                    break
            else:
                new = new_attachment(self.store, owner, SeedAttachment(file_name, media_type, content, comment), moment)
            self.store.put(new)
            return f"att{new.id}"

    def detach(self, attachment: str) -> None:
        with self.lock:
            self.store.remove(self._attachment(attachment))

    def _attachment(self, attachment: str) -> Attachment:
        return self.store.attachments[int(attachment.removeprefix("att"))]
