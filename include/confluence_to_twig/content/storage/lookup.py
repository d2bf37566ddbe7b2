"""Resolve what a shard's pages refer to by title: addresses from the inventory, bodies from the staged pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING

from confluence_to_twig.content.anchors import LEGACY_EDITOR
from confluence_to_twig.planning.titles import title_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.content.model import IncludedPage

_INCLUDE_MACRO = re.compile(r'ac:name="(?:include|include-page|excerpt-include|multiexcerpt-include(?:-macro)?)"')
_PAGE_REFERENCE = re.compile(r'ri:content-title="([^"]*)"')
_PAGE_AS_TEXT = re.compile(r'<ac:parameter ac:name="(?:|pageTitle|PageWithExcerpt|page)">([^<]+)</ac:parameter>')
_SPACE_AND_TITLE = re.compile(r"(~?[A-Za-z0-9]+):(\S.*)", re.DOTALL)


@dataclass(frozen=True)
class Lookup:
    """Addresses and bodies by title. A reference without a space key means the space of the page that refers.

    :param urls: space key → title key → URL, of the pages of the source's spaces.
    :param titles: id → title, of the same pages; ``legacy``: ids of those of Cloud's legacy editor.
    :param bodies: space key and title key → the page, for pages that a page of the shard includes.
    """

    urls: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    legacy: frozenset[str] = frozenset()
    bodies: Mapping[tuple[str, str], IncludedPage] = field(default_factory=dict)

    def page_url(self, own: str, space_key: str | None, title: str) -> str | None:
        """The address of a page; None for unknown spaces and titles. :param own: key of the referring page's space."""
        return self.urls.get(space_key or own, {}).get(title_key(title))

    def page_title(self, page_id: str) -> str | None:
        """The title of a page of the source's spaces."""
        return self.titles.get(page_id)

    def page_editor(self, page_id: str) -> str | None:
        """:data:`~confluence_to_twig.content.anchors.LEGACY_EDITOR` for a page that is known to be one of that editor."""
        return LEGACY_EDITOR if page_id in self.legacy else None

    def page_body(self, own: str, space_key: str | None, title: str) -> IncludedPage | None:
        """The body of a page that is included somewhere in the shard. :param own: as for :meth:`page_url`."""
        return self.bodies.get((space_key or own, title_key(title)))


def space_and_title(reference: str) -> tuple[str | None, str]:
    """Space key and title of a page that is named as text: ``DOC:Install``. A blank shows that the colon is the title's own."""
    named = _SPACE_AND_TITLE.fullmatch(reference)
    return (named[1], named[2]) if named else (None, reference)


def included_titles(storage: str) -> set[str]:
    """Titles of pages that a body may include: all that it refers to, if it has an include macro at all."""
    if not _INCLUDE_MACRO.search(storage):
        return set()
    named = [space_and_title(unescape(text).strip())[1] for text in _PAGE_AS_TEXT.findall(storage)]
    return {title_key(title) for title in (*map(unescape, _PAGE_REFERENCE.findall(storage)), *named)}
