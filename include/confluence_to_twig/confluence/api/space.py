"""A space, as far as a run needs to know it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.content import reading

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Space:
    """A space. May travel between tasks as JSON.

    :param id: numeric id: what stays when a key is renamed.
    :param key: the system key, which never changes.
    :param alias: the key that people see since a rename; ``None`` if there was none.
    :param status: ``current`` or ``archived``.
    """

    id: str
    key: str
    name: str
    type: str
    status: str
    homepage_id: str | None
    url: str
    alias: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, for XCom."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Space:
        """The reverse of :meth:`to_json`."""
        return cls(**values)


def space_from_v2(item: Any, links_base: str) -> Space:
    """Read a space of v2.

    :param links_base: base of the addresses that readers see.
    :raises confluence_to_twig.confluence.api.errors.BrokenAnswerError: when it lacks what every space has.
    """
    with reading(item):
        return _space(item, item.get("homepageId"), item.get("status") or "", links_base, "/spaces")


def space_from_v1(item: Any, links_base: str) -> Space:
    """Read a space of v1 with its homepage expanded. Data Center before 9 has no other address than ``/display/KEY``.

    :raises confluence_to_twig.confluence.api.errors.BrokenAnswerError: when it lacks what every space has.
    """
    with reading(item):
        homepage_id = (item.get("homepage") or {}).get("id")
        return _space(item, homepage_id, item.get("status") or "current", links_base, "/display")


def _space(item: Any, homepage_id: Any, status: str, links_base: str, place: str) -> Space:
    """What both APIs tell alike. :param place: of a space whose address nobody tells."""
    return Space(
        id=str(item["id"]),
        key=str(item["key"]),
        name=str(item.get("name") or item["key"]),
        type=item.get("type") or "",
        status=status,
        homepage_id=str(homepage_id) if homepage_id else None,
        url=links_base + ((item.get("_links") or {}).get("webui") or f"{place}/{item['key']}"),
        alias=item.get("currentActiveAlias"),
    )
