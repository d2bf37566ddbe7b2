"""Verify: check that Twig holds what the manifest says, cites what was loaded, and no longer cites what was deleted.

The exact part comes first (:mod:`confluence_to_twig.twig.holdings`), then questions
(:mod:`confluence_to_twig.twig.citations`). Only what Twig itself contradicts fails a run; a page that is not cited is a
warning with its evidence.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol

from confluence_to_twig.staging.files import at_hand
from confluence_to_twig.twig.citations import RESULTS, Inquiry, Sample, address, is_cited_as
from confluence_to_twig.twig.distinct import ENOUGH, count, questions
from confluence_to_twig.twig.finding import OF_SEARCH, OF_THE_LIST, Finding
from confluence_to_twig.twig.holdings import Held, Holder, compare
from confluence_to_twig.twig.shards import packages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.twig.delta import Package
    from confluence_to_twig.twig.drift import ManifestSource
    from confluence_to_twig.twig.models import Citation, DataSource
    from confluence_to_twig.twig.pruner import Deletion
    from confluence_to_twig.twig.settings import TwigSettings

SAMPLE = 20
#: Pages whose distinctness is measured to choose the sample from, for each page of it.
_CANDIDATES = 3
#: Pages whose words are counted to tell own from shared: enough for that, whatever the size of the run.
_COUNTED_PAGES = 2_000
#: Pages that earlier runs found open and that one run asks for again.
_ASKED_AGAIN = 50


class Searcher(Protocol):
    """What the questions ask of Twig's client."""

    settings: TwigSettings

    def search(self, query: str, data_source_ids: Sequence[str], limit: int = 20) -> list[Citation]:
        """Chunks that answer a query, best first."""
        ...


class Twig(Holder, Searcher, Protocol):
    """What verify asks of Twig's client."""


@dataclass(frozen=True)
class Loaded:
    """What a run brought to Twig.

    :param changed: page ids. :param documents: :param chunks: staging files of the run's shards, for their words.
    """

    changed: Sequence[str] = ()
    deleted: Sequence[Deletion] = ()
    documents: Sequence[ObjectStoragePath] = ()
    chunks: Sequence[ObjectStoragePath] = ()


@dataclass(frozen=True)
class Before:
    """What earlier runs left open.

    :param whole: all documents are due to be compared one by one. :param excuses: what excused the last run.
    :param late: Twig did not end its processing in the time that this run waited for it.
    """

    findings: Sequence[Finding] = ()
    whole: bool = False
    excuses: frozenset[str] = frozenset()
    late: bool = False


@dataclass
class Verdict:
    """Whether Twig holds and cites what it should.

    :param checked: pages that were asked for. :param cited: those of them that are cited.
    :param excused: page title and address → why it says nothing that the page is not cited.
    :param checked_deleted: deleted pages that were asked for.
    :param findings: everything that is open, proven or not. :param warnings: what could not be checked, and why.
    """

    held: Held
    checked: int = 0
    cited: int = 0
    excused: dict[str, str] = field(default_factory=dict)
    checked_deleted: int = 0
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when nothing is proven wrong."""
        return not any(finding.is_proven for finding in self.findings)

    @property
    def clean(self) -> bool:
        """True when nothing is even suspicious."""
        return not self.findings and not self.warnings

    def figures(self) -> dict[str, int]:
        """What was compared and asked for, for the report, the asset event and the page."""
        return {
            "compared": self.held.compared,
            "searched": self.checked,
            "cited": self.cited,
            "excused": len(self.excused),
            "searched_deleted": self.checked_deleted,
            "open": len(self.findings),
        }

    def __str__(self) -> str:
        if self.ok:
            return f"Twig holds {self.held.pages:,} pages and {self.held.chunks:,} chunks as it should"
        return "\n".join(str(finding) for finding in self.findings)


def verify(
    client: Twig,
    data_source: DataSource,
    manifest: ManifestSource,
    loaded: Loaded | None = None,
    before: Before | None = None,
    *,
    run_id: str = "",
    sample: int = SAMPLE,
) -> Verdict:
    """Compare Twig with the manifest, and ask it for pages. Call it when Twig has processed.

    :param sample: so many of the changed pages, and of the deleted ones, are asked for.
    :raises DataSourceGone: the data source is not there.
    """
    loaded, before = loaded or Loaded(), before or Before()
    open_in_list = any(finding.kind in OF_THE_LIST for finding in before.findings)
    held = compare(
        client,
        data_source,
        manifest,
        touched=loaded.changed,
        # A page that was deleted is proven gone only at the end of the list.
        whole=before.whole or open_in_list or bool(before.excuses or loaded.deleted),
        run_id=run_id,
        excused_before=before.excuses,
        late=before.late,
    )
    verdict = Verdict(held, findings=list(held.findings), warnings=list(held.warnings))
    ask(client, data_source, manifest.view(data_source.id), loaded, before.findings, verdict, sample=sample)
    return verdict


def ask(
    client: Searcher,
    data_source: DataSource,
    view: ManifestView,
    loaded: Loaded,
    open_findings: Iterable[Finding],
    verdict: Verdict,
    *,
    files: Mapping[str, str] | None = None,
    sample: int = SAMPLE,
) -> None:
    """Ask Twig for pages of the run, and for those that earlier runs found open; what comes out goes into the verdict.

    :param files: page id → name of its file, where Twig got the pages as files.
    """
    asked_before = [finding for finding in open_findings if finding.kind in OF_SEARCH]
    if client.settings.org_id:
        inquiry = Inquiry(partial(client.search, data_source_ids=[data_source.id], limit=RESULTS))
        _ask_for_loaded(inquiry, verdict, view, loaded, asked_before, sample, files or {})
        _ask_for_deleted(inquiry, verdict, view, loaded.deleted, asked_before, sample)
    elif loaded.changed or loaded.deleted or asked_before:
        verdict.findings += asked_before
        verdict.warnings.append("Not searched: the Twig connection has no organisation id; only counts were compared.")


def _ask_for_loaded(
    inquiry: Inquiry,
    verdict: Verdict,
    view: ManifestView,
    loaded: Loaded,
    asked_before: Iterable[Finding],
    sample: int,
    files: Mapping[str, str],
) -> None:
    shards = zip(loaded.documents, loaded.chunks, strict=True)
    with at_hand(list(chain.from_iterable(shards))) as paths:
        at_hand_now = replace(loaded, documents=paths[::2], chunks=paths[1::2])
        samples = {entry.page_id: entry for entry in _samples(verdict, view, at_hand_now, sample)}
    again = [
        Sample(entry.page_id, entry.title, entry.url, entry.detail, entry.questions)
        for entry in asked_before
        if entry.kind != "still cited" and entry.page_id not in samples and _is_current(entry, view)
    ]
    samples |= {entry.page_id: entry for entry in again[:_ASKED_AGAIN]}
    samples = {page_id: replace(entry, file=files.get(page_id, "")) for page_id, entry in samples.items()}
    waiting = {entry.page_id for entry in again[_ASKED_AGAIN:]}
    verdict.findings += [entry for entry in asked_before if entry.page_id in waiting]
    for page_id, answer in inquiry.ask_for(list(samples.values())).items():
        page = samples[page_id]
        verdict.checked += answer.state != "unasked"
        verdict.cited += answer.state == "cited"
        if answer.state == "excused":
            verdict.excused[f"{page.title} ({page.url})"] = answer.evidence
        elif answer.state != "cited":
            verdict.findings.append(
                Finding(answer.state, page_id, page.title, page.url, page.detail, answer.evidence, page.questions)
            )


def _samples(verdict: Verdict, view: ManifestView, loaded: Loaded, size: int) -> list[Sample]:
    """Pages of the run with a text of their own, spread over all of them; those without are excused."""
    wanted = _spread([page_id for page_id in loaded.changed if view.row(page_id)], size * _CANDIDATES)
    order = {page_id: number for number, page_id in enumerate(wanted)}
    # Twig does not hold pages that it refused or that another run replaced.
    found = [page for page in packages(loaded.documents, loaded.chunks, order.keys()) if _is_held(page, view)]
    pages = sorted((page for page in found if page.chunks), key=lambda page: order[page.page_id])
    if not pages:
        return []
    counted = count(pages, islice(packages(loaded.documents, loaded.chunks), _COUNTED_PAGES))
    samples: list[Sample] = []
    for page in pages:
        if len(samples) == size:
            break
        asked, document = questions(page, counted), page.document
        if asked.distinctness >= ENOUGH:
            detail = document["content_hash"]
            samples.append(Sample(page.page_id, document["title"], document["url"], detail, asked.texts))
        elif asked.texts:
            share = f"{asked.distinctness:.0%} of its most distinct words stand in no other page"
            verdict.excused[f"{document['title']} ({document['url']})"] = share
    return samples


def _ask_for_deleted(
    inquiry: Inquiry,
    verdict: Verdict,
    view: ManifestView,
    deleted: Sequence[Deletion],
    asked_before: Iterable[Finding],
    sample: int,
) -> None:
    gone = {entry.page_id: (entry.title, entry.url, str(entry.version)) for entry in deleted}
    wanted = {page_id: gone[page_id] for page_id in _spread(list(gone), sample)}
    wanted |= {
        entry.page_id: (entry.title, entry.url, entry.detail) for entry in asked_before if entry.kind == "still cited"
    }
    wanted = {page_id: entry for page_id, entry in wanted.items() if view.row(page_id) is None}
    if not wanted:
        return
    table = view.table()
    held_ids = frozenset(table.column("document_id").to_pylist())
    held_urls = frozenset(map(address, table.column("url").to_pylist()))
    for page_id, (title, url, detail) in wanted.items():
        is_wrong = partial(is_cited_as, page_id=page_id, url=url, held_ids=held_ids, held_urls=held_urls)
        found = inquiry.cites(title or url, is_wrong)
        if inquiry.silent:
            verdict.warnings.append(
                f"Twig's search did not answer, so not all deleted pages were looked for: {inquiry.silent}"
            )
            return
        verdict.checked_deleted += 1
        if found:
            evidence = f"it was deleted and is still cited (chunk {found[0].chunk_id or 'without an id'})"
            verdict.findings.append(Finding("still cited", page_id, title, url, detail, evidence))


def _is_current(finding: Finding, view: ManifestView) -> bool:
    row = view.row(finding.page_id)
    return row is not None and row["content_hash"] == finding.detail and bool(finding.questions)


def _is_held(page: Package, view: ManifestView) -> bool:
    row = view.row(page.page_id)
    return row is not None and row["content_hash"] == page.document["content_hash"]


def _spread(page_ids: Collection[str], size: int) -> list[str]:
    """Some of the pages, spread over all of them, and the same ones when the task runs again."""
    return sorted(page_ids, key=lambda page_id: hashlib.sha256(page_id.encode()).digest())[:size]
