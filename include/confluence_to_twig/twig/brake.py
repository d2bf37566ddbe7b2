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
    """Pages, and their text in one measure."""

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

    :param version: of the page, as it was fetched now.
    :param lost_bytes: text that Twig would lose; 0 where the manifest does not know. :param lost_chunks: in chunks.
    :param emptied_by_nobody: the very version that had text came back without, or a live doc did: it is not sent,
        whatever anybody says.
    """

    page_id: str
    title: str
    url: str
    version: int
    reason: str
    lost_bytes: int
    lost_chunks: int
    emptied_by_nobody: bool = False


@dataclass(frozen=True)
class Measure:
    """How text is measured: in bytes, or in chunks where a manifest of format 1 did not write down the bytes of every page."""

    in_chunks: bool = False

    @classmethod
    def of(cls, manifest: pa.Table) -> Measure:
        """The measure that fits all rows of :data:`confluence_to_twig.staging.schemas.MANIFEST`."""
        return cls(in_chunks=manifest["text_bytes"].null_count > 0)

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> Amount:
        """How much these rows of the manifest are."""
        texts = [int(row["chunk_count"] if self.in_chunks else row["text_bytes"]) for row in rows]
        return Amount(len(texts), sum(texts))

    def table(self, manifest: pa.Table) -> Amount:
        """How much the whole manifest is."""
        import pyarrow.compute as pc

        texts = pc.sum(manifest["chunk_count" if self.in_chunks else "text_bytes"])
        return Amount(manifest.num_rows, texts.as_py() or 0)

    def losses(self, entries: Iterable[Shrunk]) -> Amount:
        """How much would be lost with these documents."""
        texts = [entry.lost_chunks if self.in_chunks else entry.lost_bytes for entry in entries]
        return Amount(len(texts), sum(texts))


def shrunk(document: Mapping[str, Any], known: Mapping[str, Any] | None) -> Shrunk | None:
    """Whether a document has lost text in a way that may be a mistake.

    A page that comes back empty although its version is the one that had text is Confluence's fault. One that is empty
    in a newer version was emptied by somebody, unless it is a live doc: the text of its current version may stand in the
    one before (https://github.com/atlassian/atlassian-mcp-server/issues/192). The same version with less than half of its text is the converter's doing.

    :param document: row of ``documents``. :param known: its row in the manifest, or None.
    """
    if known is None:
        return None
    name = "chunk_count" if known["text_bytes"] is None else "text_bytes"
    before, now = int(known[name]), int(document[name])
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
    return Shrunk(
        document["page_id"],
        document["title"],
        document["url"],
        document["version"],
        reason,
        lost_bytes=max(0, int(known["text_bytes"] or 0) - int(document["text_bytes"])),
        lost_chunks=max(0, int(known["chunk_count"]) - int(document["chunk_count"])),
        emptied_by_nobody=reason in (CAME_BACK_EMPTY, LIVE_DOC_EMPTY),
    )
