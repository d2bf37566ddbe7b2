"""The targets of a source: its own data source, and one for each audience that it has loaded pages for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from confluence_to_twig.planning.audience import EVERYBODY, Audience, described
from confluence_to_twig.sources.source import AUDIENCE_SEPARATOR
from confluence_to_twig.staging.audience_book import read_audience_book
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.parquet import iter_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.staging.audience_book import AudienceBook
    from confluence_to_twig.staging.layout import SourceStaging

#: Actions of pages that a data source holds after the run.
_SENT = ("fetch", "leave")


@dataclass(frozen=True)
class Target:
    """Where pages go, and what is known of those that are there.

    :param name: what the data source is called in Twig. :param folder: what its folder is called, with delivery ``files``.
    :param description: for people who see it in Twig. :param staging: where its manifest is.
    """

    name: str
    folder: str
    description: str
    staging: SourceStaging

    @property
    def key(self) -> str:
        """The audience that it is for; empty: the source's own, for everybody."""
        return self.staging.audience

    @cached_property
    def manifest(self) -> ManifestStore:
        """What it holds."""
        return ManifestStore(self.staging)

    def told(self, message: str) -> str:
        """A message about it, which names it where it is not the source's own."""
        return f"{self.name}: {message}" if self.key != EVERYBODY else message


@dataclass(frozen=True)
class Shipment:
    """What goes to one target, of the documents of a run.

    :param documents: one file a shard. :param chunks: the file of the same shard at the same place.
    :param hold: pages that stay behind. :param only: when given, all others do.
    :param quarantine: where documents that are refused are listed. :param is_whole: it is all that the run has for this target.
    """

    documents: Sequence[ObjectStoragePath]
    chunks: Sequence[ObjectStoragePath]
    hold: Collection[str]
    only: Collection[str] | None
    quarantine: ObjectStoragePath
    is_whole: bool


def fetched_by_target(run: Run) -> dict[str, set[str]]:
    """Ids of the pages that the run's plan sends to each target, by its key. A plan without routes sends all to the source's own."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in iter_rows(run.staging.plan, ["page_id", "target"], where=("action", ["fetch"])):
        found[row["target"] or EVERYBODY].add(row["page_id"])
    return found


def leaving_by_target(run: Run) -> dict[str, set[str]]:
    """Ids of the pages that have to go from each target, by its key, because they belong in another one."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in iter_rows(run.staging.plan, ["page_id", "leaves"], where=("action", _SENT)):
        for key in row["leaves"] or ():
            found[key].add(row["page_id"])
    return found


def targets_of(run: Run) -> list[Target]:
    """The source's own, and those of its audiences in the order in which they came."""
    return targets_in(run.source, run.source_staging)


def targets_in(source: Source, staging: SourceStaging) -> list[Target]:
    """The same, for whoever has no run."""
    book = read_audience_book(staging)
    own = Target(source.data_source_name, source.name, f"Confluence {source.space_label}", staging)
    return [own, *(_of_audience(source, staging, book, key) for key in book.entries)]


def _of_audience(source: Source, staging: SourceStaging, book: AudienceBook, key: str) -> Target:
    entry = book.entries[key]
    readers = "; and ".join(described(Audience.from_rows(entry.levels), book.names))
    return Target(
        f"{source.data_source_name}{AUDIENCE_SEPARATOR}{entry.label}",
        f"{source.name}--{key}",
        f"Confluence {source.space_label}, pages for {readers}"[:1_000],
        staging.of_audience(key),
    )
