"""Puts the sample space together: sources in, :class:`SeedSpace` out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.sample_space.attachments import attachment
from sandbox.sample_space.elements import Elements
from sandbox.sample_space.generated import generated_pages
from sandbox.sample_space.history import RECENT_DAY, history_of
from sandbox.sample_space.markup import Renderer
from sandbox.sample_space.people import ACCOUNT_IDS, PEOPLE
from sandbox.sample_space.report import REPORT, rendered_report
from sandbox.sample_space.sources import PageSource, written_pages
from sandbox.seed import SeedPage, SeedSpace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEY = "PROD"
NAME = "Product Documentation"
DESCRIPTION = "How to install, run, integrate and repair the Kelvane cold chain platform."

_OLD_EDITOR_UNTIL = RECENT_DAY.replace(year=2025)


def load() -> SeedSpace:
    """The sample space, made anew from its sources: equal on every call.

    Raises:
        ValueError: a source that cannot be rendered; the message names its ref.
    """
    sources = in_tree_order([*written_pages(), *generated_pages()])
    properties: dict[str, list[tuple[str, str]]] = {}
    pages = [_page(source, properties) for source in sources]
    for number, page in enumerate(pages):
        if REPORT.search(page.storage):
            rows = [(child.title, properties[child.ref]) for child in pages if child.parent == page.ref]
            pages[number] = replace(page, view=rendered_report(page.storage, rows))
    return SeedSpace(KEY, NAME, DESCRIPTION, tuple(pages), tuple(PEOPLE.values()))


def in_tree_order(sources: Iterable[PageSource]) -> list[PageSource]:
    """Depth first from the home page, siblings by their order and then by ref; what hangs on no page comes last.

    Raises:
        ValueError: two pages of one ref, or a parent that does not exist.
    """
    by_ref: dict[str, PageSource] = {}
    below: defaultdict[str | None, list[PageSource]] = defaultdict(list)
    for source in sources:
        if source.ref in by_ref:
            raise ValueError(f"two pages are called {source.ref!r}")
        by_ref[source.ref] = source
        below[source.parent].append(source)
    if orphans := below.keys() - by_ref.keys() - {None}:
        raise ValueError(f"no page is called {', '.join(sorted(map(str, orphans)))}, yet pages name it as their parent")

    def walk(parent: str | None) -> Iterator[PageSource]:
        for source in sorted(below[parent], key=lambda item: (item.kind == "blogpost", item.order, item.ref)):
            yield source
            yield from walk(source.ref)

    return list(walk(None))


def _page(source: PageSource, properties: dict[str, list[tuple[str, str]]]) -> SeedPage:
    history = history_of(source)
    storage = source.body
    if not source.is_storage:
        renderer = Renderer(Elements(source.ref, local_ids=history.modified_at >= _OLD_EDITOR_UNTIL))
        try:
            storage = renderer.blocks(source.body.splitlines())
        except (KeyError, ValueError) as error:
            raise ValueError(f"sample page {source.ref}: {error}") from error
        if renderer.properties:
            properties[source.ref] = renderer.properties
    return SeedPage(
        ref=source.ref,
        title=source.title,
        storage=storage,
        parent=source.parent,
        kind=source.kind,
        status=source.status,
        version=history.version,
        author=history.author,
        created_at=history.created_at,
        modified_at=history.modified_at,
        labels=source.labels,
        read_users=tuple(ACCOUNT_IDS[name] for name in source.readers),
        read_groups=source.groups,
        attachments=tuple(attachment(name) for name in source.attach),
        comments=source.comments,
    )
