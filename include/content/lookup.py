"""What a shard's pages refer to by title: addresses from the inventory, bodies from the staged pages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from include.content.model import IncludedPage

_INCLUDE_MACRO = re.compile(r'ac:name="(?:include|include-page|excerpt-include)"')
_PAGE_REFERENCE = re.compile(r'ri:content-title="([^"]*)"')
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")


def title_key(title: str) -> str:
    """A title as Confluence compares it: case, white space and invisible characters do not matter."""
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFC", title))
    return " ".join(visible.split()).casefold()


@dataclass(frozen=True)
class Lookup:
    """Addresses and bodies by title.

    :param space_key: the space of the shard's pages, which references without a space key mean.
    :param urls: title key → URL, of the pages of that space.
    :param bodies: space key and title key → the page, for pages that a page of the shard includes.
    """

    space_key: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[tuple[str, str], IncludedPage] = field(default_factory=dict)

    def page_url(self, space_key: str | None, title: str) -> str | None:
        """The address of a page of this space; None for other spaces and unknown titles."""
        return self.urls.get(title_key(title)) if (space_key or self.space_key) == self.space_key else None

    def page_body(self, space_key: str | None, title: str) -> IncludedPage | None:
        """The body of a page that is included somewhere in the shard."""
        return self.bodies.get((space_key or self.space_key, title_key(title)))


def included_titles(storage: str) -> set[str]:
    """Titles of pages that a body may include: all that it refers to, if it has an include macro at all."""
    if not _INCLUDE_MACRO.search(storage):
        return set()
    return {title_key(unescape(title)) for title in _PAGE_REFERENCE.findall(storage)}
