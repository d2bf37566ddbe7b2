"""Who may read a page: restrictions intersect over the page and all its ancestors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Readers:
    """The read restriction of one level: who is named on it. Empty means that this level restricts nobody."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.users or self.groups)


UNRESTRICTED = Readers()
#: Stands for a level whose restrictions could not be read: it counts as closed to everybody.
NOBODY = Readers(groups=frozenset({"(unknown)"}))


def effective_restrictions(
    page_id: str, ancestor_ids: Iterable[str], own: Mapping[str, Readers]
) -> tuple[Readers, ...]:
    """The levels that a reader of the page must all pass, from the top down; empty for an open page.

    A page without a restriction of its own inherits every restriction above it, and one of its own narrows these, it
    never widens them (https://support.atlassian.com/confluence-cloud/docs/manage-permissions-on-the-page-level/).

    :param own: own-level restrictions by content id. A level that is missing here counts as closed (fail closed).
    """
    levels = (own.get(content_id, NOBODY) for content_id in (*ancestor_ids, page_id))
    return tuple(level for level in levels if level)


def readers_from_v1(read: Mapping[str, Any]) -> Readers:
    """Read ``restrictions.read`` of a v1 answer with users and groups expanded."""
    lists = read.get("restrictions") or {}
    users = (lists.get("user") or {}).get("results") or []
    groups = (lists.get("group") or {}).get("results") or []
    if not users and not groups:
        return UNRESTRICTED  # one for all: most pages of a large space are
    return Readers(
        frozenset(str(user.get("accountId") or user.get("userKey") or user.get("username") or "?") for user in users),
        frozenset(str(group.get("id") or group.get("name") or "?") for group in groups),
    )
