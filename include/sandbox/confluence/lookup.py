"""Finding what a control method is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import RLock

    from include.sandbox.confluence.model import Content, Space
    from include.sandbox.confluence.site import Site
    from include.sandbox.confluence.store import Store


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
