"""The labels of a whole space in few requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.confluence.cql import labelled
from include.confluence.workers import batches

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from include.confluence.api import ContentApi
    from include.confluence.space import Space

#: Labels named in one query, to keep it short enough for an address.
LABELS_AT_ONCE = 50
SEARCH_LIMIT = 250


def is_global(label: Mapping[str, Any]) -> bool:
    """Whether it is a label as readers see it: ``my:`` ones are private favourites, ``team:`` ones belong to spaces."""
    return label.get("prefix") in (None, "", "global")


def labels_from_v1(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Global labels of a v1 answer with ``metadata.labels`` expanded, sorted."""
    labels = ((item.get("metadata") or {}).get("labels") or {}).get("results") or []
    return tuple(sorted({str(label["name"]) for label in labels if is_global(label)}))


def search_labels(
    api: ContentApi, space: Space, kinds: Collection[str], names: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Ask for all contents that bear one of the labels, 250 in a request, each with all its labels.

    That takes a request for 250 labelled contents, where asking label by label takes one for 250 bearers of each.
    """
    found: dict[str, tuple[str, ...]] = {}
    for batch in batches(sorted(names), LABELS_AT_ONCE):
        for item in api.search(labelled(space.key, sorted(kinds), batch), ("metadata.labels",), SEARCH_LIMIT):
            found[str(item["id"])] = labels_from_v1(item)
    return found
