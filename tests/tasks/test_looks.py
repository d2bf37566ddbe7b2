"""The looks of a run at many spaces: what they cost, and what one space that fails costs the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow.compute as pc
import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.errors import TransientError
from confluence_to_twig.planning.window import RunFacts
from confluence_to_twig.runs.record import Record
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.tasks.looks import Looks, look_at_each
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SandboxConfluence, serve
from sandbox.seed import SeedPage, SeedSpace
from tests.confluence.spaces import QUICK, settings_of

SPACES = 60


@pytest.fixture
def site() -> Iterator[SandboxConfluence]:
    with serve(
        *(
            SeedSpace(f"S{n}", f"Space {n}", "", tuple(SeedPage(f"s{n}-{p}", f"{n}.{p}", "<p>x</p>") for p in range(2)))
            for n in range(SPACES)
        )
    ) as sandbox:
        yield sandbox


@pytest.fixture
def client(site: SandboxConfluence) -> Iterator[ConfluenceClient]:
    with ConfluenceClient(settings_of(site), patience=replace(QUICK, attempts=1)) as client:
        yield client


@pytest.fixture
def many(run: Run) -> Run:
    source = Source(name="docs", spaces=["*"], schedule="*/5 * * * *")
    return replace(run, source=source, facts=RunFacts("manual", datetime.now(UTC)))


def look(run: Run, client: ConfluenceClient) -> Looks:
    looks = look_at_each(run, client, client.api.all_spaces(), Record())
    looks.write(run)
    return looks


def test_quiet_spaces_share_their_requests(many: Run, client: ConfluenceClient, site: SandboxConfluence) -> None:
    first = look(many, client)
    assert len(first.swept) == SPACES
    before = client.requests_made
    assert look(many, client).table.equals(first.table)
    # One for the list of spaces, four for each fifty of them.
    assert client.requests_made - before == 1 + 4 * 2
    for page in ("s3-1", "s30-1", "s59-0"):
        site.edit(page, storage="<p>Edited.</p>")
    before = client.requests_made
    looks = look(many, client)
    assert client.requests_made - before < SPACES
    told = {space.key: looked.look.reason for space, looked in looks.looked.items()}
    loud = [key for key, reason in told.items() if "glance" not in reason]
    assert sorted(loud) == ["S3", "S30", "S59"]
    changed = looks.table.filter(pc.greater(looks.table["version"], 1))["title"].to_pylist()
    assert sorted(changed) == ["3.1", "30.1", "59.0"]


def test_a_few_spaces_that_fail_cost_only_themselves_and_many_in_a_row_are_an_outage(
    many: Run, client: ConfluenceClient, site: SandboxConfluence
) -> None:
    ids = [site.space(f"S{n}").id for n in (1, 2, 10)]
    site.fail(faults.Refuse(503), rf"spaces/({'|'.join(map(str, ids))})/pages", times=None)
    looks = look(many, client)
    assert sorted(space.key for space in looks.failed) == ["S1", "S10", "S2"]
    assert looks.unproven == {str(space_id) for space_id in ids}
    assert looks.table.num_rows == 2 * (SPACES - 3)
    site.fail(faults.Refuse(503), r"spaces/\d+/pages", times=None)
    with pytest.raises(TransientError):
        look(replace(many, params=replace(many.params, full=True)), client)
