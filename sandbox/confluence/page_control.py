"""Changes to contents, as people make them in the browser. What bumps a version there does so here.

Edits and renames make a new version. Moves, labels, restrictions, comments and attachments do not: that is why a
sync must not rely on versions alone. Whether they set the modification date is documented nowhere: switches of the
site decide.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.confluence.loading import (
    label_names,
    load_pages,
    next_position,
)
from sandbox.confluence.lookup import Lookup
from sandbox.confluence.model import Content, Packed, Revision, Version, pack, to_millis
from sandbox.seed import SeedPage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

LIVE = "live"
REDACTION = "[redacted]"


class PageControl(Lookup):
    """Methods on contents.

    Every method raises ``KeyError`` for a page, space or parent that does not exist. ``at`` is the time of the
    change; None takes the site's present.
    """

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
            if old.subtype == LIVE:
                version = self._live_version(old.version, version)
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

    def _live_version(self, old: Version, new: Version) -> Version:
        """What an edit of a live doc makes of its version: no document says it, so the site's switches do."""
        number = new.number if self.site.live_edit_bumps_version else old.number
        moment = new.created_at if self.site.live_edit_modifies else old.created_at
        return replace(new, number=number, created_at=moment)

    def make_live(self, page: str, live: bool = True) -> None:
        """Turn a page into a live doc, or back."""
        with self.lock:
            self.store.put(replace(self.find(page), subtype=LIVE if live else None))

    def redact(self, page: str, text: str) -> None:
        """Black out ``text`` in all versions, as ``POST /pages/{id}/redact`` does for people with Guard Premium.

        https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-redactions/ says that the text is replaced
        by a marker; it does not say whether that makes a version.
        """
        with self.lock:
            old = self.find(page)
            if text not in old.storage.text():
                raise ValueError(f"page {page!r} does not say {text!r}")
            if self.site.redaction_bumps_version:
                self.edit(page, storage=_redacted(old.storage, text).text())
                old = self.find(page)
            history = tuple(replace(past, storage=_redacted(past.storage, text)) for past in old.history)
            self.store.put(replace(old, storage=_redacted(old.storage, text), history=history, view=None))

    def rename(self, page: str, title: str, *, at: datetime | None = None) -> int:
        return self.edit(page, title=title, at=at)

    def move(self, page: str, parent: str, *, position: int | None = None) -> None:
        """Below another parent, which may be in another space. Takes the subtree along; bumps no version."""
        with self.lock:
            content, target = self.find(page), self.find(parent)
            if target.id in {content.id, *(node.id for node in self._subtree(content))}:
                raise ValueError(f"page {page!r} cannot move below itself")
            place = next_position(self.store, target.id) if position is None else position
            moved = replace(content, parent_id=target.id, position=place)
            self.store.put(self._modified(moved, self.site.moving_modifies))
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
            space = self.store.spaces[content.space_id]
            if space.homepage_id == content.id:
                self.store.put(replace(space, homepage_id=None))

    def _set_status(self, page: str, status: str) -> None:
        with self.lock:
            content = self.find(page)
            self._move_children_up(content)
            modifies = self.site.archiving_modifies if status == "archived" else self.site.trashing_modifies
            self.store.put(self._modified(replace(content, status=status), modifies))

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
        """Let only these users (e-mail or account id) and groups view the page and all below it.

        Without any, only its author.
        """
        with self.lock:
            content = self.find(page)
            readers, named_groups = tuple(map(self.account_id, users)), tuple(groups)
            if not readers and not named_groups:
                readers = (content.author_id or "712020:sandbox-owner",)
            restricted = replace(content, read_users=readers, read_groups=named_groups)
            self.store.put(self._modified(restricted, self.site.restricting_modifies))

    def unrestrict(self, page: str) -> None:
        with self.lock:
            free = replace(self.find(page), read_users=(), read_groups=())
            self.store.put(self._modified(free, self.site.restricting_modifies))

    def label(self, page: str, *names: str) -> None:
        """Add labels."""
        with self.lock:
            content = self.find(page)
            labelled = replace(content, labels=label_names(self.store, [*content.labels, *names]))
            self.store.put(self._modified(labelled, self.site.labelling_modifies))

    def unlabel(self, page: str, *names: str) -> None:
        """Remove labels."""
        with self.lock:
            content = self.find(page)
            left = set(content.labels) - {name.lower() for name in names}
            labelled = replace(content, labels=tuple(sorted(left)))
            self.store.put(self._modified(labelled, self.site.labelling_modifies))

    def _modified(self, content: Content, modifies: bool) -> Content:
        """``content`` with the present as its modification date where the site does that; the number stays."""
        if not modifies:
            return content
        return replace(content, version=replace(content.version, created_at=to_millis(self.site.now())))


def _redacted(storage: Packed, text: str) -> Packed:
    return pack(storage.text().replace(text, REDACTION))
