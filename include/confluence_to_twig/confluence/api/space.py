"""A space, as far as a run needs to know it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

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
