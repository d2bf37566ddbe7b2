"""The few queries that are asked in Confluence's query language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def quoted(text: str) -> str:
    """A value in quotes; personal space keys (``~…``) fail without them."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def of_space(key: str, types: Iterable[str]) -> str:
    """Everything of these types in a space."""
    return f"space={quoted(key)} and type in ({','.join(types)})"


def of_spaces(keys: Sequence[str], types: Iterable[str]) -> str:
    """Everything of these types in any of these spaces."""
    if len(keys) == 1:
        return of_space(keys[0], types)
    return f"space in ({','.join(map(quoted, keys))}) and type in ({','.join(types)})"


def labelled(key: str, types: Iterable[str], labels: Iterable[str], but_not: Sequence[str] = ()) -> str:
    """Everything of these types in a space that bears one of the labels and none of ``but_not``."""
    without = f" and label not in ({','.join(map(quoted, but_not))})" if but_not else ""
    return f"{of_space(key, types)} and label in ({','.join(map(quoted, labels))}){without}"


def with_ids(ids: Iterable[str]) -> str:
    """Contents by id, of any type."""
    return f"id in ({','.join(ids)})"


def ids_in_space(key: str, ids: Iterable[str]) -> str:
    """Contents by id, as far as they are in a space."""
    return f"space={quoted(key)} and {with_ids(ids)}"


def inside(ids: Iterable[str], types: Iterable[str]) -> str:
    """What is attached to, or commented on, these contents."""
    return f"type in ({','.join(types)}) and container in ({','.join(ids)})"


def modified_lately(keys: Sequence[str], types: Iterable[str], minutes: int) -> str:
    """Everything of these types in any of these spaces that was made or changed in the last minutes. Relative, so that no zone matters
    (https://developer.atlassian.com/cloud/confluence/cql-functions/)."""
    return f'{of_spaces(keys, types)} and lastmodified >= now("-{minutes}m")'
