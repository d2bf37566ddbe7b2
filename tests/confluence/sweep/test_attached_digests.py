from __future__ import annotations

from typing import Any

import pytest

from confluence_to_twig.confluence.sweep.attached_digests import digests


def hit(identity: str, kind: str = "comment", page: str = "7", version: int = 1, **fields: Any) -> dict[str, Any]:
    return {"id": identity, "type": kind, "container": {"id": page}, "version": {"number": version}} | fields


RESOLVED = {"extensions": {"resolution": {"status": "resolved"}}}
FILE = hit("att1", "attachment", title="a.txt")


def of(*hits: Any, mode: str = "names") -> dict[str, dict[str, str]]:
    return digests(hits, mode=mode)


def test_order_and_repetition_make_no_difference() -> None:
    assert of(hit("1"), hit("2")) == of(hit("2"), hit("1"), hit("2"))


@pytest.mark.parametrize(
    "changed", [[hit("1")], [hit("1"), hit("2"), hit("3")], [hit("1"), hit("2", version=2)], [hit("1"), hit("2", **RESOLVED)]]
)  # fmt: skip
def test_new_edited_resolved_and_deleted_comments_change_it(changed: list[dict[str, Any]]) -> None:
    assert of(*changed) != of(hit("1"), hit("2"))


def test_a_page_with_resolved_comments_only_has_none() -> None:
    assert of(hit("1", **RESOLVED)) == {}


def test_attachments_differ_by_version_name_and_use_and_not_from_comments() -> None:
    told = of(FILE, hit("1"))
    assert told["attachment"] != of(FILE | {"version": {"number": 2}})["attachment"]
    assert told["attachment"] != of(FILE | {"title": "b.txt"})["attachment"]
    assert told["attachment"] != of(FILE, mode="text")["attachment"]
    assert told["attachment"] == of(FILE)["attachment"]
    assert told["comment"] == of(hit("1"), mode="text")["comment"]


def test_each_page_has_its_own() -> None:
    assert of(hit("1"), hit("2", page="8"))["comment"].keys() == {"7", "8"}


@pytest.mark.parametrize("odd", [None, "text", {}, {"container": None}, {"container": [], "extensions": "x"}])
def test_odd_hits_are_passed_over(odd: Any) -> None:
    assert of(odd, hit("1")) == of(hit("1"))
