"""Who may see what: space access first, then read restrictions, inherited and intersecting."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.confluence.model import Attachment, Comment, Content, Space, User
    from sandbox.confluence.store import Store


class Visibility:
    """What one caller may see.

    A content is visible when its space is and its own read restriction and those of *all* its ancestors let the
    caller pass.

    :param user: None is an anonymous caller, who sees what nothing restricts on a site that is open to the public.
    """

    def __init__(self, store: Store, user: User | None, open_to_public: bool) -> None:
        self._store = store
        self._user = user
        self._open_to_public = open_to_public

    def space(self, space: Space) -> bool:
        if self._user is None:
            return self._open_to_public and space.viewers is None
        if space.viewers is None or self._user.account_id in space.viewers:
            return True
        return not set(self._user.groups).isdisjoint(space.viewer_groups)

    def spaces(self) -> list[Space]:
        """The visible spaces by id."""
        return sorted(filter(self.space, self._store.spaces.values()), key=lambda space: space.id)

    def content(self, content: Content) -> bool:
        if not self.space(self._store.spaces[content.space_id]):
            return False
        if not self._store.restricted_ids or (self._user and self._user.sees_restricted):
            return True
        node: Content | None = content
        while node is not None:
            if node.restricted and not self._passes(node):
                return False
            node = self._store.contents.get(node.parent_id) if node.parent_id is not None else None
        return True

    def belonging(self, part: Attachment | Comment) -> bool:
        """Attachments and comments are as visible as the content they belong to."""
        owner = self._store.contents.get(part.content_id)
        return owner is not None and owner.status != "trashed" and self.content(owner)

    def _passes(self, content: Content) -> bool:
        if self._user is None:
            return False
        if self._user.account_id in content.read_users:
            return True
        return not set(self._user.groups).isdisjoint(content.read_groups)
