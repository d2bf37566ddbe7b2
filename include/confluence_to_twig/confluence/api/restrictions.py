"""Who may read a page: restrictions intersect over the page and all its ancestors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.content import container_from_v1
from confluence_to_twig.confluence.api.errors import BrokenAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confluence_to_twig.confluence.api.content import Container

#: Expansions of a restriction request. ``content`` is documented; what it expands itself is written with a dot, as everywhere
#: in v1 (https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-restrictions/).
EXPAND_READERS = ("restrictions.user", "restrictions.group")
EXPAND_PLACE = ("content.ancestors",)


@dataclass(frozen=True)
class Readers:
    """The read restriction of one level: who is named on it. Empty means that this level restricts nobody."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.users or self.groups)


UNRESTRICTED = Readers()


@dataclass(frozen=True)
class Restriction:
    """What one restriction request tells of a content.

    :param readers: its own level alone. :param place: where the content is, if that was asked for and told.
    """

    readers: Readers
    place: Container | None = None


@dataclass(frozen=True)
class Access:
    """What is known of who may read a page.

    :param restricted_by: the topmost content, the page itself included, whose restriction Confluence told.
    :param unknown_at: the topmost content whose restriction nobody tells.
    :param restrictions: all that Confluence told: the content that one is set on, and who is named; from the top down.
    """

    restricted_by: str | None = None
    unknown_at: str | None = None
    restrictions: tuple[tuple[str, Readers], ...] = ()


OPEN = Access()


def effective_access(page_id: str, ancestor_ids: Iterable[str], own: Mapping[str, Readers]) -> Access:
    """Whether a page is open, restricted, or neither for certain.

    A page without a restriction of its own inherits every restriction above it, and one of its own narrows these, it
    never widens them (https://support.atlassian.com/confluence-cloud/docs/manage-permissions-on-the-page-level/).

    :param ancestor_ids: from the top down.
    :param own: own-level restrictions by content id; a level that is missing here is one that nobody tells.
    """
    levels = (*ancestor_ids, page_id)
    told = tuple((level, readers) for level in levels if (readers := own.get(level)))
    unknown_at = next((level for level in levels if own.get(level) is None), None)
    if not told and unknown_at is None:
        return OPEN
    return Access(told[0][0] if told else None, unknown_at, told)


def restriction_from_v1(answer: Any, content_id: str) -> Restriction:
    """Read the answer of a restriction request.

    :raises BrokenAnswerError: it does not hold both lists of readers.
    """
    return Restriction(readers_from_v1(answer), container_from_v1(answer.get("content"), content_id))


def told_readers(item: Mapping[str, Any]) -> Readers | None:
    """The own-level read restriction in a v1 content with ``restrictions`` expanded; ``None``: the answer does not tell."""
    try:
        return readers_from_v1((item.get("restrictions") or {}).get("read"))
    except (BrokenAnswerError, AttributeError):
        return None


def readers_from_v1(read: Any) -> Readers:
    """Read ``restrictions.read`` of a v1 answer with users and groups expanded.

    :raises BrokenAnswerError: it does not hold both lists. An answer that says nothing must not count as "open".
    """
    lists = read.get("restrictions") if isinstance(read, dict) else None
    users, groups = (_results(lists, name) for name in ("user", "group"))
    if not users and not groups:
        return UNRESTRICTED  # one for all: most pages of a large space are
    return Readers(
        frozenset(str(user.get("accountId") or user.get("userKey") or user.get("username") or "?") for user in users),
        frozenset(str(group.get("id") or group.get("name") or "?") for group in groups),
    )


def names_from_v1(item: Mapping[str, Any]) -> dict[str, str]:
    """Names of the people and groups in a v1 content with ``restrictions`` expanded, by the ids of :class:`Readers`.

    Of an answer that :func:`told_readers` can read.
    """
    lists = item["restrictions"]["read"]["restrictions"]
    users = {user.get("accountId") or user.get("userKey"): user.get("displayName") for user in _results(lists, "user")}
    groups = {group.get("id"): group.get("name") for group in _results(lists, "group")}
    return {str(key): str(name) for key, name in (users | groups).items() if key and name}


def _results(lists: Any, name: str) -> list[Any]:
    listed = lists.get(name) if isinstance(lists, dict) else None
    results = listed.get("results") if isinstance(listed, dict) else None
    if not isinstance(results, list) or not all(isinstance(reader, dict) for reader in results):
        raise BrokenAnswerError(f"A restriction came without its list of {name}s")
    return results
