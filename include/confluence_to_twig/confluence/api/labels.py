"""The labels of a whole space in few requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from sys import intern
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.content import reading
from confluence_to_twig.confluence.api.cql import labelled
from confluence_to_twig.confluence.api.errors import BrokenAnswerError
from confluence_to_twig.confluence.api.paging import content_id
from confluence_to_twig.confluence.api.restrictions import names_from_v1, told_readers
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.content.anchors import LEGACY_EDITOR

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from confluence_to_twig.confluence.api.interface import ContentApi
    from confluence_to_twig.confluence.api.restrictions import Readers
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.api.workers import Workers

#: Expands own-level restrictions and labels of v1 contents. Not those of ancestors: that fails whole batches
#: (https://jira.atlassian.com/browse/CONFCLOUD-77618).
EXPAND_TOLD = ("restrictions.read.restrictions.user", "restrictions.read.restrictions.group", "metadata.labels")
#: Expands the property that tells which editor of Cloud a page belongs to: ``metadata`` takes properties by their keys
#: (https://developer.atlassian.com/cloud/confluence/rest/api-group-content/).
EXPAND_EDITOR = "metadata.properties.editor"
#: Labels named in one query, to keep it short enough for an address.
LABELS_AT_ONCE = 50
#: Labels that search shows of a content where the answer does not say how many it would show.
LABELS_CUT_AT = 200
SEARCH_LIMIT = 250
SEARCHES_AT_ONCE = 3


def is_global(label: Mapping[str, Any]) -> bool:
    """Whether it is a label as readers see it: ``my:`` ones are private favourites, ``team:`` ones belong to spaces."""
    return label.get("prefix") in (None, "", "global")


def labels_from_v1(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Global labels of a v1 answer with ``metadata.labels`` expanded, sorted.

    :raises BrokenAnswerError: when they cannot be read.
    """
    with reading(item):
        labels = ((item.get("metadata") or {}).get("labels") or {}).get("results") or []
        return tuple(sorted({intern(str(label["name"])) for label in labels if is_global(label)}))


def labels_from_v2(items: Iterable[Any]) -> dict[str, str]:
    """The ids of the global labels of a v2 listing, by name.

    :raises BrokenAnswerError: when one cannot be read.
    """
    found: dict[str, str] = {}
    for label in items:
        with reading(label):
            if is_global(label):
                found[intern(str(label["name"]))] = str(label["id"])
    return found


def labels_may_be_cut(item: Mapping[str, Any]) -> bool:
    """Whether a content may have more labels than a v1 answer with ``metadata.labels`` expanded shows.

    The expanded list is a page of a listing with a ``limit`` of its own, 200 where it was seen
    (https://jira.atlassian.com/browse/CONFCLOUD-71415): a full page may be followed by another one.

    :raises BrokenAnswerError: when they cannot be read.
    """
    with reading(item):
        listed = (item.get("metadata") or {}).get("labels") or {}
        count, limit = len(listed.get("results") or []), listed.get("limit")
        more = bool((listed.get("_links") or {}).get("next"))
        return more or count >= (limit if isinstance(limit, int) else LABELS_CUT_AT)


def in_legacy_editor(item: Mapping[str, Any]) -> bool:
    """Whether a v1 answer with ``metadata.properties.editor`` expanded says that the page is one of the legacy editor.

    What does not say so, or cannot be read, is a page of the new editor.
    """
    node: Any = item
    for name in ("metadata", "properties", "editor", "value"):
        node = node.get(name) if isinstance(node, dict) else None
    return isinstance(node, str) and node == LEGACY_EDITOR


@dataclass
class Told:
    """What answers told of contents beside their version.

    :param readers: own-level read restriction by id. :param labels: global labels by id, sorted; contents without any may
        be left out. :param cut: ids of which the answer may not have shown all labels.
    :param names: names of the people and groups in restrictions, by their ids.
    :param legacy: ids of pages of the legacy editor.
    """

    readers: dict[str, Readers] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    legacy: set[str] = field(default_factory=set)

    def note(self, content_id: str, item: Mapping[str, Any]) -> None:
        """Take what a v1 content with restrictions and labels expanded tells; without a restriction, nothing."""
        readers = told_readers(item)
        if readers is None:
            return
        self.readers[content_id] = readers
        if readers:
            self.names |= names_from_v1(item)
        if in_legacy_editor(item):
            self.legacy.add(content_id)
        try:
            if labels_may_be_cut(item):
                self.cut.append(content_id)
            elif names := labels_from_v1(item):
                self.labels[content_id] = names
        except BrokenAnswerError:
            self.cut.append(content_id)

    def __ior__(self, other: Told) -> Told:
        self.readers |= other.readers
        self.labels |= other.labels
        self.cut += other.cut
        self.names |= other.names
        self.legacy |= other.legacy
        return self


def search_labels(
    api: ContentApi, workers: Workers, space: Space, kinds: Collection[str], names: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Ask for all contents that bear one of the labels, 250 in a request, each with all its labels.

    That takes a request for 250 labelled contents, where asking label by label takes one for 250 bearers of each. The
    answers of one search can only be read one after the other; so the labels are shared out among some searches that
    run at the same time, and what the one finds is left out of the next.
    """

    def read(question: tuple[Sequence[str], Sequence[str]]) -> dict[str, tuple[str, ...]]:
        asked, before = question
        cql = labelled(space.key, sorted(kinds), asked, before)
        hits = api.search(cql, ("metadata.labels",), SEARCH_LIMIT)
        return {content_id(item): _all_labels(api, item) for item in hits}

    found: dict[str, tuple[str, ...]] = {}
    for part in workers.map(read, _questions(sorted(names))):
        found |= part
    return found


def _all_labels(api: ContentApi, item: Mapping[str, Any]) -> tuple[str, ...]:
    if not labels_may_be_cut(item):
        return labels_from_v1(item)
    return api.labels_of(content_id(item), "blogpost" if item.get("type") == "blogpost" else "page")


def _questions(names: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Labels to ask for, and those to leave out as far as an address has room for them."""
    before: list[str] = []
    for asked in batches(names, min(LABELS_AT_ONCE, -(-len(names) // SEARCHES_AT_ONCE) or 1)):
        yield asked, before if len(names) <= LABELS_AT_ONCE else ()
        before = [*before, *asked]
