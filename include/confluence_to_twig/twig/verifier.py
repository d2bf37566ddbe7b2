"""Verify: check that Twig holds what the manifest says, finds what was loaded, and no longer finds what was deleted."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag

from confluence_to_twig.twig.client import DataSourceGone
from confluence_to_twig.twig.rarest import occurrences, queries
from confluence_to_twig.twig.shards import packages

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.delta import Package
    from confluence_to_twig.twig.models import Citation, DataSource
    from confluence_to_twig.twig.pruner import Deletion

    Search = Callable[[str], list[Citation]]

SAMPLE = 20
_RESULTS = 20
#: Pages whose words are counted to tell rare from common: enough for that, whatever the size of the run.
_COUNTED_PAGES = 2_000


@dataclass(frozen=True)
class Mismatch:
    """A page for which Twig does not answer as it should."""

    page_id: str
    title: str
    url: str
    problem: str


@dataclass
class Verdict:
    """Whether Twig holds what it should.

    :param checked: changed pages that were searched for. :param checked_deleted: deleted pages likewise.
    :param warnings: what could not be checked, and why.
    """

    documents_expected: int
    chunks_expected: int
    documents_found: int | None
    chunks_found: int | None
    checked: int = 0
    checked_deleted: int = 0
    problems: list[str] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems and not self.mismatches

    def as_dict(self) -> dict[str, Any]:
        """For XCom and the report."""
        return asdict(self) | {"ok": self.ok}

    def __str__(self) -> str:
        if self.ok:
            return f"Twig holds {self.documents_expected:,} pages and {self.chunks_expected:,} chunks as it should"
        pages = [f"{entry.title!r} ({entry.page_id}): {entry.problem}" for entry in self.mismatches]
        return "\n".join([*self.problems, *pages])


def verify(
    client: TwigClient,
    data_source: DataSource,
    manifest: ManifestStore,
    *,
    changed: Collection[str] = (),
    deleted: Sequence[Deletion] = (),
    documents: Sequence[ObjectStoragePath] = (),
    chunks: Sequence[ObjectStoragePath] = (),
    sample: int = SAMPLE,
) -> Verdict:
    """Compare Twig with the manifest. Call it when Twig has processed.

    :param changed: pages that the run loaded; up to ``sample`` of them are searched for by their own rarest words.
    :param deleted: pages that the run deleted; up to ``sample`` of them must not be cited for their title.
    :param documents: :param chunks: staging files of the run's shards, for the words.
    """
    verdict = _compare_counts(client, data_source, manifest)
    view = manifest.view(data_source.id)
    if not client.settings.org_id:
        if changed or deleted:
            verdict.warnings.append(
                "Not searched: the Twig connection has no organisation id; only counts were compared."
            )
        return verdict
    wanted = _sample([page_id for page_id in changed if view.row(page_id)], sample)
    # Twig does not hold pages that it refused or that another run replaced.
    pages = [page for page in packages(documents, chunks, set(wanted)) if _is_held(page, view)]
    counted = occurrences(pages, islice(packages(documents, chunks), _COUNTED_PAGES)) if pages else Counter[str]()
    search = partial(client.search, data_source_ids=[data_source.id], limit=_RESULTS)
    known = frozenset(view.table().column("url").to_pylist())
    for page in pages:
        if page.chunks and not _is_found(search, page, counted, known):
            verdict.mismatches.append(_mismatch(page, "a search for its own rarest words does not cite it"))
        verdict.checked += bool(page.chunks)
    gone = {entry.page_id: entry for entry in deleted if view.row(entry.page_id) is None}
    for page_id in _sample(list(gone), sample):
        verdict.checked_deleted += 1
        if _is_cited(search, gone[page_id]):
            entry = gone[page_id]
            verdict.mismatches.append(Mismatch(page_id, entry.title, entry.url, "it was deleted and is still cited"))
    return verdict


def _compare_counts(client: TwigClient, data_source: DataSource, manifest: ManifestStore) -> Verdict:
    view = manifest.view(data_source.id)
    current = client.get_data_source(data_source.id)
    if current is None:
        raise DataSourceGone
    table = view.table()
    verdict = Verdict(
        documents_expected=table.num_rows,
        chunks_expected=sum(table.column("chunk_count").to_pylist()),
        documents_found=current.document_count,
        chunks_found=current.chunk_count,
    )
    untold = [name for name, _, found in _counts(verdict) if found is None]
    if untold:
        verdict.warnings.append(f"Not compared: this Twig does not tell how many {' or '.join(untold)} it holds.")
    differing = [count for count in _counts(verdict) if count[2] not in (None, count[1])]
    if differing and _is_changing(current, view, manifest.view(data_source.id)):
        verdict.warnings.append("Counts were not compared: another run is writing, and compares when it is done.")
        return verdict
    verdict.problems += [
        f"Twig holds {found:,} {name}, the manifest {expected:,}: run the source with `repair` to find the pages and mend them"
        for name, expected, found in differing
    ]
    return verdict


def _counts(verdict: Verdict) -> list[tuple[str, int, int | None]]:
    return [
        ("pages", verdict.documents_expected, verdict.documents_found),
        ("chunks", verdict.chunks_expected, verdict.chunks_found),
    ]


def _is_changing(current: DataSource, before: ManifestView, after: ManifestView) -> bool:
    """Whether another run is between its first write and the end of Twig's processing: manifest and counts are then of
    different moments. That run's own verify comes after both."""
    is_written = before.seq != after.seq or bool(after.under_way()) or after.unprocessed
    return is_written or current.status in {"pending", "processing"}


def _is_held(page: Package, view: ManifestView) -> bool:
    row = view.row(page.page_id)
    return row is not None and row["content_hash"] == page.document["content_hash"]


def _is_found(search: Search, page: Package, counted: Counter[str], known: Collection[str]) -> bool:
    for query, text in queries(page, counted):
        found = search(query)
        if any(_cites(citation, page.page_id, page.document["url"]) for citation in found):
            return True
        # Another page has the same text: it is chance which of them is cited.
        if any(_address(citation) in known and _body(citation.text) == _body(text) for citation in found):
            return True
    return False


def _is_cited(search: Search, page: Deletion) -> bool:
    return any(_cites(citation, page.page_id, page.url) for citation in search(page.title or page.url))


def _cites(citation: Citation, page_id: str, url: str) -> bool:
    return _address(citation) == url if citation.url else citation.document_id == page_id


def _address(citation: Citation) -> str:
    return urldefrag(citation.url).url


def _body(text: str) -> str:
    """The text without its first line, which names the page."""
    return text.partition("\n")[2].strip()


def _sample(page_ids: Sequence[str], size: int) -> list[str]:
    """Some of the pages, spread over all of them, and the same ones when the task runs again."""
    return sorted(page_ids, key=lambda page_id: hashlib.sha256(page_id.encode()).digest())[:size]


def _mismatch(page: Package, problem: str) -> Mismatch:
    document = page.document
    return Mismatch(page.page_id, document["title"], document["url"], problem)
