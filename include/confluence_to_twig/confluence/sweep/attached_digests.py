"""What hangs on each page of a space: attachments and comments make no version of the page.

One short digest a page tells whether anything changed of what the page's document shows of them. The files that are to be
documents of their own (:mod:`.attached_files`) come with it. One search for the whole space, in answers of 250 without bodies,
sees what is new, edited, resolved, replaced or gone. The search index lags behind: what it does not know yet is found in the
next run.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from confluence_to_twig.confluence.api.attached import RESOLVED
from confluence_to_twig.confluence.api.cql import of_space
from confluence_to_twig.confluence.api.errors import ClientClosedError
from confluence_to_twig.confluence.sweep.attached_files import file_of_hit, with_files
from confluence_to_twig.content.attachments.own_documents import stays_with_page
from confluence_to_twig.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.sources.fields import AttachmentsMode
    from confluence_to_twig.staging.rows import FileRow

log = logging.getLogger(__name__)

LIMIT = 250
EXPAND = ("container", "version")
EXPAND_COMMENTS = (*EXPAND, "extensions.resolution")


@dataclass(frozen=True)
class AttachedDigests:
    """Digests by page id; pages that have nothing are left out. ``None``: not known.

    :param files: the files that are to be documents of their own, by page id; ``None``: not known, or not wanted.
    :param warning: why they are not known, if a human should hear of it.
    """

    attachments: Mapping[str, str] | None = None
    comments: Mapping[str, str] | None = None
    files: Mapping[str, Sequence[FileRow]] | None = None
    warning: str | None = None

    def on(self, inventory: pa.Table) -> pa.Table:
        """The inventory with what is known of it filled in."""
        ids = inventory["page_id"].to_pylist()
        for kind, known in (("attachments", self.attachments), ("comments", self.comments)):
            name = f"{kind}_digest"
            column = pa.array([None if known is None else known.get(key, "") for key in ids], pa.string())
            inventory = inventory.set_column(
                inventory.schema.get_field_index(name), inventory.schema.field(name), column
            )
        return inventory if self.files is None else with_files(inventory, self.files, otherwise=())


def read_attached_digests(
    client: ConfluenceClient, space: Space, *, attachments: AttachmentsMode, comments: bool
) -> AttachedDigests:
    """Ask search for all that hangs on pages of a space: one request for 250 attachments and comments.

    What the source does not use is not asked for, and no page has any of it. Never raises for an answer: a search that
    fails, and that of an archived space, which search does not see
    (https://github.com/langchain-ai/langchain-community/issues/328), tells nothing.
    """
    types = [name for name, wanted in (("attachment", attachments != "none"), ("comment", comments)) if wanted]
    found: Hanging | None = Hanging(attachments, client.api.links_base)
    warning = None
    if types and space.status == "archived":
        log.info("Search does not see archived spaces: new comments and attachments show with a page's next version")
        found = None
    elif types:
        try:
            expand = EXPAND_COMMENTS if comments else EXPAND
            hits = client.api.search(of_space(space.key, types), expand, LIMIT)
            found = hanging(hits, attachments, client.api.links_base)
        except ClientClosedError:
            raise
        except PipelineError as error:
            found = None
            warning = (
                f"Changes of {' and '.join(f'{name}s' for name in types)} cannot be seen in this run, the next one looks "
                f"again: {error.summary}"
            )

    def told(kind: str) -> Mapping[str, str] | None:
        if kind not in types:
            return {}
        return None if found is None else found.digests(kind)

    files = found.files if found is not None and attachments == "documents" else None
    return AttachedDigests(told("attachment"), told("comment"), files, warning)


def hanging(hits: Iterable[Any], mode: AttachmentsMode, links_base: str = "") -> Hanging:
    """What hangs on pages.

    :param hits: attachments and comments of v1 with container and version. One that does not say whose it is is passed
        over.
    """
    found = Hanging(mode, links_base)
    for hit in hits:
        found.add(hit)
    return found


@dataclass
class Hanging:
    """What hangs on pages, resolved comments left out.

    :param mode: what is made of attachments. A digest changes with what a page's document shows of them: their names, and what is
        in all of them, or in drawings.
    :param files: by page id, with ``documents`` those that are to be documents of their own.
    """

    mode: AttachmentsMode
    links_base: str
    files: dict[str, list[FileRow]] = field(default_factory=dict)
    _entries: dict[str, dict[str, list[tuple[str, str, str]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, hit: Any) -> None:
        """Take in a hit of a search."""
        page_id = _member(hit, "container", "id")
        if page_id is None or _member(hit, "extensions", "resolution", "status") == RESOLVED:
            return
        kind, version, title = str(_member(hit, "type")), str(_member(hit, "version", "number")), ""
        if kind == "attachment":
            title = str(_member(hit, "title"))
            version = version if self._shows_content(title, str(_member(hit, "extensions", "mediaType"))) else ""
            if self.mode == "documents" and (file := file_of_hit(hit, self.links_base)):
                self.files.setdefault(str(page_id), []).append(file)
        self._entries[kind][str(page_id)].append((str(_member(hit, "id")), version, title))

    def digests(self, kind: str) -> dict[str, str]:
        """Page id → digest of its attachments, or of its comments. :param kind: ``attachment`` or ``comment``."""
        marker = "" if kind != "attachment" else "text" if self.mode == "text" else "names"
        return {page_id: _digest(marker, rows) for page_id, rows in self._entries.get(kind, {}).items()}

    def _shows_content(self, title: str, media_type: str) -> bool:
        """Whether the page's document shows what is in a file."""
        return self.mode == "text" or (self.mode == "documents" and stays_with_page(title, media_type))


def _member(item: Any, *names: str) -> Any:
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _digest(mode: str, rows: Iterable[tuple[str, str, str]]) -> str:
    return hashlib.sha256(json.dumps([mode, sorted(set(rows))]).encode()).hexdigest()[:16]
