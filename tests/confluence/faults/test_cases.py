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


@pytest.mark.parametrize("name", CASES)
def test_a_reported_situation_costs_no_page(name: str, connect: ClientFactory) -> None:
    case = CASES[name]
    expect: dict[str, Any] = case["expect"]
    sandbox = case_site({"deployment": "cloud"} | case)
    with sandbox.serve():
        client = connect(sandbox, **case.get("options", {}))
        space = client.space(KEY)
        table = sweep(client, space).table
        extraction = Extraction(
            client, space, table.to_pylist(), inventory=table, options=ExtractOptions(comments=True)
        )
        pages = {page["title"]: page for group in extraction.groups() for page in group}
    assert len(pages) == expect["got"]
    warnings = extraction.account.warnings
    assert any(expect["warns"] in warning for warning in warnings) if "warns" in expect else warnings == []
    if "attached" in expect:
        assert (len(pages["A"]["attachments"]), len(pages["A"]["comments"])) == expect["attached"]
    if "lacking" in expect:
        assert pages["A"]["lacking"] == expect["lacking"]
