"""What Confluence says about a page or blog post, in one form for both of its APIs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from sys import intern
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from confluence_to_twig.confluence.api.errors import BrokenAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confluence_to_twig.confluence.api.labels import Told

Kind = Literal["page", "blogpost"]
KINDS: tuple[Kind, ...] = ("page", "blogpost")


@dataclass(frozen=True, slots=True)
class Content:
    """One page or blog post.

    :param modified_at: creation time of its current version.
    :param storage: the body in storage format; ``None`` when it was not asked for.
    :param status: ``current``, ``archived``, ``trashed``, ``draft`` …
    :param live: a live doc (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/, ``subtype``).
    """

    id: str
    kind: Kind
    status: str
    title: str
    space_id: str
    url: str
    version: int
    modified_at: datetime
    created_at: datetime | None = None
    author_id: str | None = None
    parent_id: str | None = None
    parent_type: str | None = None
    position: int | None = None
    storage: str | None = None
    live: bool = False


class Descendant(NamedTuple):
    """What a listing of a page tree tells of a content: ``page``, ``folder``, ``database``, ``whiteboard`` or ``embed``.

    :param depth: levels below the content whose tree was listed.
    """

    id: str
    type: str
    depth: int


@dataclass(frozen=True)
class Count:
    """How many contents a space has, for a sentence.

    :param number: contents counted. :param exact: False: there are more than that.
    """

    number: int
    exact: bool = True

    def __str__(self) -> str:
        counted = f"{self.number:,} {'page' if self.number == 1 else 'pages'}"
        return counted if self.exact else f"more than {counted}"


def count_above(counted: int, total: int | None) -> Count:
    """The count of a space of which a listing has shown ``counted`` contents, and not the end.

    :param total: what the search index says. It lags behind and does not see archived spaces, so that it may know of
        fewer than the listing showed; then it is not believed.
    """
    return Count(total) if total is not None and total > counted else Count(counted, exact=False)


@dataclass(frozen=True)
class Bodies:
    """What a question for bodies brought.

    :param most: rows of its first answer when that was not all; ``None`` when one answer held them all.
    """

    contents: list[Content]
    most: int | None = None


@dataclass(frozen=True)
class Listed:
    """What a walk through a space brought.

    :param contents: by id.
    :param problems: why it is not complete; empty for a walk that provably saw everything.
    :param told: restrictions and labels, where the listing itself tells them.
    """

    contents: dict[str, Content]
    problems: tuple[str, ...] = ()
    told: Told | None = None

    @property
    def complete(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Container:
    """A folder, database, whiteboard or embed: a node of the page tree that is no page."""

    id: str
    type: str
    title: str
    parent_id: str | None
    parent_type: str | None


def container_from_v2(item: Any, container_id: str, container_type: str) -> Container:
    """Read a folder, database, whiteboard or smart link of v2.

    :raises BrokenAnswerError: when it does not say what is above it: its place decides who may read what is below.
    """
    if not isinstance(item, dict) or str(item.get("id", "")) != container_id:
        raise BrokenAnswerError(f"The {container_type} {container_id} came incomplete")
    parent, title = item.get("parentId"), item.get("title")
    if parent is None and item.get("parentType"):
        raise BrokenAnswerError(f"The {container_type} {container_id} came without its parent")
    return Container(
        container_id,
        container_type,
        title if isinstance(title, str) else "",
        str(parent) if parent is not None else None,
        item.get("parentType"),
    )


def descendant_from_v2(item: Any) -> Descendant:
    """Read a row of ``/{kind}/{id}/descendants``.

    :raises BrokenAnswerError: when it lacks what every row has.
    """
    with reading(item):
        return Descendant(str(item["id"]), str(item["type"]), int(item["depth"]))


def container_from_v1(item: Any, container_id: str) -> Container | None:
    """Read a v1 content with ``ancestors`` expanded; ``None``: the answer does not say what is above it."""
    content = _object(item)
    ancestors, title = content.get("ancestors"), content.get("title")
    if str(content.get("id", "")) != container_id or not isinstance(ancestors, list) or not isinstance(title, str):
        return None
    if not ancestors:
        return Container(container_id, str(content.get("type")), title, None, None)
    parent = _object(ancestors[-1])
    if not parent.get("id") or not isinstance(parent.get("type"), str):
        return None
    return Container(container_id, str(content.get("type")), title, str(parent["id"]), parent["type"])


def parse_time(text: str | None) -> datetime | None:
    """ISO 8601 as Confluence sends it (``2026-11-22T10:00:00.123Z``), or ``None``. Without a zone it is taken for UTC."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def content_from_v2(item: dict[str, Any], kind: Kind, site_url: str) -> Content:
    """Read an item of a v2 listing (schema ``PageBulk`` or ``BlogPostBulk``).

    :param site_url: base for the page's address; what the answer calls ``base`` is not used, so that links stay the
        same through the gateway.
    :raises BrokenAnswerError: when it lacks what every content has.
    """
    with reading(item):
        return _from_v2(item, kind, site_url)


def _from_v2(item: dict[str, Any], kind: Kind, site_url: str) -> Content:
    version = item["version"]
    created, modified = item.get("createdAt"), version.get("createdAt")
    created_at = parse_time(created)
    body = item.get("body") or {}
    return Content(
        id=str(item["id"]),
        kind=kind,
        status=intern(str(item.get("status", "current"))),
        title=_text(item.get("title")),
        space_id=intern(str(item.get("spaceId") or "")),
        url=site_url + item.get("_links", {}).get("webui", ""),
        version=int(version["number"]),
        modified_at=_required(parse_time(modified) if modified and modified != created else created_at),
        created_at=created_at,
        author_id=_shared(item.get("authorId")),
        parent_id=_shared(item.get("parentId")),
        parent_type=_shared(item.get("parentType")),
        position=_whole(item.get("position")),
        storage=(body.get("storage") or {}).get("value"),
        live=item.get("subtype") == "live",
    )


def body_of(item: Any, representation: str) -> str:
    """The body of an answer that was asked for this representation: ``storage``, ``export_view``.

    :raises BrokenAnswerError: when it has none, which is not the same as an empty one.
    """
    with reading(item):
        return str(item["body"][representation]["value"])


def content_from_v1(item: dict[str, Any], site_url: str) -> Content:
    """Read an item of the v1 API with ``expand=version,history,ancestors,space`` (and ``body.storage``).

    :raises BrokenAnswerError: when it lacks what every content has.
    """
    with reading(item):
        return _from_v1(item, site_url)


def _from_v1(item: dict[str, Any], site_url: str) -> Content:
    version, history = item["version"], item.get("history") or {}
    ancestors = item.get("ancestors") or []
    author = history.get("createdBy") or {}
    position = (item.get("extensions") or {}).get("position")
    return Content(
        id=str(item["id"]),
        kind="blogpost" if item.get("type") == "blogpost" else "page",
        status=intern(str(item.get("status", "current"))),
        title=_text(item.get("title")),
        space_id=str((item.get("space") or {}).get("id") or ""),
        url=site_url + item.get("_links", {}).get("webui", ""),
        version=int(version["number"]),
        modified_at=_required(parse_time(version.get("when"))),
        created_at=parse_time(history.get("createdDate")),
        author_id=user_id_v1(author),
        parent_id=str(ancestors[-1]["id"]) if ancestors else None,
        parent_type="page" if ancestors else None,
        position=_whole(position),
        storage=((item.get("body") or {}).get("storage") or {}).get("value"),
    )


@dataclass(frozen=True)
class Placed:
    """Where a content is, as far as v1 tells it. :param above: ids from the top down; None: not told."""

    version: int
    above: tuple[str, ...] | None


def placed_from_v1(item: Any) -> Placed:
    """Read an item of the v1 API with ``expand=version,ancestors``.

    :raises BrokenAnswerError: when it has no version.
    """
    with reading(item):
        above = item.get("ancestors")
        return Placed(
            int(item["version"]["number"]), None if above is None else tuple(str(node["id"]) for node in above)
        )


def user_id_v1(user: Mapping[str, Any]) -> str | None:
    """What a user of a v1 answer is known by: the account id on Cloud, the user key on Data Center."""
    return user.get("accountId") or user.get("userKey") or user.get("username") or None


def named_in_v1(item: Any) -> dict[str, str]:
    """Display names by id of those who created and changed a content or comment, as far as its answer names them."""
    people = (
        _object(_object(item).get(part)).get(role) for part, role in (("history", "createdBy"), ("version", "by"))
    )
    named = ((user_id_v1(user), user.get("displayName")) for user in map(_object, people))
    return {key: name for key, name in named if isinstance(key, str) and isinstance(name, str) and name}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


@contextmanager
def reading(item: Any) -> Iterator[None]:
    """Turn what an odd item makes of its reader into the error of a broken answer.

    :raises BrokenAnswerError: naming the item, if it says who it is.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        named = item.get("id") if isinstance(item, dict) else "of an answer"
        raise BrokenAnswerError(f"The content {named} came incomplete: {error!r}") from error


def _required(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError("no version time")
    return moment


def _text(value: object) -> str:
    if not isinstance(value, str | None):
        raise TypeError(f"a text is {value!r}"[:100])
    return value or ""


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _shared(value: object) -> str | None:
    # Thousands of pages have the same few authors and parents: one string each is enough.
    return intern(str(value)) if value else None
