"""Whole runs with staging in an object store that remembers its listings."""

from __future__ import annotations

import pytest

from confluence_to_twig.staging.layout import ROOT_VARIABLE
from tests.dags.conftest import Site
from tests.staging.stores import RememberingStore, remembering

#: What a run of one shard may cost: docs/deploy.md says what it does.
MOST_CALLS = {"first": 150, "changed": 190, "nothing": 130}


@pytest.fixture
def store(site: Site, monkeypatch: pytest.MonkeyPatch) -> RememberingStore:
    root, store = remembering()
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    return store


def test_runs_are_exact_and_cost_few_calls(site: Site, store: RememberingStore) -> None:
    calls: dict[str, int] = {}

    def held_after(name: str) -> int:
        store.calls.clear()
        site.dag().test(run_conf={})
        calls[name] = sum(store.calls.values())
        return len(site.held())

    assert held_after("first") == 12
    site.confluence.edit("alpha-1", storage="<p>Edited alpha-1-widgets.</p>")
    site.confluence.trash("beta-2")
    assert held_after("changed") == 11
    assert held_after("nothing") == 11
    assert {name: count for name, count in calls.items() if count > MOST_CALLS[name]} == {}
