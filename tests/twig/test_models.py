from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.twig.models import Citation, DataSource, HeldDocument, ProcessLog, WriteOutcome, items

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "data", "status", "accepted", "rejected", "deleted", "missingChunks", "version", "chunkIds", "metadata", "similarity", "x"]), inner, max_size=6),
    max_leaves=10,
)  # fmt: skip


def test_reads_camel_case_and_snake_case() -> None:
    camel = DataSource.read(
        {"id": "ds", "name": "n", "type": "FILE", "status": "Active", "documentCount": 3, "createdAt": "t"}
    )
    snake = DataSource.read(
        {"id": "ds", "name": "n", "source_type": "FILE", "status": "active", "document_count": "3", "created_at": "t"}
    )
    assert camel == snake
    assert camel.document_count == 3
    assert DataSource.read({"id": 7}).id == "7"
    assert DataSource.read({"id": "ds", "error": {"message": "broken"}}).error == "broken"


def test_reads_an_outcome_in_its_short_and_its_long_form() -> None:
    long = WriteOutcome.read(
        {
            "accepted": [{"id": "1", "version": 2}],
            "rejected": [{"id": "2", "code": "c", "message": "m"}],
            "deleted": ["3"],
            "missingChunks": {"4": ["a"]},
        }
    )
    short = WriteOutcome.read(
        {
            "accepted": ["1"],
            "rejected": [{"id": "2", "code": "c", "message": "m"}],
            "deleted": [{"id": "3"}],
            "missing_chunks": {"4": ["a"]},
        }
    )
    assert long == short
    assert (long.accepted, long.deleted, long.missing) == ({"1"}, {"3"}, {"4": ("a",)})


@pytest.mark.parametrize("answer", [{}, [], None, "ok", {"status": "ok"}, {"accepted": [{}]}])
def test_an_answer_that_says_nothing_about_the_documents_is_not_taken_for_success(answer: Any) -> None:
    with pytest.raises(PermanentError, match="could not be understood"):
        WriteOutcome.read(answer)


@pytest.mark.parametrize("answer", [{}, None, {"items": {}}, "text"])
def test_a_listing_without_a_list_is_not_taken_for_an_empty_one(answer: Any) -> None:
    with pytest.raises(PermanentError, match="no list"):
        items(answer, "items")


@given(JSON)
def test_reads_anything_or_says_that_it_cannot(raw: Any) -> None:
    for model in (DataSource, WriteOutcome, HeldDocument, Citation, ProcessLog):
        try:
            model.read(raw)  # type: ignore[attr-defined]
        except PermanentError as error:
            assert "could not be understood" in error.summary
