"""What hangs on each page of a space, as one short digest a page: attachments and comments make no version of the page.

One search for the whole space, in answers of 250 without bodies, sees what is new, edited, resolved, replaced or gone.
The search index lags behind: what it does not know yet is found in the next run.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from confluence_to_twig.confluence.api.attached import RESOLVED
from confluence_to_twig.confluence.api.cql import of_space
from confluence_to_twig.confluence.api.errors import ClientClosedError
from confluence_to_twig.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.space import Space

log = logging.getLogger(__name__)

LIMIT = 250
EXPAND = ("container", "version")
EXPAND_COMMENTS = (*EXPAND, "extensions.resolution")


@dataclass(frozen=True)
class AttachedDigests:
    """Digests by page id; pages that have nothing are left out. ``None``: not known.

    :param warning: why they are not known, if a human should hear of it.
    """

    attachments: Mapping[str, str] | None = None
    comments: Mapping[str, str] | None = None
    warning: str | None = None

    def on(self, inventory: pa.Table) -> pa.Table:
        """The inventory with both columns of digests filled in."""
        ids = inventory["page_id"].to_pylist()
        for kind, known in (("attachments", self.attachments), ("comments", self.comments)):
            name = f"{kind}_digest"
            column = pa.array([None if known is None else known.get(key, "") for key in ids], pa.string())
            inventory = inventory.set_column(
                inventory.schema.get_field_index(name), inventory.schema.field(name), column
            )
        return inventory


def read_attached_digests(
    client: ConfluenceClient, space: Space, *, attachments: Literal["none", "names", "text"], comments: bool
) -> AttachedDigests:
    """Ask search for all that hangs on pages of a space: one request for 250 attachments and comments.

    What the source does not use is not asked for, and no page has any of it. Never raises for an answer: a search that
    fails, and that of an archived space, which search does not see
    (https://github.com/langchain-ai/langchain-community/issues/328), tells nothing.
    """
    types = [name for name, wanted in (("attachment", attachments != "none"), ("comment", comments)) if wanted]
    found: dict[str, dict[str, str]] | None = {}
    warning = None
    if types and space.status == "archived":
        log.info("Search does not see archived spaces: new comments and attachments show with a page's next version")
        found = None
    elif types:
        try:
            expand = EXPAND_COMMENTS if comments else EXPAND
            found = digests(client.api.search(of_space(space.key, types), expand, LIMIT), mode=attachments)
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
        return None if found is None else found.get(kind, {})

    return AttachedDigests(told("attachment"), told("comment"), warning)


def digests(hits: Iterable[Any], *, mode: str) -> dict[str, dict[str, str]]:
    """Type → page id → digest of what hangs on it, resolved comments left out.

    :param hits: attachments and comments of v1 with container and version. One that does not say whose it is is passed
        over.
    :param mode: what is made of attachments; a digest changes with it.
    """
    entries: dict[str, dict[str, list[tuple[str, str, str]]]] = defaultdict(lambda: defaultdict(list))
    for hit in hits:
        page_id = _member(hit, "container", "id")
        if page_id is None or _member(hit, "extensions", "resolution", "status") == RESOLVED:
            continue
        kind = str(_member(hit, "type"))
        title = str(_member(hit, "title")) if kind == "attachment" else ""
        entries[kind][str(page_id)].append((str(_member(hit, "id")), str(_member(hit, "version", "number")), title))
    return {
        kind: {page_id: _digest(mode if kind == "attachment" else "", rows) for page_id, rows in pages.items()}
        for kind, pages in entries.items()
    }


def _member(item: Any, *names: str) -> Any:
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _digest(mode: str, rows: Iterable[tuple[str, str, str]]) -> str:
    return hashlib.sha256(json.dumps([mode, sorted(set(rows))]).encode()).hexdigest()[:16]
