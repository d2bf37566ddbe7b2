"""Routing: who may read each page that the sweep saw, and which audiences have a data source of their own."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from confluence_to_twig.confluence.sweep.space_levels import SpaceLevels, read_space_levels
from confluence_to_twig.planning.audience import EVERYBODY, Audience, described, label_of, routed
from confluence_to_twig.planning.page_audiences import with_audiences
from confluence_to_twig.staging.audience_book import AudienceBook, Entry, read_audience_book, write_audience_book
from confluence_to_twig.tasks.looks import Looks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pyarrow as pa

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.tasks.looking import Looked

log = logging.getLogger(__name__)

NAMED = 5


@dataclass(frozen=True)
class Routes:
    """Where the pages of a run belong.

    :param routed: the audiences that have a data source. :param opened: those of them that had none before.
    :param audiences: by key, those whose data source may hold pages, and those that were seen.
    """

    routed: frozenset[str] = frozenset({EVERYBODY})
    opened: frozenset[str] = frozenset()
    audiences: Mapping[str, Audience] = field(default_factory=dict)


def route(run: Run, client: ConfluenceClient, looks: Looks, manifest: pa.Table, record: Record) -> tuple[Looks, Routes]:
    """Tell the pages of all looks apart by who may read them. A source that skips restricted pages asks for nothing.

    :param manifest: what is held, with ``held_in``.
    :returns: the looks, with audiences in their inventories. A space of which Confluence does not tell at the moment who
        may read it counts as one that does not answer.
    :raises confluence_to_twig.errors.TransientError: Confluence tells that of no space.
    """
    if run.source.restricted_pages == "skip":
        return looks, Routes()
    book = read_audience_book(run.source_staging)
    names = dict(book.names)
    for looked in looks.looked.values():
        names |= looked.seen.names
    levels = read_space_levels(client, [*looks.looked], known_names=names, everyone=run.source.everyone_groups)
    if levels.failed and len(levels.failed) == len(looks.looked):
        raise next(iter(levels.failed.values()))
    for warning in levels.warnings:
        record.warn(warning)
    looks, found = _told_apart(looks, levels)
    if run.source.restricted_pages == "include":
        return looks, Routes(audiences=found)
    return looks, _routed(run, looks.table, found, manifest, _with_names(book, names, levels), record)


def _told_apart(looks: Looks, levels: SpaceLevels) -> tuple[Looks, dict[str, Audience]]:
    told: dict[Space, Looked] = {}
    found: dict[str, Audience] = {}
    for space, looked in looks.looked.items():
        if space not in levels.failed:
            table, audiences = with_audiences(looked.seen.table, levels.of)
            told[space] = replace(looked, seen=replace(looked.seen, table=table))
            found |= audiences
    return Looks(told, looks.failed | levels.failed), found


def _with_names(book: AudienceBook, names: Mapping[str, str], levels: SpaceLevels) -> AudienceBook:
    return AudienceBook(dict(book.entries), {**names, **levels.names})


def _routed(
    run: Run,
    inventory: pa.Table,
    found: Mapping[str, Audience],
    manifest: pa.Table,
    book: AudienceBook,
    record: Record,
) -> Routes:
    counted = pc.value_counts(inventory["audience"].drop_null()).to_pylist()
    wanted = {entry["values"]: entry["counts"] for entry in counted}
    held = set(pc.unique(pc.list_flatten(manifest["held_in"])).to_pylist())
    keys = routed(wanted, held & {EVERYBODY, *book.entries}, run.source.max_audiences)
    opened = frozenset(keys - book.entries.keys() - {EVERYBODY})
    for key in sorted(opened, key=lambda key: (-wanted[key], key)):
        taken = {entry.label for entry in book.entries.values()}
        label = label_of(found[key], book.names, taken)
        book.entries[key] = Entry(label, found[key].to_rows())
        log.info("New audience %s: %s", label, "; and ".join(described(found[key], book.names)))
    if not run.params.dry_run:
        write_audience_book(run.source_staging, book)
    _tell(run, wanted, keys, found, book, record)
    known = {key: Audience.from_rows(entry.levels) for key, entry in book.entries.items()}
    return Routes(keys, opened, {**found, **known})


def _tell(
    run: Run,
    wanted: Mapping[str, int],
    keys: Collection[str],
    found: Mapping[str, Audience],
    book: AudienceBook,
    record: Record,
) -> None:
    record.figures["audiences"] = sum(key in keys for key in wanted)
    left = sorted(wanted.keys() - set(keys), key=lambda key: (-wanted[key], key))
    if not left:
        return
    pages = sum(wanted[key] for key in left)
    named = ["; and ".join(described(found[key], book.names)) for key in left[:NAMED]]
    more = f" and {len(left) - NAMED:,} more" if len(left) > NAMED else ""
    record.warn(
        f"{pages:,} pages are kept out: they have {len(left):,} audiences more than the {run.source.max_audiences} that "
        f"max_audiences allows ({', '.join(named)}{more}). Raise it, or restrict by fewer groups in Confluence."
    )
