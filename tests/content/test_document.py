"""From a row of fetched pages to the rows of its document and chunks."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from confluence_to_twig.content import (
    CONVERTER_VERSION,
    Conversion,
    ConversionReport,
    PageContext,
    build_document,
    content_hash,
)
from confluence_to_twig.staging import schemas

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROW = {
    "page_id": "65538",
    "kind": "page",
    "space_id": "1",
    "space_key": "DOC",
    "space_name": "Documentation",
    "version": 3,
    "title": "Install",
    "url": "https://acme.atlassian.net/wiki/spaces/DOC/pages/65538/Install",
    "parent_id": "1",
    "ancestor_ids": ["1"],
    "ancestors": ["Home"],
    "labels": ["howto"],
    "author_id": "u1",
    "author_name": "Ann",
    "created_at": NOW,
    "modified_at": NOW,
    "storage": '<h2>Steps</h2><p>Ask <ac:link><ri:user ri:account-id="u1" /></ac:link> for the key of the server.</p>'
    '<ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">OPS-1</ac:parameter></ac:structured-macro>',
    "view": None,
    "users": [("u1", "Ann Example")],
    "attachments": [],
    "comments": [],
    "included": False,
    "lacking": [],
}


def test_rows_fit_the_schemas():
    built = build_document(ROW)
    documents = pa.Table.from_pylist([built.document], schema=schemas.DOCUMENTS)
    chunks = pa.Table.from_pylist(built.chunks, schema=schemas.CHUNKS)
    assert documents.num_rows == 1
    assert chunks.num_rows == built.document["chunk_count"] == 1


def test_document_holds_markdown_and_metadata():
    document = build_document(ROW).document
    assert "Ask @Ann Example for the key" in document["markdown"]
    assert "https://acme.atlassian.net/browse/OPS-1" in document["markdown"]
    assert document["author"] == "Ann"
    assert document["language"] == "en"
    assert document["converter_version"] == CONVERTER_VERSION


def test_chunks_hold_their_place():
    (chunk,) = build_document(ROW).chunks
    assert chunk["text"].startswith("Documentation › Home › Install › Steps\n\n## Steps")
    assert chunk["url"] == ROW["url"] + "#Steps"
    assert chunk["heading_path"] == ["Steps"]


def test_the_same_row_gives_the_same_hash():
    assert build_document(ROW).document["content_hash"] == build_document(dict(ROW)).document["content_hash"]


@pytest.mark.parametrize(
    "change", [{"title": "Set-up"}, {"ancestors": ["Other"]}, {"labels": ["x"]}, {"storage": "<p>other</p>"}]
)
def test_what_twig_gets_changes_the_hash(change):
    assert build_document({**ROW, **change}).document["content_hash"] != build_document(ROW).document["content_hash"]


@pytest.mark.parametrize("change", [{"version": 4}, {"author_name": "Bob"}, {"space_id": "2"}])
def test_what_twig_does_not_read_leaves_the_hash(change):
    assert build_document({**ROW, **change}).document["content_hash"] == build_document(ROW).document["content_hash"]


def test_hash_does_not_depend_on_the_order_of_labels():
    conversion = Conversion("text", ConversionReport())
    assert content_hash(conversion, PageContext(labels=("a", "b"))) == content_hash(
        conversion, PageContext(labels=("b", "a"))
    )


def test_a_new_converter_that_writes_the_same_changes_no_hash(monkeypatch):
    before = build_document(ROW).document
    monkeypatch.setattr("confluence_to_twig.content.document.CONVERTER_VERSION", "next")
    after = build_document(ROW).document
    assert after["content_hash"] == before["content_hash"]
    assert after["converter_version"] == "next"
