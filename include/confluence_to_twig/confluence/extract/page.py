"""A fetched page, as it goes into Parquet, and the account of what became of every page that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import TYPE_CHECKING, Any, Literal

from confluence_to_twig.confluence.extract.files_left_out import LARGEST_FILE
from confluence_to_twig.confluence.extract.references import user_ids
from confluence_to_twig.staging.rows import ATTACHMENT_KIND

if TYPE_CHECKING:
    from confluence_to_twig.confluence.api.attached import Attachment, Comment
    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.extract.decorations import Decorations
    from confluence_to_twig.confluence.extract.people import People
    from confluence_to_twig.sources.fields import AttachmentsMode

#: A row of :data:`confluence_to_twig.staging.schemas.PAGES`.
Page = dict[str, Any]
#: A row of :data:`confluence_to_twig.staging.schemas.INVENTORY`; of its columns only ``ROW_COLUMNS`` are looked at.
Row = Mapping[str, Any]
ROW_COLUMNS = [
    "page_id",
    "space_id",
    "kind",
    "version",
    "title",
    "url",
    "parent_id",
    "ancestor_ids",
    "ancestors",
    "labels",
    "author_id",
    "editor",
    "audience",
    "levels",
    "files",
]


def slim_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows with what is looked at only, a fifth of their size: pages with the same parent share their path."""
    paths: dict[str | None, Row] = {}
    for row in rows:
        first = paths.setdefault(row["parent_id"], row)
        author = row["author_id"]
        shared = {"kind": intern(row["kind"]), "author_id": author and intern(author)}
        shared |= {"ancestor_ids": first["ancestor_ids"], "ancestors": first["ancestors"]}
        shared |= {"files": row.get("files") if row["kind"] == ATTACHMENT_KIND else None}
        slim = {name: row.get(name) for name in ROW_COLUMNS} | shared
        paths[row["parent_id"]] = slim if first is row else first
        yield slim


@dataclass(frozen=True)
class ExtractOptions:
    """What is fetched beside the body.

    :param comments: whether open footer and inline comments come along.
    :param attachments: nothing of them, their names and links, also the text of text-like files, or that of drawings alone, since
        the others are documents of their own.
    :param render_macros: whether pages that are little else than macros of the server are fetched rendered, too.
    :param restricted_pages: ``skip`` keeps the text of restricted pages out of pages that include them; ``audiences``
        lets it into those alone whose readers may all read it.
    :param attachment_max_bytes: larger files contribute no text.
    :param attachment_max_chars: text of one file is cut there.
    """

    comments: bool = False
    attachments: AttachmentsMode = "names"
    render_macros: bool = True
    restricted_pages: Literal["skip", "include", "audiences"] = "skip"
    attachment_max_bytes: int = LARGEST_FILE
    attachment_max_chars: int = 200_000


@dataclass(frozen=True)
class Failure:
    """A page that could not be fetched though Confluence has it: fits :data:`confluence_to_twig.staging.schemas.QUARANTINE`."""

    page_id: str
    title: str
    url: str
    version: int
    error_type: str
    error: str

    @classmethod
    def of(cls, row: Row, error: str, error_type: str = "UnavailableError") -> Failure:
        """The failure of a page of the inventory."""
        return cls(row["page_id"], row["title"], row["url"], row["version"], error_type, error)


@dataclass
class Account:
    """Every page asked for ends in exactly one of ``got``, ``gone`` and ``failed``.

    :param asked: ids of the pages asked for.
    :param got: ids of those fetched.
    :param gone: id → why it is not there any more.
    :param failed: pages that are there but cannot be fetched.
    :param included: ids of further pages that were fetched because one of these includes them.
    :param warnings: what went wrong beside the bodies: an unreadable attachment, a body that cannot be rendered.
    """

    asked: set[str] = field(default_factory=set)
    got: set[str] = field(default_factory=set)
    gone: dict[str, str] = field(default_factory=dict)
    failed: dict[str, Failure] = field(default_factory=dict)
    included: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)

    def is_open(self, page_id: str) -> bool:
        """Whether it was asked for and nothing is known yet."""
        settled = page_id in self.got or page_id in self.gone or page_id in self.failed
        return page_id in self.asked and not settled

    def knows(self, page_id: str) -> bool:
        """Whether it was asked for, for itself or to be included."""
        return page_id in self.asked or page_id in self.included


@dataclass(frozen=True)
class ExtractReport:
    """What became of the pages of a shard: ``asked == got + gone + failed``, always.

    :param asked: pages that the plan named.
    :param got: pages in the file, without those that are there only because others include them.
    :param reused: how many of these an earlier try had fetched.
    :param included: pages that are in the file only because others include them.
    :param gone_pages: id → why it is not there any more; the next sweep does not see these either.
    :param failures: pages that are there but cannot be fetched.
    :param warnings: sentences for a human.
    :param requests: HTTP requests of this try.
    :param seconds: wall time of this try; ``seconds_waited`` of it for rate limits.
    """

    asked: int
    got: int
    reused: int
    included: int
    gone_pages: dict[str, str]
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]
    requests: int
    seconds: float
    seconds_waited: float

    @property
    def gone(self) -> int:
        return len(self.gone_pages)

    @property
    def failed(self) -> int:
        return len(self.failures)

    def figures(self) -> dict[str, int | float]:
        """The counters, for reports and XCom."""
        return {
            "pages_asked": self.asked,
            "pages_got": self.got,
            "pages_reused": self.reused,
            "pages_included": self.included,
            "pages_gone": self.gone,
            "pages_failed": self.failed,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "seconds_waited": round(self.seconds_waited, 3),
        }


def page_row(
    content: Content, row: Row, space: Space, people: People, *, decorations: Decorations | None, included: bool = False
) -> Page:
    """Put a page together: what the fetched body says now, and from the inventory only what the body does not say.

    :param decorations: ``None`` for a page that is there only to be included.
    """
    attachments = decorations.attachments if decorations else ()
    comments = decorations.comments if decorations else ()
    texts = decorations.texts if decorations else {}
    mentioned = user_ids(content.storage or "")
    for comment in comments:
        mentioned |= user_ids(comment.storage) | ({comment.author_id} if comment.author_id else set())
    return {
        "page_id": content.id,
        "kind": content.kind,
        "space_id": space.id,
        "space_key": space.key,
        "space_name": space.name,
        "version": content.version,
        "title": content.title,
        "url": content.url,
        "parent_id": content.parent_id,
        "ancestor_ids": list(row["ancestor_ids"]),
        "ancestors": list(row["ancestors"]),
        "labels": list(row["labels"]),
        "author_id": content.author_id,
        "author_name": people.name(content.author_id),
        "created_at": content.created_at,
        "modified_at": content.modified_at,
        "storage": content.storage or "",
        "editor": row.get("editor"),
        "view": decorations.view if decorations else None,
        "users": people.among(mentioned),
        "attachments": [_attachment(attachment, texts) for attachment in attachments],
        "comments": [_comment(comment) for comment in comments],
        "included": included,
        "lacking": list(decorations.lacking) if decorations else [],
        "live": content.live,
        "audience": row.get("audience"),
        "levels": row.get("levels") if row.get("audience") is not None else None,
    }


def _attachment(attachment: Attachment, texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "title": attachment.title,
        "media_type": attachment.media_type,
        "file_size": attachment.file_size,
        # Without the version: what a reader opens is the newest one.
        "url": attachment.url.partition("?")[0],
        "text": texts.get(attachment.id),
    }


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.id,
        "kind": comment.kind,
        "author_id": comment.author_id,
        "created_at": comment.created_at,
        "anchor_text": comment.anchor_text,
        "storage": comment.storage,
    }
