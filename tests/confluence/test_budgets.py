"""How many requests a run may take, counted by the server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.extract.extract_shard import extract_shard
from confluence_to_twig.confluence.extract.page import ExtractReport
from confluence_to_twig.confluence.sweep.inventory import Restrictions, explain_missing, sweep
from sandbox.confluence.sandbox import SandboxConfluence, serve
from sandbox.seed import SeedPage, SeedSpace
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import forget_requests, numbered_space, requests_of


def run(
    client: ConfluenceClient, out: ObjectStoragePath, held: dict[str, int], restrictions: Restrictions
) -> tuple[ExtractReport, dict[str, int], dict[str, str]]:
    """What a run asks of Confluence: sign in, sweep, look for what is missing, fetch what is new."""
    space = client.space("BIG")
    table = sweep(client, space, restrictions=restrictions).table
    versions = dict(zip(table["page_id"].to_pylist(), table["version"].to_pylist(), strict=True))
    gone = explain_missing(client, held.keys() - versions.keys(), "page", space)
    rows = [row for row in table.to_pylist() if held.get(row["page_id"]) != row["version"]]
    return extract_shard(client, space, rows, inventory=table, out=out), versions, gone


def asked(sandbox: SandboxConfluence) -> int:
    return len(requests_of(sandbox))


def half_labelled_space(count: int) -> SeedSpace:
    """A space of so many pages, every second of them with labels."""
    space = numbered_space(count - 1)
    pages = [replace(page, labels=("one", "two") if number % 2 else ()) for number, page in enumerate(space.pages)]
    return replace(space, pages=tuple(pages))


@pytest.mark.parametrize("count", [250, 1_000, 2_000])
def test_a_full_sync_and_an_incremental_one_stay_within_their_budgets(
    count: int, connect: ClientFactory, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("staging")
    with serve(half_labelled_space(count)) as sandbox:
        out = ObjectStoragePath(f"file://{folder}/first.parquet")
        report, held, _ = run(connect(sandbox), out, {}, "unchecked")
        assert report.got == count
        assert asked(sandbox) <= count / 250 + count / 100 + 30

        for number in range(1, 11):
            sandbox.edit(f"p{number}", storage="<p>Edited.</p>")
        gone = {sandbox.id_of(f"p{number}") for number in range(11, 16)}
        for number in range(11, 16):
            sandbox.trash(f"p{number}")
        forget_requests(sandbox)
        out = ObjectStoragePath(f"file://{folder}/second.parquet")
        report, held, reasons = run(connect(sandbox), out, held, "unchecked")
        assert report.got == 10
        assert reasons == dict.fromkeys(gone, "trashed")
        assert asked(sandbox) <= count / 250 + 40


def test_the_restrictions_check_adds_one_request_for_200_pages(
    connect: ClientFactory, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serve(numbered_space(999)) as sandbox:
        out = ObjectStoragePath(f"file://{tmp_path_factory.mktemp('staging')}/first.parquet")
        run(connect(sandbox), out, {}, "skip")
        assert asked(sandbox) <= 1_000 / 250 + 1_000 / 100 + 30 + 1_000 / 200


def space_with_containers(count: int, containers: int) -> SeedSpace:
    """So many pages; some lie in a folder, database or whiteboard of their own, some of these in one another."""
    space = numbered_space(count - 1)
    kinds = ("folder", "database", "whiteboard")
    numbers = range(1, containers + 1)
    around = [
        SeedPage(f"c{n}", f"C{n}", "", kind=kinds[n % 3], parent="home" if n < 4 else f"c{n // 4}") for n in numbers
    ]
    home, *pages = space.pages
    apart = count // containers
    held = [replace(pages[n * apart - 2], parent=f"c{n}") for n in numbers]
    for n, page in zip(numbers, held, strict=True):
        pages[n * apart - 2] = page
    return replace(space, pages=(home, *around, *pages))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("finds", [True, False], ids=["search finds containers", "search finds none"])
def test_each_folder_database_and_whiteboard_costs_two_requests_at_first_and_then_one(
    finds: bool, connect: ClientFactory, tmp_path_factory: pytest.TempPathFactory
) -> None:
    count, containers = 1_000, 100  # a third request for each would not fit into what is allowed beside them
    folder = tmp_path_factory.mktemp("staging")
    with serve(space_with_containers(count, containers), switches={"search_finds_containers": finds}) as sandbox:
        report, held, _ = run(connect(sandbox), ObjectStoragePath(f"file://{folder}/first.parquet"), {}, "skip")
        assert report.got == count
        plain = count / 250 + count / 100 + count / 200 + 30
        assert asked(sandbox) <= plain + 2 * containers
        forget_requests(sandbox)
        report, _, _ = run(connect(sandbox), ObjectStoragePath(f"file://{folder}/second.parquet"), held, "skip")
        assert report.got == 0
        assert asked(sandbox) <= count / 250 + count / 200 + 30 + containers


def test_a_run_with_nothing_to_do_fetches_no_body(
    connect: ClientFactory, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serve(numbered_space(400)) as sandbox:
        out = ObjectStoragePath(f"file://{tmp_path_factory.mktemp('staging')}/first.parquet")
        _, held, _ = run(connect(sandbox), out, {}, "skip")
        forget_requests(sandbox)
        report, _, _ = run(connect(sandbox), out, held, "skip")
        assert report.requests == 0
        assert sandbox.log.count("body-format") == 0
