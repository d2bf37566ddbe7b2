from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.errors import PermanentError, TransientError
from confluence_to_twig.twig.answers import Answer, failure, shown
from tests.proofs import examples

DATE = {"Date": "Sun, 22 Nov 2026 10:00:00 GMT"}
NOW = 1795341600


def answer(status: int = 200, body: Any = None, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    "body", [{"data": {"id": "1"}, "status": "success"}, {"id": "1"}, {"data": {"id": "1"}, "extra": 7}]
)
def test_takes_success_with_and_without_envelope(body: Any) -> None:
    assert answer(body=body).payload == {"id": "1"}


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"error": {"code": "invalid_request", "message": "Agent not found"}, "status": "error"},
            "invalid_request",
            "Agent not found",
        ),
        (
            {"error": {"code": "rate_limit_exceeded", "message": "Slow down", "retryAfter": 45}, "status": 429},
            "rate_limit_exceeded",
            "Slow down",
        ),
        ({"error": "Invalid API key", "status": 401}, "", "Invalid API key"),
        ({"error": {"code": "forbidden"}}, "forbidden", "forbidden"),
        ({"message": "Not found"}, "", "Not found"),
        ([1, 2], "", ""),
        (None, "", ""),
    ],
)
def test_reads_every_error_shape(body: Any, code: str, message: str) -> None:
    found = answer(400, body)
    assert (found.code, found.message) == (code, message)


@pytest.mark.parametrize(
    ("headers", "error", "wait"),
    [
        ({"Retry-After": "7"}, {"retryAfter": 45}, 7),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT"}, None, 30),
        ({}, {"retryAfter": 45}, 45),
        ({"X-RateLimit-Reset": str(NOW + 12)}, None, 12),
        ({"X-RateLimit-Reset": str(NOW - 12)}, None, 0),
        ({"X-RateLimit-Reset": "9"}, None, 9),
        ({"Retry-After": "soon"}, None, None),
        ({}, None, None),
    ],
)
def test_waits_by_the_first_thing_that_says_how_long(headers: dict[str, str], error: Any, wait: float | None) -> None:
    assert Answer(429, DATE | headers, {"error": error}).retry_after_s() == wait


def test_measures_a_reset_by_the_servers_clock_only() -> None:
    assert Answer(200, {"X-RateLimit-Reset": str(NOW + 12)}).limits().reset_s is None


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_by_itself_is_transient(status: int) -> None:
    assert isinstance(failure(answer(status), "search", "key"), TransientError)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "contract"),
        (401, "Create a new API key"),
        (403, "scopes Read, Write and Execute"),
        (404, "paths in the Twig connection"),
        (405, "delivery: files"),
        (413, "smaller batch size"),
        (415, '"compress": false'),
        (418, "own message"),
    ],
)
def test_what_a_human_must_end_is_permanent_and_says_what_to_do(status: int, remedy: str) -> None:
    error = failure(answer(status, {"error": "Because"}), "search", "key")
    assert isinstance(error, PermanentError)
    assert remedy in error.remedy
    assert error.summary.startswith(f"{status} ")
    assert error.summary.endswith("Twig, while trying to search: Because")


def test_a_redirect_names_the_host_to_configure_and_nothing_of_its_query() -> None:
    error = failure(answer(301, None, Location="https://api.twig.so/api?token=secret"), "search", "key")
    assert "https://api.twig.so" in error.remedy
    assert "secret" not in str(error)


def test_an_error_page_is_cut_to_one_short_line() -> None:
    text = shown("<html>\n<h1>502</h1>\n" + "x " * 1000, "key")
    assert text.startswith("502 x x")
    assert len(text) <= 300
    assert "\n" not in text


@pytest.mark.parametrize(
    "text", ["bad key twigsk_live_1", "Authorization: Bearer twigsk_live_2 is wrong", "Bearer  twigsk_live_1"]
)
def test_the_key_is_never_shown(text: str) -> None:
    assert "twigsk_live" not in shown(text, "twigsk_live_1")


def test_page_text_that_twig_repeats_is_taken_out() -> None:
    page = 'The launch code is "0000", äöü and nobody may know.\nReally.'
    sent = json.dumps({"upserts": [{"chunks": [{"text": page}]}]}, ensure_ascii=False, separators=(",", ":"))
    said = shown(f"content_policy: the text {page} is not allowed", "key", sent)
    assert "launch code" not in said
    assert said.startswith("content_policy: the text [page text]")
    assert "0000" not in said


def test_ids_that_twig_repeats_stay() -> None:
    sent = json.dumps({"upserts": [{"id": "65538", "chunks": [{"id": "65538-3f9c1d7e8a2b4c6d", "text": "Hello"}]}]})
    said = shown("Chunk 65538-3f9c1d7e8a2b4c6d is more than once in the document.", "key", sent)
    assert said == "Chunk 65538-3f9c1d7e8a2b4c6d is more than once in the document."


@examples(25, 1_000)
@given(st.text(max_size=80), st.text(min_size=16, max_size=400), st.text(max_size=80))
def test_no_long_piece_of_page_text_survives(before: str, page: str, after: str) -> None:
    page = " ".join("".join(letter for letter in page if letter.isprintable()).split())
    sent = json.dumps({"text": page}, ensure_ascii=False)
    said = shown(f"{before} {page} {after}", "key", sent).replace("[page text]", "\0")
    for start in range(len(page) - 15):
        assert page[start : start + 16] not in said


@examples(25, 1_000)
@given(st.text(), st.text(min_size=8, alphabet="abcdef0123456789_"))
def test_shows_any_text_without_failing(text: str, key: str) -> None:
    said = shown(text + key + text, key, text)
    assert key not in said
    assert len(said) <= 300 + len("[page text]") * 20
