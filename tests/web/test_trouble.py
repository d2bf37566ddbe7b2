from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from confluence_to_twig.runs.history import newest_first
from confluence_to_twig.runs.verify_memory import VerifyMemory, write_verify_memory
from confluence_to_twig.staging.files import write_bytes, write_json
from confluence_to_twig.twig.finding import Finding
from confluence_to_twig.web.trouble import conversion_warnings, last_look, open_findings, quarantined, run_warnings
from tests.web.samples import LONG_BEFORE, NOW, SampleSource, document, held, page

LATER = NOW + timedelta(hours=1)


def failure(number: int, **changes: Any) -> dict[str, Any]:
    row = page(number) | {"stage": "transform", "error_type": "ValueError", "error": "no <root>"}
    del row["kind"]
    return row | changes


def failed(source: SampleSource) -> list[str]:
    return [row["title"] for row in quarantined(source.staging, newest_first(source.staging))]


def warned(source: SampleSource) -> list[dict[str, Any]]:
    return conversion_warnings(source.staging, newest_first(source.staging))


def test_nothing_is_in_quarantine_without_a_run(docs: SampleSource) -> None:
    assert failed(docs) == []


def test_a_page_that_failed_is_in_quarantine(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, quarantine=[failure(1)])
    (row,) = quarantined(docs.staging, newest_first(docs.staging))
    assert (row["error"], row["stage"], row["run"]) == ("no <root>", "transform", "manual__1")


def test_an_older_version_in_twig_does_not_take_it_out(docs: SampleSource) -> None:
    docs.hold([held(1, LONG_BEFORE, version=1)])
    docs.run("manual__1", NOW, quarantine=[failure(1, version=2)])
    assert failed(docs) == ["Page 1"]


def test_a_page_that_was_loaded_since_is_out(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, quarantine=[failure(1), failure(2)])
    docs.hold([held(1, LATER)])
    assert failed(docs) == ["Page 2"]


def test_shows_the_newest_failure_of_a_page(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, quarantine=[failure(1, error="first")])
    docs.run("manual__2", LATER, quarantine=[failure(1, error="second")])
    assert [row["error"] for row in quarantined(docs.staging, newest_first(docs.staging))] == ["second"]


def test_warns_of_lost_words_unknown_macros_and_malformed_pages(docs: SampleSource) -> None:
    rows = [
        document(1),
        document(2, coverage=0.9799),
        document(3, unknown_macros=["roadmap"]),
        document(4, tolerant=True),
        document(5, coverage=0.98),
        document(6, left_out=["countdown: an app that shows its text only in Confluence"]),
    ]
    docs.hold([held(number, NOW) for number in range(1, 7)])
    docs.run("manual__1", NOW, documents=rows)
    assert [row["title"] for row in warned(docs)] == ["Page 2", "Page 3", "Page 4", "Page 6"]


def test_warns_of_what_twig_holds_only(docs: SampleSource) -> None:
    docs.hold([held(1, NOW, version=2), held(2, NOW, converter_version="2")])
    docs.run("manual__1", NOW, documents=[document(number, tolerant=True) for number in (1, 2, 3)])
    assert warned(docs) == []


def test_keeps_warning_after_runs_that_did_not_touch_the_page(docs: SampleSource) -> None:
    docs.hold([held(1, NOW)])
    docs.run("manual__1", NOW, documents=[document(1, tolerant=True)])
    docs.run("manual__2", LATER)
    assert [row["run"] for row in warned(docs)] == ["manual__1"]


def test_repeats_what_a_run_warned_of(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, warnings=["The API token expires tomorrow"])
    docs.record("manual__2", "discover", LATER, warnings=["The sweep is not complete"])
    assert run_warnings(docs.staging, "manual__1") == ["The API token expires tomorrow"]
    assert run_warnings(docs.staging, "manual__2") == ["The sweep is not complete"]


def test_the_last_look_of_the_doctor_is_shown_and_a_damaged_one_is_not(docs: SampleSource) -> None:
    staging = docs.staging
    assert last_look(staging) is None
    write_json(staging.doctor, {"source": "docs", "findings": []})
    assert last_look(staging) == {"source": "docs", "findings": []}
    write_bytes(staging.doctor, b"{")
    assert last_look(staging) is None


def test_shows_what_verify_found_until_somebody_acknowledges_it(docs: SampleSource) -> None:
    seen = Finding("uncited", "1", "Page 1", "https://example.com/1", "h", "no search cites it", since=NOW)
    known = replace(seen, page_id="2", acknowledged=True)
    write_verify_memory(docs.staging, VerifyMemory((seen, known), NOW, frozenset(), {"compared": 5, "cited": 4}))
    found = open_findings(docs.staging)
    assert [(row["page_id"], row["since"], row["proven"]) for row in found] == [("1", NOW.isoformat(), False)]


def test_what_verify_found_is_no_warning_as_well(docs: SampleSource) -> None:
    seen = Finding("uncited", "1", "Page 1", "https://example.com/1", "h", "no search cites it", since=NOW)
    known = replace(seen, page_id="2", acknowledged=True)
    write_verify_memory(docs.staging, VerifyMemory((seen, known), NOW, frozenset(), {}))
    docs.run("manual__1", NOW, warnings=["The token expires", str(seen), str(known)])
    assert run_warnings(docs.staging, "manual__1") == ["The token expires"]


def test_nothing_is_verified_before_the_first_run(docs: SampleSource) -> None:
    assert open_findings(docs.staging) == []
