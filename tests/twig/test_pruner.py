from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from confluence_to_twig.errors import TransientError
from confluence_to_twig.staging.schemas import PLAN
from confluence_to_twig.twig.brake import Brake, Shrunk
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.pruner import PrunePlan, plan_prune, prune
from tests.twig.world import Page, World, answering, expected

PAGES = [Page(str(number), (f"Text of page {number}",)) for number in range(100)]


@pytest.fixture
def client(world: World) -> Iterator[TwigClient]:
    with world.client() as client:
        yield client


def plan_of(*page_ids: str, known: pa.Table, reason: str = "trashed") -> pa.Table:
    loaded_by = dict(zip(known["page_id"].to_pylist(), known["run_id"].to_pylist(), strict=True))
    rows = [
        {
            "page_id": page.page_id,
            "kind": "page",
            "action": "delete" if page.page_id in page_ids else "leave",
            "reason": reason if page.page_id in page_ids else "unchanged",
            "title": page.name,
            "url": page.url,
            "manifest_run_id": loaded_by.get(page.page_id),
        }
        for page in PAGES
    ]
    return pa.Table.from_pylist(rows, schema=PLAN)


def planned(world: World, *page_ids: str, **options: Any) -> PrunePlan:
    return plan_prune(plan_of(*page_ids, known=world.manifest.read()), world.manifest.view(), "run", **options)


def test_deletes_what_the_plan_says_and_records_it(world: World, client: TwigClient) -> None:
    world.load(*PAGES[:10])
    before = datetime.now(UTC)
    report = prune(
        client, world.source(client), planned(world, "3", "5").deletions, world.manifest, world.audit, "run-7", "ada"
    )

    assert (report.deleted, report.writes) == (2, 1)
    assert world.held() == expected(*(page for page in PAGES[:10] if page.page_id not in {"3", "5"}))
    rows = world.audit.read().to_pylist()
    assert [(row["page_id"], row["title"], row["reason"], row["run_id"], row["approved_by"]) for row in rows] == [
        ("3", "Page 3", "trashed", "run-7", "ada"),
        ("5", "Page 5", "trashed", "run-7", "ada"),
    ]
    assert all(before <= row["deleted_at"] <= datetime.now(UTC) for row in rows)
    assert {row["page_id"] for row in world.manifest.read().to_pylist()} == world.held().keys()


def test_does_nothing_the_second_time(world: World, client: TwigClient) -> None:
    world.load(*PAGES[:10])
    deletions = planned(world, "3").deletions
    prune(client, world.source(client), deletions, world.manifest, world.audit, "run")
    again = prune(client, world.source(client), deletions, world.manifest, world.audit, "run")
    assert (again.deleted, again.writes) == (0, 0)
    assert world.audit.read().num_rows == 1


def test_passes_over_pages_that_twig_never_held(world: World) -> None:
    world.load(*PAGES[:3])
    assert [deletion.page_id for deletion in planned(world, "1", "50").deletions] == ["1"]


@pytest.mark.parametrize(
    ("held", "gone", "brake"),
    [(100, 19, False), (100, 20, True), (60, 19, False), (21, 19, True), (2, 1, False), (1, 1, True), (100, 100, True)],
)
def test_the_brake_holds_at_20_pages_and_20_percent_or_when_less_than_half_would_be_left(
    world: World, held: int, gone: int, brake: bool
) -> None:
    world.load(*PAGES[:held])
    found = planned(world, *(page.page_id for page in PAGES[:gone]))
    assert (len(found.deletions), found.held, found.brake) == (gone, held, brake)


def test_the_brake_can_be_set(world: World) -> None:
    world.load(*PAGES)
    gone = [page.page_id for page in PAGES[:20]]
    assert not planned(world, *gone, brake=Brake(share=0.5)).brake
    assert not planned(world, *gone, brake=Brake(pages=21)).brake
    assert planned(world, *gone, brake=Brake(share=0.5, most=20)).brake
    assert planned(world, "1", brake=Brake(pages=1, share=0.01)).brake


def test_restricted_pages_wait_for_nobody_and_do_not_count(world: World) -> None:
    world.load(*PAGES)
    rows = plan_of(*(page.page_id for page in PAGES[:60]), known=world.manifest.read(), reason="restricted").to_pylist()
    for row in rows[50:60]:
        row["reason"] = "trashed"
    found = plan_prune(pa.Table.from_pylist(rows, schema=PLAN), world.manifest.view(), "run")
    assert (len(found.at_once), len(found.deletions), found.held, found.brake) == (50, 10, 50, False)


def test_documents_that_lose_their_text_are_weighed_together_with_the_deletions(world: World) -> None:
    world.load(*PAGES)
    gone = [page.page_id for page in PAGES[:10]]
    losing = [Shrunk(page.page_id, page.name, page.url, 1, "it was emptied", 1, 1) for page in PAGES[50:60]]
    assert not planned(world, *gone).brake
    found = planned(world, *gone, shrunk=losing)
    assert found.brake
    assert str(found) == "10 of 100 pages (10%) and much of the text of 10 pages"


def test_a_plan_says_how_much_it_is(world: World) -> None:
    world.load(*PAGES)
    assert str(planned(world, *(page.page_id for page in PAGES[:25]))) == "25 of 100 pages (25%)"
    assert PrunePlan((), 0, False).share == 0


@pytest.mark.parametrize("compacted", [False, True])
def test_spares_pages_that_another_run_loaded_after_the_plan_was_made(world: World, compacted: bool) -> None:
    world.load(*PAGES[:3], run_id="earlier")
    plan = plan_of("0", "1", "2", known=world.manifest.read())
    world.load(PAGES[1].edited(sections=("restored",)), run_id="other")
    world.load(PAGES[2].edited(sections=("ours",)), run_id="run")
    if compacted:
        world.manifest.compact()
    found = plan_prune(plan, world.manifest.view(), "run")
    assert [deletion.page_id for deletion in found.deletions] == ["0", "2"]
    assert found.spared.keys() == {"1"}


def test_a_newer_version_in_twig_stays(world: World, client: TwigClient) -> None:
    world.load(*PAGES[:3])
    deletions = planned(world, "0", "1").deletions
    newer = PAGES[1].edited(sections=("newer",))
    world.load(newer)
    report = prune(client, world.source(client), deletions, world.manifest, world.audit, "run")
    assert (report.deleted, report.kept_newer) == (1, ["1"])
    assert world.held() == expected(newer, PAGES[2])
    assert [row["page_id"] for row in world.audit.read().to_pylist()] == ["0"]
    assert (world.manifest.view().row("1") or {})["version"] == 2


def test_a_lost_answer_deletes_and_records_once(world: World, client: TwigClient) -> None:
    world.load(*PAGES[:3])
    deletions = planned(world, "0", "1").deletions
    world.twig.lose_acknowledgements(path="/documents$", times=6)
    with pytest.raises(TransientError):
        prune(client, world.source(client), deletions, world.manifest, world.audit, "run")
    assert world.audit.read().num_rows == 0
    assert world.manifest.view().standing("0").in_doubt
    report = prune(client, world.source(client), deletions, world.manifest, world.audit, "run")
    assert report.deleted == 2
    assert world.audit.read().num_rows == 2
    assert world.held() == expected(PAGES[2])


def test_a_crash_between_audit_and_manifest_records_no_page_twice(
    world: World, client: TwigClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.load(*PAGES[:3])
    deletions = planned(world, "0", "1").deletions
    manifest = world.manifest

    def crash(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(manifest, "end", crash)
    with pytest.raises(KeyboardInterrupt):
        prune(client, world.source(client), deletions, manifest, world.audit, "run")
    prune(client, world.source(client), deletions, world.manifest, world.audit, "run")
    assert [row["page_id"] for row in world.audit.read().to_pylist()] == ["0", "1"]


def test_deletes_in_as_few_requests_as_it_may(
    world: World, client: TwigClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("confluence_to_twig.twig.pruner._IDS_A_REQUEST", 4)
    world.load(*PAGES[:10])
    deletions = planned(world, *(page.page_id for page in PAGES[:10])).deletions
    report = prune(client, world.source(client), deletions, world.manifest, world.audit, "run")
    assert (report.deleted, report.writes) == (10, 3)
    assert world.held() == {}


def test_a_refused_deletion_is_reported_and_the_others_go_on(world: World, client: TwigClient) -> None:
    world.load(*PAGES[:3])
    source = world.source(client)
    outcome = {"accepted": [], "rejected": [{"id": "0", "code": "locked", "message": "By an admin"}], "deleted": ["1"]}
    with answering(outcome) as base_url, world.client(base_url=base_url) as other:
        report = prune(other, source, planned(world, "0", "1").deletions, world.manifest, world.audit, "run")
    assert (report.deleted, report.refused) == (1, [{"page_id": "0", "code": "locked", "message": "By an admin"}])
    assert {row["page_id"] for row in world.manifest.read().to_pylist()} == {"0", "2"}
    assert [row["page_id"] for row in world.audit.read().to_pylist()] == ["1"]
