"""Finding what a control method is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import RLock

    from sandbox.confluence.model import Content, Space, User
    from sandbox.confluence.site import Site
    from sandbox.confluence.store import Store


class Lookup:
    """``page`` is an id, or the ``ref`` of the seed page."""

    store: Store
    site: Site
    lock: RLock

    def find(self, page: str) -> Content:
        """The content with that id or seed ref."""
        with self.lock:
            if page.isdigit() and int(page) in self.store.contents:
                return self.store.contents[int(page)]
            for content in self.store.contents.values():
                if page and content.ref == page:
                    return content
        raise KeyError(f"the sandbox has no page {page!r}: give an id or the ref of a seed page")

    def id_of(self, page: str) -> str:
        """The id on the wire."""
        return str(self.find(page).id)

    def user(self, user: str) -> User:
        """The user with that e-mail address or account id."""
        with self.lock:
            for found in self.store.users.values():
                if user in (found.account_id, found.email):
                    return found
        raise KeyError(f"the sandbox has no user {user!r}")

    def account_id(self, user: str) -> str:
        """The account id behind an e-mail address; any other text is taken for the id of somebody unknown."""
        return self.user(user).account_id if "@" in user else user

    def space(self, key: str) -> Space:
        with self.lock:
            space = self.store.space_by_key(key)
        if space is None:
            raise KeyError(f"the sandbox has no space {key!r}")
        return space
