"""Changes to comments and attachments. None of them makes a new version of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.confluence.loading import new_attachment, new_comment
from sandbox.confluence.lookup import Lookup
from sandbox.confluence.model import Attachment, Comment, pack, to_millis
from sandbox.seed import SeedAttachment, SeedComment

if TYPE_CHECKING:
    from datetime import datetime


class PartControl(Lookup):
    """Methods on what hangs on a page. Every one raises ``KeyError`` for what does not exist."""

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
