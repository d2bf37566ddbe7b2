"""Staging on an object store: how many calls a whole source costs, all told."""

from __future__ import annotations

import json

import pytest

from confluence_to_twig.staging.layout import ROOT_VARIABLE
from sandbox import confluence
from sandbox.confluence.generated import generated_space
from tests.dags.conftest import Site
from tests.proofs import size
from tests.staging.stores import remembering

#: As many shards as 5,000 pages have with `shard_size: 1000`.
SHARDS, PAGES = 5, size(60, 5_000)
MOST = 200


@pytest.mark.timeout(1_800)
@pytest.mark.proofs(f"{PAGES:,} pages in {SHARDS} shards cost at most {MOST} calls to the store")
def test_a_source_in_five_shards_needs_few_calls(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    root, store = remembering()
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    with confluence.serve(generated_space(PAGES)) as served:
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(served.connection()))
        site.configure(space_key="GEN", shard_size=PAGES // SHARDS)
        store.calls.clear()
        site.dag().test(run_conf={})
    assert len(site.held()) == PAGES
    assert store.calls["copy"] == 0
    assert 0 < store.calls.total() <= MOST, dict(store.calls)
