"""Verify after a large load, against the sandbox over HTTP: generated pages, which have much text in common."""

from __future__ import annotations

import random

import pytest

from confluence_to_twig import chunk_document, storage_to_markdown
from confluence_to_twig.twig.process import start_processing
from confluence_to_twig.twig.verifier import Before, Loaded, Verdict, verify
from sandbox.confluence.generated import generated_pages
from tests.proofs import SEED, size
from tests.twig.world import Page, World

PAGES = size(150, 5_000)


def generated() -> list[Page]:
    """Generated pages as the converter makes chunks of them."""
    made = generated_pages(PAGES, median_bytes=2_000, large_share=0.001, seed=SEED)
    return [
        Page(
            str(number),
            tuple(chunk.text for chunk in chunk_document(storage_to_markdown(page.storage))),
            version=page.version,
            title=page.title,
            labels=page.labels,
        )
        for number, page in enumerate(made, 65_537)
    ]


def verdict_on(world: World, *, changed: list[str], whole: bool) -> Verdict:
    run = world.staging.run("run")
    loaded = Loaded(changed, (), [run.documents(0)], [run.chunks(0)])
    with world.client() as client:
        return verify(client, world.source(client), world.manifest, loaded, Before(whole=whole), run_id="run")


@pytest.mark.timeout(3_600)
@pytest.mark.proofs(
    f"{PAGES:,} generated pages over HTTP: green as loaded; then each lost and each altered page is told"
)
def test_generated_pages_are_green_as_loaded_and_red_for_each_that_is_not(world: World) -> None:
    pages, chance = generated(), random.Random(SEED)
    world.load(*pages, run_id="run")
    with world.client() as client:
        start_processing(client, world.source(client), world.manifest)
    world.twig.data_specs()  # whoever looks first settles it

    verdict = verdict_on(world, changed=[page.page_id for page in pages], whole=False)
    assert verdict.findings == []
    assert verdict.warnings == []
    assert (verdict.held.pages_found, verdict.held.compared) == (PAGES, PAGES)
    # The more pages of few words there are, the fewer say something of their own: those are excused.
    assert verdict.cited == verdict.checked > 0
    assert verdict.checked + len(verdict.excused) >= 20

    spec = world.source().id
    damaged = chance.sample([page.page_id for page in pages if page.sections], 10)  # nobody misses one without text
    lost, altered = damaged[:5], damaged[5:]
    for page_id in lost:
        world.twig.forget_document(spec, page_id)
    for page_id in altered:
        world.twig.alter_document(spec, page_id)
    verdict = verdict_on(world, changed=[], whole=True)
    told = {(finding.kind, finding.page_id) for finding in verdict.findings if finding.kind != "counts"}
    assert told == {*(("missing", page_id) for page_id in lost), *(("changed", page_id) for page_id in altered)}
    assert not verdict.ok
