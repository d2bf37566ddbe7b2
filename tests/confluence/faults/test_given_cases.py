"""Every given file of a reported situation, by the words of the file itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from confluence_to_twig.confluence.extract.extract_shard import Extraction
from confluence_to_twig.confluence.extract.page import ExtractOptions
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.content import PageContext, convert
from confluence_to_twig.errors import PipelineError
from sandbox.confluence.cases import KEY, case_site
from sandbox.confluence.sandbox import SCOPED_TOKEN, SYNC_EMAIL, SYNC_TOKEN
from tests.confluence.spaces import QUICK, settings_of

FOLDER = Path(__file__).parents[4] / "shared" / "cases" / "faults"
GIVEN = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))}
pytestmark = [pytest.mark.shared, pytest.mark.skipif(not GIVEN, reason="needs the given cases")]


def given(kind: str) -> list[str]:
    return [name for name, case in GIVEN.items() if case["kind"] == kind]


def test_there_is_a_test_for_every_file() -> None:
    assert {case["kind"] for case in GIVEN.values()} == {"extract", "connect", "convert"}
    assert len(GIVEN) >= 21


@pytest.mark.parametrize("name", given("extract"))
def test_the_run_goes_on(name: str) -> None:
    case = GIVEN[name]
    expect = case["expect"]
    sandbox = case_site({"deployment": "cloud"} | case)
    with sandbox.serve(), ConfluenceClient(settings_of(sandbox), patience=QUICK) as client:
        space = client.space(KEY)
        swept = sweep(client, space)
        rows = {row["title"]: row for row in swept.table.to_pylist()}
        options = ExtractOptions(**case.get("options", {}))
        extraction = Extraction(client, space, list(rows.values()), inventory=swept.table, options=options)
        pages = {page["title"]: page for group in extraction.groups() for page in group}
    assert len(pages) == expect.get("got", len(rows))
    warnings = " ".join((*swept.warnings, *extraction.account.warnings))
    assert expect.get("warns", "") in warnings
    for title, count in expect.get("labels", {}).items():
        assert len(rows[title]["labels"]) == count
    for title, beside in expect.get("beside", {}).items():
        assert [len(pages[title]["attachments"]), len(pages[title]["comments"])] == beside


@pytest.mark.parametrize("name", given("connect"))
def test_signing_in_works_or_says_what_is_wrong(name: str) -> None:
    case = GIVEN[name]
    sandbox = case_site({"deployment": "cloud"} | case)
    with sandbox.serve():
        host = case.get("host", "{base}").format(base=sandbox.base_url, cloud_id=sandbox.site.cloud_id)
        token = SCOPED_TOKEN if case.get("token") == "scoped" else SYNC_TOKEN
        try:
            fields = {"gateway_url": sandbox.base_url, "deployment": "cloud"}
            settings = ConfluenceSettings.from_fields(host, SYNC_EMAIL, token, fields)
            with ConfluenceClient(settings, patience=QUICK) as client:
                client.sign_in()
            said = None
        except PipelineError as error:
            said = type(error).__name__
    assert said in case["expect"]["error"]


@pytest.mark.parametrize("name", given("convert"))
def test_the_body_comes_out_as_it_should(name: str) -> None:
    case: dict[str, Any] = GIVEN[name]
    expect = case["expect"]
    made = convert(case["storage"], PageContext(**case.get("context", {})))
    for text in expect.get("has", ()):
        assert text in made.markdown
    for text in expect.get("lacks", ()):
        assert text not in made.markdown
    assert expect.get("reported", "") in f"{made.markdown} {made.report.unknown_macros}"
