from __future__ import annotations

import json
from dataclasses import replace

import pytest

from confluence_to_twig.staging.journal import Standing
from confluence_to_twig.twig.delta import Package, decide, twig_hash, upsert
from tests.twig.world import Page

PAGE = Page("1", ("one", "two", "three"), version=3, labels=("howto",), ancestors=("Guides",), includes=("9@2",))


def package(page: Page) -> Package:
    return Package(page.document(), tuple(page.chunks()))


def held(page: Page, in_doubt: bool = False, forgotten: bool = False) -> Standing:
    row = package(page).manifest_row()
    return Standing(row, in_doubt, None if forgotten else row)


def test_a_new_page_is_sent_with_all_texts() -> None:
    decision = decide(package(PAGE), Standing(None))
    assert (decision.verdict, decision.kept) == ("send", frozenset())


def test_an_unchanged_page_is_not_sent() -> None:
    assert decide(package(PAGE), held(PAGE)).verdict == "unchanged"


def test_an_edited_page_is_sent_with_the_new_texts_only() -> None:
    edited = PAGE.edited(sections=("one", "new", "three"))
    decision = decide(package(edited), held(PAGE))
    ids = [chunk["chunk_id"] for chunk in edited.chunks()]
    assert (decision.verdict, decision.kept) == ("send", {ids[0], ids[2]})


@pytest.mark.parametrize("change", [{"title": "Renamed"}, {"labels": ("howto", "new")}, {"ancestors": ("Elsewhere",)}])
def test_a_change_of_metadata_sends_no_text(change: dict[str, object]) -> None:
    changed = replace(PAGE, **change)  # type: ignore[arg-type]
    decision = decide(package(changed), held(PAGE))
    assert (decision.verdict, len(decision.kept)) == ("send", 3)


def test_a_change_of_the_address_alone_is_sent() -> None:
    moved = replace(PAGE, space="NEW")
    assert moved.content_hash == PAGE.content_hash
    assert decide(package(moved), held(PAGE)).verdict == "send"
    assert twig_hash(moved.document()) != twig_hash(PAGE.document())


@pytest.mark.parametrize("change", [{"version": 4}, {"includes": ("9@3",)}])
def test_a_change_without_any_effect_on_the_content_is_only_noted(change: dict[str, object]) -> None:
    assert decide(package(replace(PAGE, **change)), held(PAGE)).verdict == "noted"  # type: ignore[arg-type]


def test_an_older_version_is_never_sent() -> None:
    assert decide(package(PAGE), held(PAGE.edited(sections=("other",)))).verdict == "older"
    assert decide(package(PAGE), held(PAGE.edited(), in_doubt=True)).verdict == "older"


def test_a_page_in_doubt_is_sent_though_its_row_is_equal() -> None:
    assert len(decide(package(PAGE), held(PAGE, in_doubt=True)).kept) == 3
    assert decide(package(PAGE), held(PAGE, in_doubt=True, forgotten=True)).kept == frozenset()


def test_another_cut_of_the_same_text_is_sent() -> None:
    recut = package(PAGE)
    recut = Package(recut.document, recut.chunks[:2])
    assert decide(recut, held(PAGE)).verdict == "send"


def test_the_request_has_the_contracts_fields() -> None:
    document = json.loads(upsert(package(PAGE), {PAGE.chunks()[1]["chunk_id"]}))
    assert document["id"] == "1"
    assert document["version"] == 3
    assert document["contentHash"].startswith(PAGE.content_hash + ".")
    assert len(document["contentHash"]) <= 128
    assert document["url"] == PAGE.url
    assert document["metadata"]["labels"] == ["howto"]
    assert document["metadata"]["modifiedAt"] == "2026-01-02T03:04:05Z"
    assert [chunk["ordinal"] for chunk in document["chunks"]] == [0, 1, 2]
    assert ["text" in chunk for chunk in document["chunks"]] == [True, False, True]
    assert document["chunks"][0]["headingPath"] == ["Section 0"]


def test_the_same_document_is_the_same_request() -> None:
    assert upsert(package(PAGE), ()) == upsert(package(Page(**vars(PAGE))), ())
