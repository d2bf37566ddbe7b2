"""What others reported does not end a run: every page arrives, and what it lacks is said."""

from __future__ import annotations

from typing import Any

import pytest

from confluence_to_twig.confluence.extract.extract_shard import Extraction
from confluence_to_twig.confluence.extract.page import ExtractOptions
from confluence_to_twig.confluence.sweep.inventory import sweep
from sandbox.confluence.cases import KEY, case_site
from tests.confluence.conftest import ClientFactory
from tests.confluence.faults.cases import CASES
from tests.confluence.spaces import requests_of


@pytest.mark.parametrize("name", CASES)
def test_a_reported_situation_costs_no_page(name: str, connect: ClientFactory) -> None:
    case = CASES[name]
    expect: dict[str, Any] = case["expect"]
    sandbox = case_site({"deployment": "cloud"} | case)
    with sandbox.serve():
        client = connect(sandbox, **case.get("options", {}))
        space = client.space(KEY)
        swept = sweep(client, space)
        rows = {row["title"]: row for row in swept.table.to_pylist()}
        options = ExtractOptions(comments=True)
        extraction = Extraction(client, space, list(rows.values()), inventory=swept.table, options=options)
        pages = {page["title"]: page for group in extraction.groups() for page in group}
    assert len(pages) == expect["got"]
    assert swept.complete
    warnings = [*swept.warnings, *extraction.account.warnings]
    assert any(expect["warns"] in warning for warning in warnings) if "warns" in expect else warnings == []
    assert [title for title, row in rows.items() if row["restriction_unknown"]] == expect.get("unknown", [])
    if "attached" in expect:
        assert (len(pages["A"]["attachments"]), len(pages["A"]["comments"])) == expect["attached"]
    if "lacking" in expect:
        assert pages["A"]["lacking"] == expect["lacking"]
    if "labels" in expect:
        assert len(rows["A"]["labels"]) == expect["labels"]
    if "not_asked" in expect:
        requests_of(sandbox)
        assert sandbox.log.count(expect["not_asked"]) == 0
