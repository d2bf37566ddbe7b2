"""Staging on an object store: how many calls a whole source costs, all told."""

from __future__ import annotations

import json

import pytest

from confluence_to_twig.staging.layout import ROOT_VARIABLE
from sandbox import confluence
from sandbox.confluence.generated import generated_space
from tests.dags.conftest import Site
from tests.staging.stores import remembering

#: As many shards as 5,000 pages have with `shard_size: 1000`. What grows with the pages of a shard is asked for in fixed groups.
SHARDS, PAGES = 5, 200
MOST = 340


def test_a_source_in_five_shards_needs_few_calls(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    root, store = remembering()
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    with confluence.serve(generated_space(PAGES)) as served:
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(served.connection()))
        site.configure(space_key="GEN", shard_size=PAGES // SHARDS)
        store.calls.clear()
        report = site.run()
    assert report["state"] == "success"
    assert report["result"]["pages"] == PAGES
    assert store.calls["copy"] == 0
    assert 0 < sum(store.calls.values()) <= MOST, dict(store.calls)
