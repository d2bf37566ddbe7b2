"""Tenants that differ: each ends in a citation, or in words that say what this tenant needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.cli.doctor.twig_side import examine_twig
from confluence_to_twig.errors import PermanentError
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.twig.file_delivery import FileDelivery, bind
from confluence_to_twig.twig.file_format import page_id_of
from confluence_to_twig.twig.file_places import SHAPES
from confluence_to_twig.twig.process import start_processing
from sandbox.twig import PERSONALITIES, data_specs, models
from tests.twig.world import Page, World

PAGES = [
    Page(str(number), (f"Page zz{number} is about calibration {number}",), ancestors=("Guides",))
    for number in range(1, 7)
]
NEEDS = "This tenant needs "


def by_api(world: World, _: Path) -> None:
    """Load, process, and find a page by its words."""
    world.load(*PAGES)
    with world.client() as client:
        source = world.source(client)
        start_processing(client, source, world.manifest)
        cited = client.search("Page zz3 is about calibration 3", [source.id])
    assert PAGES[2].url in {citation.url.partition("#")[0] for citation in cited[:3]}


def by_files(shape: str, limit: int | None = None) -> Callable[[World, Path], None]:
    """Deliver files, let Twig take them, and find a page by its words."""

    def deliver(world: World, folder: Path) -> None:
        root = ObjectStoragePath(f"file://{folder}")
        bind(world.staging, root, SHAPES[shape])
        documents, chunks = world.shards(*PAGES, run_id="run")
        FileDelivery(root, SHAPES[shape], ManifestStore(world.staging), "run", limit).deliver(documents, chunks)
        with world.twig.store.transaction() as db:
            new = models.NewDataSpec(name="drive", type="FILE")
            spec = data_specs.create(db, world.served.org_id, new, world.twig.now())["id"]
        taken = world.twig.import_files(spec, folder / "documents")
        if taken.refused:
            raise PermanentError(str(taken.refused), f"{NEEDS}other files")
        (best, *_) = world.twig.search("zz3", [spec])
        assert page_id_of(best["document_url"]) == "3" or PAGES[2].url in best["text"]

    return deliver


CASES: dict[str, tuple[str, Callable[[World, Path], None], str]] = {
    "documents": ("no documents route", by_api, "`delivery: files`"),
    "documents, by files": ("no documents route", by_files("docx"), ""),
    "upload of Markdown": ("static files only", by_files("md"), ""),
    "upload of a ZIP": ("static files only", by_files("zip"), ""),
    "a drive with Word files": ("drive connector", by_files("docx"), ""),
    "a drive with text files": ("drive connector", by_files("txt"), ""),
    "a drive with Markdown": ("drive connector", by_files("md"), "other files"),
    "more pages than files": ("caps of a plan", by_files("docx", 4), "files_limit"),
    "more pages than files, in bundles": ("caps of a plan", by_files("docx-bundles", 4), ""),
    "scopes": ("missing scopes", by_api, "the scopes Read, Write and Execute"),
    "Process": ("Process permission missing", by_api, "the permission Process"),
    "envelopes": ("other envelopes", by_api, ""),
    "dense": ("dense search", by_api, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_a_tenant_ends_in_a_citation_or_in_what_it_needs(world: World, tmp_path: Path, case: str) -> None:
    name, way, needs = CASES[case]
    world.changes["api_key"] = PERSONALITIES[name].play(world.twig)
    if not needs:
        way(world, tmp_path / "drive")
        return
    with pytest.raises(PermanentError) as error:
        way(world, tmp_path / "drive")
    assert needs in error.value.remedy
    assert NEEDS in error.value.remedy or "files_limit" in needs


def test_every_personality_is_played() -> None:
    assert {name for name, _, _ in CASES.values()} == PERSONALITIES.keys()
    assert len(PERSONALITIES) == 8


@pytest.mark.parametrize(
    ("name", "state"),
    [("no documents route", "missing"), ("missing scopes", "ok"), ("other envelopes", "ok"), ("dense search", "ok")],
)
def test_the_doctor_tells_the_routes_for_documents_from_rights(world: World, name: str, state: str) -> None:
    world.source()
    world.changes["api_key"] = PERSONALITIES[name].play(world.twig)
    with world.client() as client:
        offered = examine_twig(Source(name="product-docs", space_key="PROD"), client)
    found: dict[str, Any] = {finding.what: finding for finding in offered.findings}
    assert found["Routes for documents"].state == state
    assert offered.requests <= 5
    if name == "missing scopes":
        assert found["Search"].state in {"ok", "missing"}
