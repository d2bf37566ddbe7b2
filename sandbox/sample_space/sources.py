"""Page sources: what an author writes, before it becomes storage format.

A file under ``pages/`` is one page: ``key: value`` lines, ``---``, then the body; ``.page`` files are in the authoring
format (:mod:`markup`), ``.xhtml`` files are storage format as it stands. The file's stem is the page's ref; the parent
is the page named like the folder unless ``parent`` says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from sandbox.sample_space.people import ACCOUNT_IDS
from sandbox.seed import SeedComment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

PACKAGE = "sandbox.sample_space"


@dataclass(frozen=True)
class PageSource:
    """One page as written. Times are UTC; ``None`` lets :mod:`history` decide."""

    ref: str
    title: str
    body: str
    parent: str | None = None
    kind: str = "page"
    status: str = "current"
    order: int = 100
    labels: tuple[str, ...] = ()
    author: str | None = None
    created: datetime | None = None
    modified: datetime | None = None
    version: int | None = None
    readers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    attach: tuple[str, ...] = ()
    comments: tuple[SeedComment, ...] = ()
    is_storage: bool = False


def written_pages() -> Iterator[PageSource]:
    """The pages kept as files.

    Raises:
        ValueError: a file without a title, or with a key no page has.
    """
    yield from _folder(files(PACKAGE) / "pages", None)


def _folder(folder: Traversable, parent: str | None) -> Iterator[PageSource]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from _folder(entry, entry.name)
        elif entry.name.endswith((".page", ".xhtml")):
            ref, _, form = entry.name.rpartition(".")
            yield parse_page(entry.read_text(encoding="utf-8"), ref, parent, is_storage=form == "xhtml")


def parse_page(text: str, ref: str, parent: str | None, *, is_storage: bool = False) -> PageSource:
    """The source from a file's text."""
    head, _, body = text.partition("\n---\n")
    fields: dict[str, list[str]] = {}
    for line in head.splitlines():
        key, colon, value = line.partition(": ")
        if not colon:
            raise ValueError(f"{ref}: {line!r} in the head is not 'key: value'")
        fields.setdefault(key, []).append(value)
    if unknown := fields.keys() - _KEYS:
        raise ValueError(f"{ref}: a page has no {', '.join(sorted(unknown))}; it may have {', '.join(sorted(_KEYS))}")
    if "title" not in fields:
        raise ValueError(f"{ref}: a page needs a title")
    one = {key: values[0] for key, values in fields.items()}
    return PageSource(
        ref=ref,
        title=one["title"].replace("\\u200b", "\u200b"),
        body=body.strip("\n"),
        parent=one.get("parent", parent),
        kind=one.get("kind", "page"),
        status=one.get("status", "current"),
        order=int(one.get("order", "100")),
        labels=words(one.get("labels", "")),
        author=one.get("author"),
        created=moment(one.get("created")),
        modified=moment(one.get("modified")),
        version=int(one["version"]) if "version" in one else None,
        readers=words(one.get("readers", "")),
        groups=words(one.get("groups", "")),
        attach=words(one.get("attach", "")),
        comments=tuple(_comment(ref, value) for value in fields.get("comment", ())),
        is_storage=is_storage,
    )


_KEYS = frozenset(
    {"title", "parent", "kind", "status", "order", "labels", "author", "created", "modified", "version"}
    | {"readers", "groups", "attach", "comment"}
)


def words(text: str) -> tuple[str, ...]:
    """The comma-separated words of a head line."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def moment(text: str | None) -> datetime | None:
    """A UTC time from ``2026-05-01`` or ``2026-05-01T09:30:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def _comment(ref: str, text: str) -> SeedComment:
    """``author | time | [inline or resolved: marked text] | storage``."""
    author, when, anchor, storage = (part.strip() for part in text.split("|", 3))
    kind, _, marked = anchor.partition(": ")
    created = moment(when)
    if created is None or kind not in ("footer", "inline", "resolved"):
        raise ValueError(f"{ref}: a comment reads 'author | time | footer, inline: text or resolved: text | storage'")
    return SeedComment(
        author=ACCOUNT_IDS[author],
        storage=storage,
        created_at=created,
        inline_anchor=marked or None,
        resolved=kind == "resolved",
    )
