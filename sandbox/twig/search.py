"""Full-text search over what is indexed: SQLite FTS5, ranked by BM25, with citations.

It stands in for Twig's embeddings: words must occur, meaning is not understood.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.twig import likeness

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_WORD = re.compile(r"\w+")
# Scripts that FTS5's tokenizer takes for one long word: Han, kana, Hangul. One letter each becomes a word.
_UNSPACED = re.compile(r"([぀-ヿ㐀-䶿一-鿿가-힣豈-﫿])")
_TITLE_WEIGHT, _BODY_WEIGHT = 2.0, 1.0
_MAX_WORDS = 64


def spread(text: str) -> str:
    """``text`` with spaces around each letter of an unspaced script, so that parts of its words can be found."""
    return _UNSPACED.sub(r" \1 ", text)


def match_expression(query: str) -> str:
    """The words of ``query`` as an FTS5 expression: any may occur, more are better. Empty without words."""
    words = list(dict.fromkeys(_WORD.findall(query.lower())))[:_MAX_WORDS]
    return " OR ".join(f'"{" ".join(spread(word).split())}"' for word in words)


def search(
    db: sqlite3.Connection, org: str, query: str, specs: Sequence[str] | None = None, limit: int = 10
) -> list[dict[str, Any]]:
    """The best chunks for ``query``, best first.

    :param specs: data sources to look in; None: all of the organisation.
    """
    expression = match_expression(query)
    if not expression:
        return []
    where, values = "", []
    if specs is not None:
        where = f" AND indexed_chunks.spec IN ({', '.join('?' * len(specs))})"
        values = list(specs)
    rows = db.execute(
        f"SELECT indexed_chunks.*, -bm25(passages, {_TITLE_WEIGHT}, {_BODY_WEIGHT}) AS score FROM passages"
        " JOIN indexed_chunks ON indexed_chunks.number = passages.rowid"
        " JOIN data_specs ON data_specs.id = indexed_chunks.spec"
        f" WHERE passages MATCH ? AND data_specs.org = ?{where} ORDER BY score DESC, indexed_chunks.number LIMIT ?",
        (expression, org, *values, limit),
    )
    return [_result(row) for row in rows]


def search_by_likeness(
    db: sqlite3.Connection, org: str, query: str, specs: Sequence[str] | None = None, limit: int = 10
) -> list[dict[str, Any]]:
    """As :func:`search`, by likeness instead of words."""
    return [_described(row, score) for row, score in likeness.search(db, org, query, specs, limit)]


def _result(row: sqlite3.Row) -> dict[str, Any]:
    # BM25 has no upper end; this keeps its order and looks like the similarities that Twig shows.
    return _described(row, 1.0 - 0.5 / (1.0 + max(row["score"], 0.0)))


def _described(row: sqlite3.Row, similarity: float) -> dict[str, Any]:
    return {
        "chunk_id": row["id"],
        "document_id": row["doc"],
        "document_title": row["title"],
        "document_url": row["url"],
        "data_source_id": row["spec"],
        "similarity": round(similarity, 4),
        "text": row["text"],
    }
