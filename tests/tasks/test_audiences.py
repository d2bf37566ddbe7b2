"""Each page goes to the data source of those who may read it, and to no other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from confluence_to_twig.errors import TransientError
from confluence_to_twig.runs.record import record_path
from confluence_to_twig.staging.audience_book import read_audience_book
from confluence_to_twig.staging.files import read_json
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from confluence_to_twig.staging.parquet import iter_rows
from confluence_to_twig.tasks.discover import discover
from confluence_to_twig.twig.delta import Package, upsert
from confluence_to_twig.twig.hook import TwigHook
from sandbox.confluence.sandbox import SYNC_EMAIL, SYNC_USER, SandboxConfluence
from sandbox.seed import SeedPage, SeedSpace
from sandbox.twig import Settings, serve
from tests.confluence.spaces import forget_requests, include_of, requests_of
from tests.tasks.audience_world import GROUPS, AudienceWorld, account, email, readers_space
from tests.twig.world import Page

EVERYWHERE = {"home", "guide", "install", "linux", "team", "plans"}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AudienceWorld]:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    confluence = SandboxConfluence(readers_space())
    with confluence.serve(), serve(settings=Settings(write_per_minute=None)) as twig:
        world = AudienceWorld(confluence, twig)
        world.connect(monkeypatch)
        yield world


def test_pages_are_kept_apart_by_who_may_read_them(world: AudienceWorld) -> None:
    world.confluence.restrict("team", groups=["staff"])
    world.confluence.restrict("plans", groups=["legal"])
    world.confluence.restrict("linux", users=[email("ada"), email("bob")])
    world.sync()
    entries = read_audience_book(world.staging).entries
    assert "staff" in [entry.label for entry in entries.values()]
    both = next(entry for entry in entries.values() if len(entry.levels) == 2)
    named = next(entry for entry in entries.values() if entry.levels[0]["users"])
    assert world.held() == {
        "": {"home", "guide", "install"},
        "staff": {"team"},
        both.label: {"plans"},
        named.label: {"linux"},
    }
    assert both.levels == [{"users": [], "groups": ["group-legal"]}, {"users": [], "groups": ["group-staff"]}]
    assert named.levels == [{"users": [account("ada"), account("bob")], "groups": []}]
    assert world.leaks() == set()


def test_a_page_moves_to_the_data_source_of_those_who_may_read_it_now(world: AudienceWorld) -> None:
    world.sync()
    assert world.held() == {"": EVERYWHERE}
    world.confluence.restrict("guide", groups=["staff"])
    run = world.sync()
    assert world.held() == {"": {"home", "team", "plans"}, "staff": {"guide", "install", "linux"}}
    record = read_json(record_path(run).parent / "load.json")
    assert record["figures"]["moved"] == 3
    world.confluence.unrestrict("guide")
    world.sync()
    assert world.held() == {"": EVERYWHERE}
    world.confluence.restrict("guide", groups=["staff"])
    world.sync()
    assert world.held()["staff"] == {"guide", "install", "linux"}


def test_a_space_that_few_may_read_is_a_level_of_all_its_pages(world: AudienceWorld) -> None:
    world.hide(["bob"], ["staff"])
    world.confluence.restrict("team", groups=["staff"])
    world.sync()
    [space, staff] = sorted(
        read_audience_book(world.staging).entries.values(), key=lambda entry: entry.label == "staff"
    )
    assert world.held() == {space.label: EVERYWHERE - {"team", "plans"}, "staff": {"team", "plans"}}
    assert (staff.label, len(space.levels)) == ("staff", 1)
    assert world.leaks() == set()


def test_audiences_beyond_the_most_are_kept_out_and_named(world: AudienceWorld) -> None:
    world.settings = {"max_audiences": 1}
    world.sync()
    world.confluence.restrict("guide", groups=["staff"])
    world.confluence.restrict("team", groups=["legal"])
    run = world.sync()
    assert world.held() == {"": {"home"}, "staff": {"guide", "install", "linux"}}
    reasons = {row["reason"] for row in iter_rows(run.staging.plan) if row["action"] == "delete"}
    assert reasons == {"its audience has no data source: there are max_audiences already"}
    warnings = read_json(record_path(run).parent / "discover.json")["warnings"]
    assert any("2 pages are kept out" in warning and "group legal" in warning for warning in warnings)


def test_a_page_takes_in_no_text_that_not_all_of_its_readers_may_read(world: AudienceWorld) -> None:
    world.confluence.edit("plans", storage="<p>The secret plans.</p>")
    for page in ("guide", "install"):
        world.confluence.edit(page, storage=f"<p>Text of {page}.</p>{include_of('Plans')}")
    world.confluence.restrict("team", groups=["staff"])
    world.confluence.restrict("install", groups=["staff"])
    world.sync()
    assert "secret plans" not in _text(world, "docs", "guide")
    assert "secret plans" in _text(world, "docs · staff", "install")
    world.confluence.unrestrict("team")
    world.sync()
    world.confluence.edit("guide", storage=f"<p>Again.</p>{include_of('Plans')}")
    world.sync()
    assert "secret plans" in _text(world, "docs", "guide")
    world.confluence.restrict("plans", groups=["legal"])
    world.sync()
    assert "secret plans" not in _text(world, "docs", "guide")


def test_levels_stand_in_the_metadata_of_what_twig_gets(world: AudienceWorld) -> None:
    world.settings = {"restricted_pages": "include"}
    world.confluence.restrict("team", groups=["staff"], users=[email("cy")])
    world.sync()
    assert world.held() == {"": EVERYWHERE}
    level = {"users": [account("cy")], "groups": ["group-staff"]}
    assert _allowed(world) == {ref: [level] if ref in {"team", "plans"} else [] for ref in EVERYWHERE}
    world.confluence.unrestrict("team")
    world.sync()
    assert _allowed(world) == {ref: [] for ref in EVERYWHERE}


def test_a_source_that_skips_restricted_pages_again_leaves_none_of_them_behind(world: AudienceWorld) -> None:
    world.confluence.restrict("team", groups=["staff"])
    world.sync()
    world.settings = {"restricted_pages": "skip"}
    world.sync()
    assert world.held() == {"": EVERYWHERE - {"team", "plans"}}


def _allowed(world: AudienceWorld) -> dict[str, object]:
    [spec] = world.twig.twig.data_specs()
    documents = world.twig.twig.documents(spec["id"])
    return {world.ref(page_id): document.metadata["allowed"] for page_id, document in documents.items()}


def _text(world: AudienceWorld, name: str, ref: str) -> str:
    spec = next(spec for spec in world.twig.twig.data_specs() if spec["name"] == name)
    document = world.twig.twig.documents(spec["id"])[world.confluence.id_of(ref)]
    return "\n".join(chunk.text for chunk in document.chunks)


def test_telling_audiences_apart_takes_one_request_more_for_the_space(world: AudienceWorld) -> None:
    world.confluence.restrict("team", groups=["staff"])
    requests = {}
    for mode in ("skip", "audiences"):
        world.settings = {"restricted_pages": mode}
        world.sync()
        forget_requests(world.confluence)
        world.sync()
        requests[mode] = [request.path for request in requests_of(world.confluence)]
    assert sum("/permissions" in path for path in requests["audiences"]) == 1
    assert len(requests["audiences"]) == len(requests["skip"]) + 1


def test_a_page_is_gone_from_the_one_before_it_is_sent_to_the_other(
    world: AudienceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("confluence_to_twig.twig.transport.ATTEMPTS", 2)
    world.sync()
    specs = {spec["name"]: spec["id"] for spec in world.twig.twig.data_specs()}
    world.confluence.restrict("plans", groups=["staff"])
    world.twig.twig.log.clear()
    world.twig.twig.answer_with(500, path="/api/data-specs/.*/documents", method="POST", times=1_000)
    with pytest.raises(TransientError):
        world.sync()
    assert "plans" in world.held()[""]  # Twig never said that it is gone, so it was not sent elsewhere
    assert "staff" not in world.held()
    world.twig.twig.clear_faults()
    world.twig.twig.log.clear()
    world.sync()
    records = [record for record in world.twig.twig.log.records() if record.method == "POST"]
    writes = [record.path for record in records if record.path.endswith("/documents")]
    assert writes[0] == f"/api/data-specs/{specs['docs']}/documents"
    assert world.held()["staff"] == {"plans"}
    assert world.twice() == []


def test_a_page_that_twig_will_not_let_go_is_sent_nowhere_else(world: AudienceWorld) -> None:
    world.sync()
    world.confluence.restrict("plans", groups=["staff"])
    newer = Page(world.confluence.id_of("plans"), ("Somebody else wrote this.",), version=99)
    package = Package(newer.document(), tuple(newer.chunks()))  # type: ignore[arg-type]
    [spec] = world.twig.twig.data_specs()
    with TwigHook("twig_default").client() as client:
        client.write_documents(spec["id"], f'{{"upserts":[{upsert(package, ())}],"deletes":[]}}', "by-hand")
    run = world.sync()
    assert world.held() == {"": EVERYWHERE}
    warnings = read_json(record_path(run).parent / "load.json")["warnings"]
    assert any("1 pages are still in docs" in warning for warning in warnings)


def test_spaces_of_one_source_are_kept_apart_by_who_may_read_them(world: AudienceWorld) -> None:
    world.confluence.add_space(readers_space("HR"))
    world.confluence.hide_space("HR", [SYNC_EMAIL], ["legal"])
    world.settings = {"spaces": ["PROD", "HR"]}
    world.sync()
    [few] = [label for label in world.held() if label]
    assert {label: len(refs) for label, refs in world.held().items()} == {"": 6, few: 6}
    [levels] = [entry.levels for entry in read_audience_book(world.staging).entries.values()]
    assert levels == [{"users": [SYNC_USER.account_id], "groups": ["group-legal"]}]


def _large_space(key: str, pages: int) -> SeedSpace:
    """A flat space in which one page of a hundred is restricted, to one of two groups in turn."""
    seeds = [SeedPage(f"{key}-home", key, "<p>Home.</p>")]
    for number in range(1, pages):
        groups = (GROUPS[number // 100 % 2],) if number % 100 == 0 else ()
        seeds.append(SeedPage(f"{key}-{number}", f"{key} {number}", "", parent=f"{key}-home", read_groups=groups))
    return SeedSpace(key=key, name=key, description="", pages=tuple(seeds))


def test_two_thousand_pages_in_three_spaces_take_one_request_more_for_each_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    keys = ("PROD", "ENG", "OPS")
    confluence = SandboxConfluence(*(_large_space(key, 667) for key in keys))
    with confluence.serve(), serve(settings=Settings(write_per_minute=None)) as twig:
        world = AudienceWorld(confluence, twig)
        world.connect(monkeypatch)
        requests, planned = {}, {}
        for mode in ("skip", "audiences"):
            world.settings = {"restricted_pages": mode, "spaces": [*keys]}
            run = world.run()
            validated = world.validated(run)
            forget_requests(confluence)
            discover(run, validated)
            requests[mode] = Counter(re.sub(r"/\d+", "/:id", request.path) for request in requests_of(confluence))
            planned[mode] = sum(1 for _ in iter_rows(run.staging.plan, ["page_id"], where=("action", ["fetch"])))
    assert (planned["audiences"], planned["skip"]) == (3 * 667, 3 * (667 - 6))
    # Some depend on the moment, so two sweeps do not differ by a fixed number of them. A listing goes on from both ends until they meet, and
    # may ask once more than it needs. A search asks for at most 200 ids, and what a listing of 250 brought may be asked for by itself: five
    # for the 667 pages, and one for the posts.
    of_the_moment = {
        "/wiki/api/v2/spaces/:id/pages": 4,
        "/wiki/api/v2/spaces/:id/blogposts": 2,
        "/wiki/rest/api/content/search": 6,
    }
    for path, most in of_the_moment.items():
        assert all(0 < asked[path] <= most * len(keys) for asked in requests.values())
    more = {
        path: number for path, number in (requests["audiences"] - requests["skip"]).items() if path not in of_the_moment
    }
    assert more == {"/wiki/api/v2/spaces/:id/permissions": len(keys), "/wiki/rest/api/group/by-id": 1}
