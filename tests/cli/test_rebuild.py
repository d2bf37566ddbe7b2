"""``confluence-to-twig rebuild-manifest`` and ``start-over``, with the connection in the caller's metadata database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.twig import Settings, serve
from tests.cli.conftest import SECONDS, Commands, Ended
from tests.twig.world import Page, World, expected, local_staging

PAGES = [Page(str(number), (f"Text of page {number}",)) for number in range(5)]
#: What a run notes beside the page, and Twig does not know.
NOTED = ["loaded_at", "run_id", "space_id", "audience", "text_bytes"]
pytestmark = pytest.mark.timeout(3 * SECONDS)


@pytest.fixture
def world(tmp_path: Path, commands: Commands, airflow_db: None) -> Any:
    with serve(settings=Settings(write_per_minute=None)) as served:
        world = World(served, local_staging(tmp_path / "staging"))
        world.load(*PAGES)
        fields = served.connection()
        commands.store("twig_default", fields | {"extra": json.dumps(fields["extra"])})
        commands.sources({"name": "product-docs", "space_key": "PROD"})
        yield world


def test_a_damaged_manifest_is_written_anew(world: World, commands: Commands) -> None:
    before = world.manifest.read().drop_columns(NOTED)
    with world.staging.manifest.open("wb") as file:
        file.write(b"damaged")
    done = commands.run("rebuild-manifest", "product-docs", "--sources", "sources.yaml")

    assert done.returncode == 0, done.stdout + done.stderr
    first, last = done.stdout.splitlines()
    assert first == f"product-docs: space PROD in {world.served.base_url} (twig_default)"
    assert "rebuilt from 5 documents in Twig" in last
    assert world.manifest.read().drop_columns(NOTED).sort_by("page_id") == before.sort_by("page_id")


def test_a_source_can_be_removed_with_all_its_content(world: World, here: Callable[..., Ended]) -> None:
    start_over = ("start-over", "product-docs", "--sources", "sources.yaml")
    asked = here(*start_over, answer="n\n", twig_default=world.served.connection())
    assert "Nothing was removed" in asked.stdout
    silence = here(*start_over)
    assert silence.returncode == 2
    assert silence.stderr.splitlines()[-1].endswith("Give --yes to remove it without a question.")
    assert world.held() == expected(*PAGES)

    done = here(*start_over, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "with 5 pages" in done.stdout
    assert world.twig.data_specs() == []
    assert {row["page_id"] for row in world.audit.read().to_pylist()} == {page.page_id for page in PAGES}

    again = here(*start_over, "--yes")
    assert again.returncode == 1
    assert "No run of product-docs has found or created a data source" in again.stderr
