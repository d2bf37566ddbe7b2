"""Which spaces a source takes of those that the account sees. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class SomeSpace(Protocol):
    """A space, as far as patterns look at it."""

    @property
    def key(self) -> str: ...
    @property
    def alias(self) -> str | None: ...
    @property
    def type(self) -> str: ...
    @property
    def status(self) -> str: ...


S = TypeVar("S", bound=SomeSpace)


def chosen_spaces(wanted: Sequence[str], spaces: Iterable[S], *, archived: bool) -> tuple[list[S], list[str]]:
    """The spaces that fit one of the keys and patterns, and the keys that no space has.

    A key means its space, whatever that is. A pattern fits no archived space unless ``archived`` says so, and personal
    spaces only where it begins with ``~``.
    """
    patterns = [entry for entry in wanted if is_pattern(entry)]
    keys = set(wanted) - set(patterns)
    found: list[S] = []
    unknown = set(keys)
    for space in spaces:
        named = keys & {space.key, space.alias or space.key}
        unknown -= named
        if named or any(_fits(space, pattern, archived=archived) for pattern in patterns):
            found.append(space)
    return found, [entry for entry in wanted if entry in unknown]


def is_pattern(entry: str) -> bool:
    """Whether an entry of ``spaces`` may fit several spaces."""
    return "*" in entry or "?" in entry


def _fits(space: SomeSpace, pattern: str, *, archived: bool) -> bool:
    personal = space.type == "personal" or space.key.startswith("~")
    if personal != pattern.startswith("~") or (space.status == "archived" and not archived):
        return False
    return any(fnmatchcase(key, pattern) for key in (space.key, space.alias) if key)
