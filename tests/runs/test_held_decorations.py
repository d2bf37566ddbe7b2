from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from confluence_to_twig.runs.held_decorations import (
    NOTHING,
    RENDERED_AT_ONCE,
    UNKNOWN,
    HeldDecorations,
    read_held_decorations,
    write_held_decorations,
)
from confluence_to_twig.staging.layout import SourceStaging, root_at

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def seen(**comments: str | None) -> dict[str, dict[str, str | None]]:
    return {"attachments": dict.fromkeys(comments), "comments": dict(comments)}


def test_without_notes_everything_that_twig_holds_is_noted() -> None:
    after = HeldDecorations().loaded({}, seen(a="1", b="", c="3"), {"a", "b"}, NOW)
    assert after == HeldDecorations(None, {"a": "1"})


def test_only_loaded_pages_are_noted_afterwards() -> None:
    before = HeldDecorations({}, {"a": "1", "b": "1", "gone": "1"})
    after = before.loaded({"a": False}, seen(a="2", b="2", c="2"), {"a", "b", "c"}, NOW)
    assert after.comments == {"a": "2", "b": "1"}


def test_a_page_that_lost_all_comments_is_noted_without_any() -> None:
    assert HeldDecorations({}, {"a": "1"}).loaded({"a": False}, seen(a=""), {"a"}, NOW).comments == {}


def test_a_page_loaded_while_nobody_told_differs_from_whatever_is_told_later() -> None:
    assert NOTHING.loaded({"a": False}, seen(a=None), {"a"}, NOW).comments == {"a": UNKNOWN}


def test_rendered_pages_are_due_after_a_time_the_oldest_first() -> None:
    held = HeldDecorations(rendered={str(n): NOW - DAY - timedelta(hours=n) for n in range(RENDERED_AT_ONCE + 5)})
    due = held.to_render(NOW, DAY)
    assert due == {str(n) for n in range(5, RENDERED_AT_ONCE + 5)}
    assert not held.to_render(NOW - DAY - timedelta(hours=1000), DAY)
    assert not held.to_render(NOW, None)


def test_rendering_is_noted_with_its_time_and_forgotten_when_a_page_is_rendered_no_more() -> None:
    before = HeldDecorations(rendered={"a": NOW - DAY, "b": NOW - DAY, "c": NOW - DAY, "gone": NOW - DAY})
    after = before.loaded({"a": True, "b": False}, {}, {"a", "b", "c"}, NOW)
    assert after.rendered == {"a": NOW, "c": NOW - DAY}


def test_notes_come_back_as_they_were_written(tmp_path: Path) -> None:
    staging = SourceStaging(root_at(str(tmp_path)), "small")
    assert read_held_decorations(staging) == HeldDecorations()
    held = HeldDecorations(None, {"a": "1"}, {"a": NOW})
    write_held_decorations(staging, held)
    assert read_held_decorations(staging) == held


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"attachments": 1, "comments": null, "rendered": {}}'])
def test_damaged_notes_begin_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "decorations.json").write_text(text)
    assert read_held_decorations(SourceStaging(root_at(str(tmp_path)), "small")) == HeldDecorations()
