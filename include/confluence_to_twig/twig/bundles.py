"""Which pages share a file, where a Twig plan takes fewer files than there are pages. Pure.

Each page at the top of the tree has a bundle for what is below it. The pages at the top share one, and so do the blog posts,
which are in no tree. A bundle has at most :data:`MAX_PAGES` pages: it covers a range of page ids, and one that grows beyond
that is cut. The bounds are in the names of the files, so a page stays where it is when others come and go, and an edit
rewrites one file. New pages have the highest ids, and so the last bundle of a subtree grows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluence_to_twig.staging.rows import ATTACHMENT_KIND
from confluence_to_twig.twig.file_format import MAX_FILE_BYTES, slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from confluence_to_twig.twig.file_format import Suffix

MAX_PAGES = 200
#: Of Markdown. A file has addresses and places besides, and Twig takes at most 50 MB.
MAX_TEXT_BYTES = MAX_FILE_BYTES // 2
TOP, BLOG = "top", "blog"
_KEY = re.compile(r"pages-([0-9a-z]+)-(\d+)")
_NAME = re.compile(rf"({_KEY.pattern})(?:-[a-z0-9-]*)?\.(?:md|docx|txt)")


@dataclass(frozen=True, order=True)
class Bundle:
    """A bundle. :param tree: id of the page at the top of its tree, ``top`` or ``blog``. :param first: its lowest page id."""

    tree: str
    first: int

    def __str__(self) -> str:
        return f"pages-{self.tree}-{self.first}"


@dataclass(frozen=True)
class Member:
    """What decides where a page goes. :param top: title of the page at the top of its tree; of itself if it is at the top."""

    page_id: str
    tree: str
    top: str
    text_bytes: int

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Member:
        """The page of a manifest row or a document."""
        ids, titles = row["ancestor_ids"], row["ancestors"]
        size = row["text_bytes"]
        size = size if isinstance(size, int) else 0
        if row["kind"] == "blogpost":
            return cls(str(row["page_id"]), BLOG, "blog posts", size)
        if row["kind"] == ATTACHMENT_KIND and isinstance(ids, list) and isinstance(titles, list):
            ids, titles = ids[:-1], titles[:-1]  # a file lies where its page does; those of blog posts at the top
        if isinstance(ids, list) and isinstance(titles, list) and ids:
            return cls(str(row["page_id"]), str(ids[0]), str(titles[0]), size)
        return cls(str(row["page_id"]), TOP, "top pages", size)

    @property
    def number(self) -> int:
        """Its id as a number: newer pages and files have higher ones. Those of files have the prefix ``att`` on Cloud."""
        return int(self.page_id.removeprefix("att"))


Placement = dict[Bundle, list[Member]]


def place(members: Iterable[Member], existing: Iterable[Bundle], *, cut: bool = True) -> Placement:
    """Each page's bundle; bundles without a page are left out.

    :param existing: the bundles that there are; one that would become too large is cut, and nothing else moves.
    :param cut: False: leave those as they are.
    """
    bounds: dict[str, list[int]] = defaultdict(lambda: [0])
    for bundle in sorted(existing):
        if bundle.first:
            bounds[bundle.tree].append(bundle.first)
    found: Placement = defaultdict(list)
    for member in sorted(members, key=lambda member: member.number):
        numbers = bounds[member.tree]
        found[Bundle(member.tree, numbers[bisect_right(numbers, member.number) - 1])].append(member)
    if not cut:
        return dict(found)
    return {part: inside for bundle, all_of in found.items() for part, inside in _cut(bundle, all_of)}


def _cut(bundle: Bundle, members: Sequence[Member]) -> Iterable[tuple[Bundle, list[Member]]]:
    parts: list[tuple[Bundle, list[Member]]] = []
    room, size = 0, 0
    for member in members:
        size += member.text_bytes
        if not parts or not room or size > MAX_TEXT_BYTES:
            parts.append((Bundle(bundle.tree, member.number) if parts else bundle, []))
            room, size = MAX_PAGES, member.text_bytes
        parts[-1][1].append(member)
        room -= 1
    return parts


def file_name(bundle: Bundle, top: str, suffix: Suffix) -> str:
    """``pages-<id of the top page>-<lowest page id>-<slug of the top page's title>.<suffix>``."""
    return f"{bundle}{slug(top)}.{suffix}"


def bundle_of(name: str) -> Bundle | None:
    """The bundle in a file name; None for other files."""
    match = _NAME.fullmatch(name)
    return Bundle(match[2], int(match[3])) if match else None
