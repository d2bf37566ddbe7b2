"""A scoped token that lacks one scope: the run fails and names it, or goes on without, as the documentation says."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.errors import MissingScopeError
from confluence_to_twig.confluence.api.scopes import ALL_SCOPES
from confluence_to_twig.confluence.extract.extract_shard import Extraction
from confluence_to_twig.confluence.extract.page import ExtractOptions
from confluence_to_twig.confluence.sweep.inventory import sweep
from sandbox.confluence.sandbox import SCOPED_TOKEN, SandboxConfluence
from tests.confluence.conftest import ClientFactory

DOCUMENT = Path(__file__).parents[3] / "docs" / "confluence.md"


def run(client: ConfluenceClient, options: ExtractOptions) -> Extraction:
    """Sign in, sweep, fetch everything."""
    space = client.space("PROD")
    table = sweep(client, space).table
    rows = [row for row in table.to_pylist() if not row["restricted"]]
    extraction = Extraction(client, space, rows, inventory=table, options=options)
    assert sum(len(group) for group in extraction.groups()) == len(rows)
    return extraction


def without(scopes: Collection[str], sandbox: SandboxConfluence, connect: ClientFactory) -> ConfluenceClient:
    sandbox.set_scopes(SCOPED_TOKEN, [scope for scope in ALL_SCOPES if scope not in scopes])
    return connect(sandbox, token=SCOPED_TOKEN)


def test_the_documented_scopes_are_all_that_is_needed(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    extraction = run(without((), sandbox, connect), ExtractOptions(comments=True, attachments="text"))
    assert extraction.account.warnings == []


@pytest.mark.parametrize("scope", ALL_SCOPES)
def test_every_scope_is_documented(scope: str) -> None:
    assert f"`{scope}`" in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["space", "page", "content-details"])
def test_a_run_that_needs_a_missing_scope_fails_and_names_it(
    name: str, sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    scope = f"read:{name}:confluence"
    with pytest.raises(MissingScopeError, match=f"401 Unauthorized: the API token lacks the scope {scope}"):
        run(without([scope], sandbox, connect), ExtractOptions(attachments="text"))


@pytest.mark.parametrize("name", ["folder", "database", "whiteboard"])
def test_without_the_scope_for_a_parent_the_pages_below_stay_out_and_the_scope_is_named(
    name: str, sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    client = without([f"read:{name}:confluence"], sandbox, connect)
    swept = sweep(client, client.space("PROD"))
    assert swept.complete
    assert any(row["restriction_unknown"] for row in swept.table.to_pylist())
    assert any(f"lacks the scope read:{name}:confluence" in warning for warning in swept.warnings)


def test_without_the_scope_for_attachments_pages_come_without_them(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    extraction = run(without(["read:attachment:confluence"], sandbox, connect), ExtractOptions(attachments="text"))
    assert any("read:attachment:confluence" in warning for warning in extraction.account.warnings)


def test_without_the_scope_for_people_they_have_no_names(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    extraction = run(without(["read:user:confluence"], sandbox, connect), ExtractOptions())
    assert ["read:user:confluence" in warning for warning in extraction.account.warnings] == [True]


def test_comments_are_found_by_searching(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    run(without(["read:comment:confluence"], sandbox, connect), ExtractOptions(comments=True))
