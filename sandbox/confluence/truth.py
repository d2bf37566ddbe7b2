"""What a site holds for one account at this moment: what a complete sync by that account must end with.

Written from what Atlassian says about permissions, not from any client and not from the handlers:

* A page is seen by whoever may view its space and satisfies the view restrictions of the page **and of each of its
  ancestors**; a restriction is satisfied by being named in it or by being in a group that is.
  https://confluence.atlassian.com/doc/page-restrictions-139414.html and
  https://support.atlassian.com/confluence-cloud/docs/manage-permissions-on-the-page-level/
* Folders, databases, whiteboards and smart links are ancestors like pages.
* Only current content counts: not the archive, not the trash, not drafts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.confluence.model import Comment, Content, Space, User
    from sandbox.confluence.store import Store

KINDS = ("page", "blogpost")


@dataclass(frozen=True)
class Level:
    """A view restriction: one of these people, or somebody of one of these groups."""

    content_id: str
    users: frozenset[str]
    groups: frozenset[str]


@dataclass(frozen=True)
class TrueContent:
    """A current page or blog post that the account sees."""

    id: str
    kind: str
    space_key: str
    title: str
    version: int
    modified_at: datetime
    parent_id: str | None
    labels: frozenset[str]
    storage: str
    subtype: str | None
    levels: tuple[Level, ...]  # of the content and its ancestors, from the top down; empty: nothing restricts it
    attachments: frozenset[str]  # ids of the current ones, with "att"
    comments: frozenset[str]  # ids of the current ones, replies and resolved ones too

    @property
    def restricted(self) -> bool:
        """Whether a view restriction holds here or above."""
        return bool(self.levels)


def truth_of(
    store: Store,
    space_keys: Iterable[str],
    account_id: str | None,
    *,
    kinds: Iterable[str] = KINDS,
    public: bool = False,
) -> dict[str, TrueContent]:
    """What the account sees in those spaces, by id.

    :param space_keys: keys or aliases; a space that does not exist, or that the account may not view, holds nothing.
    :param account_id: None: an anonymous visitor, who sees something only on a ``public`` site.
    """
    user = store.users.get(account_id) if account_id is not None else None
    spaces = {space.id: space for key in space_keys if (space := store.space_by_key(key))}
    wanted = frozenset(kinds)
    found: dict[str, TrueContent] = {}
    for content in sorted(store.contents.values(), key=lambda content: content.id):
        space = spaces.get(content.space_id)
        if space is None or content.kind not in wanted or content.status != "current":
            continue
        levels = _levels(store, content)
        if _views(space, user, public) and all(_satisfies(user, level) for level in levels):
            found[str(content.id)] = _true_content(store, space, content, levels)
    return found


def _views(space: Space, user: User | None, public: bool) -> bool:
    if user is None:
        return public and space.viewers is None
    if space.viewers is None or user.account_id in space.viewers:
        return True
    return not set(user.groups).isdisjoint(space.viewer_groups)


def _levels(store: Store, content: Content) -> tuple[Level, ...]:
    chain: list[Level] = []
    node: Content | None = content
    while node is not None:
        if node.read_users or node.read_groups:
            chain.insert(0, Level(str(node.id), frozenset(node.read_users), frozenset(node.read_groups)))
        node = store.contents.get(node.parent_id) if node.parent_id is not None else None
    return tuple(chain)


def _satisfies(user: User | None, level: Level) -> bool:
    if user is None:
        return False
    # A sandbox user who sees everything stands for a person that every restriction names.
    return user.sees_restricted or user.account_id in level.users or not level.groups.isdisjoint(user.groups)


def _true_content(store: Store, space: Space, content: Content, levels: tuple[Level, ...]) -> TrueContent:
    return TrueContent(
        id=str(content.id),
        kind=content.kind,
        space_key=space.active_key,
        title=content.title,
        version=content.version.number,
        modified_at=content.version.created_at,
        parent_id=None if content.parent_id is None else str(content.parent_id),
        labels=frozenset(content.labels),
        storage=content.storage.text(),
        subtype=content.subtype,
        levels=levels,
        attachments=frozenset(f"att{part.id}" for part in store.attachments_of(content.id) if part.status == "current"),
        comments=frozenset(str(comment.id) for comment in _comments(store, content) if comment.status == "current"),
    )


def _comments(store: Store, content: Content) -> list[Comment]:
    found = [*store.comments_of(content.id, "footer"), *store.comments_of(content.id, "inline")]
    for comment in found:
        found += store.replies_to(comment.id)
    return found
