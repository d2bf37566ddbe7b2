"""The brake: when a run would take so much out of Twig that a human has to say yes. Pure.

What counts is what may be a mistake: pages that were trashed, archived, moved or have vanished, and documents that would
lose their text without anybody having edited the page. A restriction that Confluence told is no mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    import pyarrow as pa

#: Stands for the text of a chunk where a manifest of format 1 did not write down how long a document is.
BYTES_A_CHUNK = 1_500
CAME_BACK_EMPTY = "the version that had text came back empty"
LIVE_DOC_EMPTY = "a live doc came back empty, which does not prove that somebody emptied it"


@dataclass(frozen=True)
class Amount:
    """Pages, and their text in bytes."""

    pages: int = 0
    text: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.pages + other.pages, self.text + other.text)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.pages - other.pages, self.text - other.text)


@dataclass(frozen=True)
class Brake:
    """The limits of a source.

    :param pages: losing at least so many pages asks, if they are at least ``share`` of the source.
    :param most: losing at least so many pages asks, whatever their share.
    """

    pages: int = 20
    share: float = 0.2
    most: int = 200

    def holds(self, lost: Amount, held: Amount) -> bool:
        """Whether a human must approve.

        :param lost: what the run would take out, as far as it may be a mistake. :param held: what Twig holds.
        """
        many = lost.pages >= self.pages and lost.pages >= self.share * held.pages
        return many or lost.pages >= self.most or 2 * lost.text > held.text


@dataclass(frozen=True)
class Shrunk:
    """A document that would replace one with much more text.

    :param version: of the page, as it was fetched now. :param lost: bytes of text that Twig would lose.
    :param emptied_by_nobody: the very version that had text came back without, or a live doc did: it is not sent,
        whatever anybody says.
    """

    page_id: str
    title: str
    url: str
    version: int
    reason: str
    lost: int
    emptied_by_nobody: bool = False


def text_of(row: Mapping[str, Any]) -> int:
    """Bytes of text of a document, of a row of the manifest or of ``documents``."""
    told = row.get("text_bytes")
    return int(row["chunk_count"]) * BYTES_A_CHUNK if told is None else int(told)


def amount_of(rows: Iterable[Mapping[str, Any]]) -> Amount:
    """How much these rows of the manifest are."""
    texts = [text_of(row) for row in rows]
    return Amount(len(texts), sum(texts))


def amount_of_table(table: pa.Table) -> Amount:
    """How much a manifest is: :data:`confluence_to_twig.staging.schemas.MANIFEST`."""
    import pyarrow.compute as pc

    by_chunks = pc.multiply(pc.cast(table["chunk_count"], "int64"), BYTES_A_CHUNK)
    texts = pc.coalesce(table["text_bytes"], by_chunks) if "text_bytes" in table.column_names else by_chunks
    return Amount(table.num_rows, pc.sum(texts).as_py() or 0)


def shrunk(document: Mapping[str, Any], known: Mapping[str, Any] | None) -> Shrunk | None:
    """Whether a document has lost text in a way that may be a mistake.

    A page that comes back empty although its version is the one that had text is Confluence's fault. One that is empty
    in a newer version was emptied by somebody, unless it is a live doc: the text of its current version may stand in the
    one before (https://github.com/atlassian/atlassian-mcp-server/issues/192). The same version with less than half of its text is the converter's doing.

    :param document: row of ``documents``. :param known: its row in the manifest, or None.
    """
    if known is None:
        return None
    comparable = known.get("text_bytes") is not None
    before, now = (text_of(row) if comparable else int(row["chunk_count"]) for row in (known, document))
    same_version = document["version"] == known["version"]
    # A page without a body may still have a list of files, or comments.
    emptied = now < before and (not now or document.get("body_bytes") == 0)
    if not emptied and not (same_version and 2 * now < before):
        return None
    if not emptied:
        reason = "its text has shrunk to less than half, though nobody edited it"
    elif same_version:
        reason = CAME_BACK_EMPTY
    else:
        reason = LIVE_DOC_EMPTY if document.get("live") else "it was emptied"
    lost = max(0, text_of(known) - text_of(document))
    return Shrunk(
        document["page_id"], document["title"], document["url"], document["version"], reason, lost,
        emptied_by_nobody=reason in (CAME_BACK_EMPTY, LIVE_DOC_EMPTY),
    )  # fmt: skip
