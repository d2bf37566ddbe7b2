"""Holdings: what Twig says it holds, against the manifest. The exact part of verify."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from confluence_to_twig.twig.delta import twig_hash
from confluence_to_twig.twig.drift import Drift, Listing, audit
from confluence_to_twig.twig.errors import DataSourceGone, RouteNotOffered
from confluence_to_twig.twig.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Collection

    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.twig.drift import ManifestSource
    from confluence_to_twig.twig.finding import Kind
    from confluence_to_twig.twig.models import DataSource

_UNSETTLED = frozenset({"pending", "processing"})
_SAYS: dict[Kind, str] = {
    "missing": "Twig does not list it",
    "changed": "Twig holds another content than was loaded",
    "twice": "Twig lists it more than once",
}


class Holder(Listing, Protocol):
    """What the exact part asks of Twig's client."""

    def get_data_source(self, data_source_id: str) -> DataSource | None:
        """The data source, or None when it is not there."""
        ...


@dataclass(frozen=True)
class Expected:
    """What Twig may say that it holds, by the manifest. Pages in doubt make it a range.

    :param documents: from … to; documents without chunks may count or not. :param chunks: from … to; None: any.
    """

    documents: tuple[int, int]
    chunks: tuple[int, int] | None

    @classmethod
    def of(cls, view: ManifestView) -> Expected:
        table = view.table()
        rows = list(
            zip(*(table.column(name).to_pylist() for name in ("converter_version", "chunk_count")), strict=True)
        )
        certain = [chunks for converter, chunks in rows if converter]
        documents = sum(chunks > 0 for chunks in certain), len(rows)
        return cls(documents, (sum(certain), sum(certain)) if len(certain) == len(rows) else None)


@dataclass
class Held:
    """What was compared, and what is open.

    :param pages: :param chunks: by the manifest. :param pages_found: :param chunks_found: by Twig; None: it does not tell.
    :param compared: documents that were compared one by one. :param audited: all of them were, and Twig listed them steadily.
    :param excuses: what another run of this source is doing at this moment, so that nothing can be said.
    """

    pages: int = 0
    chunks: int = 0
    pages_found: int | None = None
    chunks_found: int | None = None
    compared: int = 0
    audited: bool = False
    excuses: frozenset[str] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def compare(
    client: Holder,
    data_source: DataSource,
    manifest: ManifestSource,
    *,
    touched: Collection[str] = (),
    whole: bool = False,
    run_id: str = "",
    excused_before: Collection[str] = (),
    late: bool = False,
) -> Held:
    """Compare counts; and documents one by one, those that the run touched or, when something differs, all.

    :param touched: documents that were loaded. :param whole: compare all of them one by one, whatever the counts.
    :param excused_before: what excused an earlier run and does so only once.
    :param late: Twig was waited for in vain, so that its being busy is no excuse.
    :raises DataSourceGone: it is not there.
    """
    before = manifest.view(data_source.id)
    current = _current(client, data_source)
    table = before.table()
    held = Held(
        table.num_rows, sum(table.column("chunk_count").to_pylist()), current.document_count, current.chunk_count
    )
    _say_what_is_untold(held)
    differing = _differing(Expected.of(before), current)
    drift = _drift(client, data_source, manifest, None if whole or differing else touched, held, before)
    if not differing and not (drift and drift.found):
        return held
    after = manifest.view(data_source.id)
    if differing:  # read once more: deletions and counts of the same moment
        current = _current(client, data_source)
        differing = _differing(Expected.of(after), current)
        if not differing and not (drift and drift.found):
            return held
    under_way = writing(before, after, run_id) | (frozenset() if late else _processing(current))
    if under_way - set(excused_before):
        held.excuses, held.audited = under_way, False
        held.warnings.append(
            "Not compared: another run of this source is writing at this moment. The next run compares."
        )
        return held
    held.findings += [_count_finding(*difference, current, drift) for difference in differing]
    # Fewer may be right, too, where pages have no text: only the full number contradicts a list that lacks one.
    all_counted = not differing and (current.document_count or -1) >= after.table().num_rows
    held.findings += _of_drift(drift, after, contradicted=all_counted)
    return held


def writing(before: ManifestView, after: ManifestView, run_id: str) -> frozenset[str]:
    """Signs that another run wrote to the data source while it was looked at: manifest and Twig are of different moments.

    Each names what it rests on, so that what a run left that died is taken for an excuse once and not for ever.
    """
    signs = {f"write {entry.token}" for entry in after.under_way() if entry.run_id != run_id}
    signs |= {f"journal {after.seq}"} if after.seq != before.seq else set()
    signs |= {f"unprocessed {after.changed}"} if after.unprocessed else set()
    return frozenset(signs)


def _processing(current: DataSource) -> frozenset[str]:
    """The processing that began after this run had waited for Twig, if there is one."""
    return frozenset({f"processing {current.process_id}"} if current.status == "processing" else ())


def _current(client: Holder, data_source: DataSource) -> DataSource:
    current = client.get_data_source(data_source.id)
    if current is None:
        raise DataSourceGone
    return current


def _say_what_is_untold(held: Held) -> None:
    told = (("pages", held.pages_found), ("chunks", held.chunks_found))
    if untold := [name for name, found in told if found is None]:
        held.warnings.append(f"Not compared: this Twig does not tell how many {' or '.join(untold)} it holds.")


def _differing(expected: Expected, current: DataSource) -> list[tuple[str, int, tuple[int, int]]]:
    told = (
        ("pages", current.document_count, expected.documents),
        ("chunks", current.chunk_count, expected.chunks),
    )
    return [
        (name, found, wanted)
        for name, found, wanted in told
        if found is not None and wanted is not None and not wanted[0] <= found <= wanted[1]
    ]


def _drift(
    client: Holder,
    data_source: DataSource,
    manifest: ManifestSource,
    only: Collection[str] | None,
    held: Held,
    before: ManifestView,
) -> Drift | None:
    if only is not None and not only:
        return None
    try:
        drift = audit(client, data_source, manifest, only, before)
    except RouteNotOffered:
        held.warnings.append("This Twig cannot list documents: only counts and searches are compared.")
        return None
    held.compared = drift.compared
    held.audited = drift.whole and not drift.unsteady
    if drift.unsteady:
        held.warnings.append(
            f"Twig listed {drift.unsteady:,} documents in one of two readings and not, or not alike, in the other. "
            "The next run compares them again."
        )
    return drift


def _count_finding(name: str, found: int, wanted: tuple[int, int], current: DataSource, drift: Drift | None) -> Finding:
    evidence = f"Twig holds {found:,} {name}, the manifest {wanted[1]:,}"
    if drift and drift.whole and not drift.found:
        evidence += ", although it lists every page as it was loaded"
    if current.status in _UNSETTLED:
        evidence += f"; its status is {current.status!r}, although it was told to process"
    return Finding("counts", "", "", "", f"{name} {found - wanted[1]:+}", evidence)


def _of_drift(drift: Drift | None, view: ManifestView, *, contradicted: bool) -> list[Finding]:
    """:param contradicted: Twig counts as many pages as it should: a list that lacks some proves nothing."""
    if drift is None:
        return []
    unlisted = contradicted and not (drift.foreign or drift.twice)
    groups: tuple[tuple[Kind, dict[str, str]], ...] = (
        ("missing", drift.missing), ("changed", drift.changed), ("twice", drift.twice),
    )  # fmt: skip
    findings = [
        _of_page("unlisted" if kind == "missing" and unlisted else kind, _SAYS[kind], page_id, view)
        for kind, pages in groups
        for page_id in pages
        if kind != "missing" or _has_text(page_id, view)
    ]
    said = "it is in Twig, and was not loaded by this source"
    return findings + [
        Finding("foreign", entry.page_id, entry.title or entry.page_id, entry.url, str(entry.version), said)
        for entry in drift.foreign
    ]


def _has_text(page_id: str, view: ManifestView) -> bool:
    """Twig may leave out what has no text: nobody misses it."""
    row = view.row(page_id)
    return row is None or row["chunk_count"] > 0


def _of_page(kind: Kind, said: str, page_id: str, view: ManifestView) -> Finding:
    row = view.row(page_id)
    if row is None:  # deleted since
        return Finding(kind, page_id, page_id, "", "", said)
    said += ", although it counts as many pages as it should" if kind == "unlisted" else ""
    return Finding(kind, page_id, row["title"], row["url"], twig_hash(row), said)
