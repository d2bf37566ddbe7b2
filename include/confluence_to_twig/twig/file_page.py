"""What a file for Twig says about a page, whatever the format of the file. Pure.

Twig cites an uploaded file by its file name (https://help.twig.so/product/data-integrations/files), and cuts it into
512-token pieces by itself. So the text contains the address of the page, once in each passage that is about as long as
such a piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confluence_to_twig.staging.rows import BundledRow
    from confluence_to_twig.twig.delta import Package


@dataclass(frozen=True)
class Passage:
    """A chunk. :param place: title and headings that it stands under; plain text. :param markdown: its text."""

    place: str
    markdown: str
    url: str


@dataclass(frozen=True)
class FilePage:
    """A page as a file shows it."""

    page_id: str
    title: str
    url: str
    space_key: str
    ancestors: tuple[str, ...]
    labels: tuple[str, ...]
    version: int
    modified_at: datetime
    texts: tuple[tuple[str, str], ...]  # text and address of each chunk

    @classmethod
    def of(cls, package: Package) -> FilePage:
        """The page of a package."""
        document = package.document
        return cls(
            document["page_id"],
            document["title"],
            document["url"],
            document["space_key"],
            tuple(document["ancestors"]),
            tuple(document["labels"]),
            document["version"],
            document["modified_at"],
            tuple((chunk["text"], chunk["url"]) for chunk in package.chunks),
        )

    @classmethod
    def from_row(cls, row: BundledRow) -> FilePage:
        """The page of a row that :meth:`row` made."""
        return cls(
            row["page_id"],
            row["title"],
            row["url"],
            row["space_key"],
            tuple(row["ancestors"]),
            tuple(row["labels"]),
            row["version"],
            row["modified_at"],
            tuple((text["text"], text["url"]) for text in row["texts"]),
        )

    def row(self) -> BundledRow:
        """As :data:`confluence_to_twig.staging.schemas.BUNDLED`."""
        return {
            "page_id": self.page_id,
            "title": self.title,
            "url": self.url,
            "space_key": self.space_key,
            "ancestors": list(self.ancestors),
            "labels": list(self.labels),
            "version": self.version,
            "modified_at": self.modified_at,
            "texts": [{"text": text, "url": url} for text, url in self.texts],
        }

    @property
    def name(self) -> str:
        """The title on one line."""
        return " ".join(self.title.split())

    @property
    def modified(self) -> str:
        """The time of the last change, ISO 8601 in UTC."""
        return self.modified_at.isoformat().replace("+00:00", "Z")

    @property
    def facts(self) -> dict[str, str]:
        """What stands below the title: each fact on a line. The address comes first."""
        facts = {
            "Address": self.url,
            "Space": self.space_key,
            "Path": " › ".join(self.ancestors),
            "Labels": ", ".join(self.labels),
            "Modified": f"{self.modified} (version {self.version})",
        }
        return {name: " ".join(value.split()) for name, value in facts.items() if value}

    @property
    def passages(self) -> list[Passage]:
        """The text. A chunk begins with a line that names its place, followed by a blank line."""
        cut = ((text.strip().partition("\n\n"), url) for text, url in self.texts)
        return [Passage(place if body else "", body or place, url) for (place, _, body), url in cut]
