from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from confluence_to_twig.confluence.sweep.attached_digests import hanging

if TYPE_CHECKING:
    from confluence_to_twig.sources.fields import AttachmentsMode


def hit(identity: str, kind: str = "comment", page: str = "7", version: int = 1, **fields: Any) -> dict[str, Any]:
    return {"id": identity, "type": kind, "container": {"id": page}, "version": {"number": version}} | fields


RESOLVED = {"extensions": {"resolution": {"status": "resolved"}}}
FILE = hit("att1", "attachment", title="a.txt")


def of(*hits: Any, mode: AttachmentsMode = "names") -> dict[str, dict[str, str]]:
    found = hanging(hits, mode)
    return {kind: told for kind in ("attachment", "comment") if (told := found.digests(kind))}


def test_order_and_repetition_make_no_difference() -> None:
    assert of(hit("1"), hit("2")) == of(hit("2"), hit("1"), hit("2"))


@pytest.mark.parametrize(
    "changed", [[hit("1")], [hit("1"), hit("2"), hit("3")], [hit("1"), hit("2", version=2)], [hit("1"), hit("2", **RESOLVED)]]
)  # fmt: skip
def test_new_edited_resolved_and_deleted_comments_change_it(changed: list[dict[str, Any]]) -> None:
    assert of(*changed) != of(hit("1"), hit("2"))


def test_a_page_with_resolved_comments_only_has_none() -> None:
    assert of(hit("1", **RESOLVED)) == {}


def test_attachments_differ_by_name_and_use_and_not_from_comments() -> None:
    told = of(FILE, hit("1"))
    assert told["attachment"] != of(FILE | {"title": "b.txt"})["attachment"]
    assert told["attachment"] != of(FILE, mode="text")["attachment"]
    assert told["attachment"] == of(FILE)["attachment"]
    assert told["comment"] == of(hit("1"), mode="text")["comment"]


@pytest.mark.parametrize(
    ("title", "modes"),
    [("a.txt", {"text"}), ("plan.drawio", {"text", "documents"}), ("flow.puml", {"text", "documents"})],
)
def test_a_new_version_counts_where_the_page_shows_what_is_in_the_file(title: str, modes: set[str]) -> None:
    old, new = hit("att1", "attachment", title=title), hit("att1", "attachment", version=2, title=title)
    every: tuple[AttachmentsMode, ...] = ("names", "text", "documents")
    assert {mode for mode in every if of(old, mode=mode) != of(new, mode=mode)} == modes


def test_a_page_without_drawings_is_the_same_whether_its_files_are_documents_or_not() -> None:
    assert of(FILE, mode="documents") == of(FILE, mode="names")


def test_files_that_can_be_documents_are_told_one_by_one() -> None:
    told = FILE | {"extensions": {"mediaType": "text/plain", "fileSize": 7}, "_links": {"webui": "/pages/7?preview=1"}}
    told["version"] = {"number": 3, "when": "2026-11-22T10:00:00Z"}
    picture, drawing = (hit("att2", "attachment", title=title) for title in ("a.png", "a.drawio"))
    assert hanging([told, picture, drawing, None], "documents", "https://acme.example/wiki").files == {
        "7": [
            {
                "id": "att1",
                "title": "a.txt",
                "version": 3,
                "media_type": "text/plain",
                "file_size": 7,
                "url": "https://acme.example/wiki/pages/7?preview=1",
                "modified_at": datetime(2026, 11, 22, 10, tzinfo=UTC),
            }
        ]
    }
    assert hanging([told], "names").files == {}


def test_each_page_has_its_own() -> None:
    assert of(hit("1"), hit("2", page="8"))["comment"].keys() == {"7", "8"}


@pytest.mark.parametrize("odd", [None, "text", {}, {"container": None}, {"container": [], "extensions": "x"}])
def test_odd_hits_are_passed_over(odd: Any) -> None:
    assert of(odd, hit("1")) == of(hit("1"))
