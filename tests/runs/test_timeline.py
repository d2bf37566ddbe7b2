"""What happened to a source besides its runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from confluence_to_twig.runs.history import read_history
from confluence_to_twig.runs.run_row import RunRow
from confluence_to_twig.runs.timeline import events, settings_of
from confluence_to_twig.sources.source import Source
from tests.web.samples import NOW, SampleSource

PLAIN = Source(name="docs", space_key="PROD")


def rows(docs: SampleSource, *reports: dict[str, Any]) -> list[RunRow]:
    for number, report in enumerate(reports):
        docs.run(f"run__{number}", NOW + timedelta(hours=number), **report)
    return read_history(docs.staging)


def told(docs: SampleSource, *reports: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(event.kind, event.text, event.folder) for event in events(rows(docs, *reports))]


def test_names_the_settings_that_changed_and_no_value(docs: SampleSource) -> None:
    later = PLAIN.model_copy(update={"comments": True, "exclude_labels": ("secret-project",), "space_key": "DOCS"})
    before, after = ({"settings": settings_of(source)} for source in (PLAIN, later))
    assert told(docs, before, before, after, after) == [
        ("configuration", "Configuration changed: comments, exclude_labels, space_key", "run__2")
    ]
    assert "secret" not in after["settings"]


def test_a_run_of_an_earlier_release_is_no_change(docs: SampleSource) -> None:
    known = {"settings": settings_of(PLAIN), "converter": "2"}
    assert told(docs, {}, known, {}, known) == []


def test_says_when_another_converter_took_over(docs: SampleSource) -> None:
    assert told(docs, {"converter": "1"}, {"converter": "2"}) == [
        ("converter", "Converter 1 → 2: pages are converted again", "run__1")
    ]


def test_says_who_answered_and_when(docs: SampleSource) -> None:
    approval = {"text": "ada approved the deletion of 60 of 80 pages (75%)", "at": NOW.isoformat()}
    (event,) = events(rows(docs, {"approval": approval}))
    assert (event.kind, event.text, event.at) == ("approval", approval["text"], NOW.isoformat())


def test_a_failed_run_names_the_task_to_look_at(docs: SampleSource) -> None:
    shard = {"task": "extract", "shard": 3, "error": "TransientError: busy"}
    whole = {"task": "load", "shard": None, "error": "TransientError: busy"}
    failed = {"state": "failed"}
    found = rows(
        docs, failed | {"errors": [shard, whole]}, failed | {"errors": [whole]}, failed | {"problems": ["x"]}, {}
    )
    assert [row.failed_in for row in found] == ["extract/mapped/3", "load", "verify", ""]
