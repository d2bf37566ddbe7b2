"""``make rebuild-manifest`` as an engineer runs it: another process, connections from the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.twig import Settings, serve
from tests.dags.conftest import ROOT
from tests.twig.world import Page, World, expected, local_staging

PAGES = [Page(str(number), (f"Text of page {number}",)) for number in range(5)]


@pytest.fixture
def world(tmp_path: Path) -> Any:
    with serve(settings=Settings(write_per_minute=None)) as served:
        world = World(served, local_staging(tmp_path / "staging"))
        world.load(*PAGES)
        yield world


def rebuild(world: World, tmp_path: Path, *options: str, answer: str = "") -> Any:
    sources = tmp_path / "sources.yaml"
    entry = {"name": "product-docs", "space_key": "PROD", "twig_conn_id": "twig"}
    sources.write_text(yaml.safe_dump({"sources": [entry]}), encoding="utf-8")
    base = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    ours = {
        "CONFLUENCE_TWIG_STAGING": str(tmp_path / "staging"),
        "AIRFLOW_CONN_TWIG": json.dumps(world.served.connection()),
    }
    return subprocess.run(
        [sys.executable, "-m", "confluence_to_twig.cli.rebuild", "product-docs", "--sources", str(sources), *options],
        cwd=ROOT, env=base | ours, input=answer, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def test_a_damaged_manifest_is_written_anew(world: World, tmp_path: Path) -> None:
    before = world.manifest.read().drop_columns(["loaded_at", "run_id"])
    with world.staging.manifest.open("wb") as file:
        file.write(b"damaged")
    done = rebuild(world, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "rebuilt from 5 documents in Twig" in done.stdout
    assert world.manifest.read().drop_columns(["loaded_at", "run_id"]).sort_by("page_id") == before.sort_by("page_id")


def test_a_source_can_be_removed_with_all_its_content(world: World, tmp_path: Path) -> None:
    asked = rebuild(world, tmp_path, "--start-over", answer="n\n")
    assert "Nothing was removed" in asked.stdout
    assert world.held() == expected(*PAGES)

    done = rebuild(world, tmp_path, "--start-over", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "with 5 pages" in done.stdout
    assert world.twig.data_specs() == []
    assert {row["page_id"] for row in world.audit.read().to_pylist()} == {page.page_id for page in PAGES}

    again = rebuild(world, tmp_path, "--start-over", "--yes")
    assert again.returncode == 1
    assert "No run of product-docs has found or created a data source" in again.stderr
