"""What a personality adds to every space: containers in the page tree, live docs, the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sandbox.confluence.model import CONTAINER_KINDS

if TYPE_CHECKING:
    from sandbox.confluence.model import Space
    from sandbox.confluence.store import Store

LIVE_SHARE = 3


class Control(Protocol):
    """What furnishing needs of the sandbox's control methods."""

    store: Store

    def space(self, key: str) -> Space: ...
    def new_page(
        self, space_key: str, title: str, storage: str, *, parent: str | None = None, kind: str = "page"
    ) -> str: ...
    def make_live(self, page: str, live: bool = True) -> None: ...
    def archive_space(self, key: str) -> None: ...


def add_containers(control: Control, key: str) -> None:
    """A chain of one container of each kind, with a page in each: below a folder, a database and so on."""
    parent: str | None = None
    for kind in CONTAINER_KINDS:
        parent = control.new_page(key, f"A {kind}", "", parent=parent, kind=kind)
        control.new_page(key, f"A page in a {kind}", f"<p>This page is in a {kind}.</p>", parent=parent)


def add_live_docs(control: Control, key: str) -> None:
    """Every third page becomes a live doc."""
    space_id = control.space(key).id
    pages = [row for row in control.store.contents.values() if (row.space_id, row.kind) == (space_id, "page")]
    for page in sorted(pages, key=lambda page: page.id)[::LIVE_SHARE]:
        control.make_live(str(page.id))


def archive(control: Control, key: str) -> None:
    """The space is archived."""
    control.archive_space(key)
