"""The indexes that questions are asked of: each ranks the chunks of one system."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from benchmarks.retrieval_questions import normalised
from benchmarks.retrieval_vectors import Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.retrieval_questions import Question

#: Enough chunks of any system for the token budget.
DEPTH = 40
LATENT_DIMENSIONS = 256


@dataclass(frozen=True)
class Piece:
    """A chunk of one of the systems, with its normalised words for the search of evidence."""

    page_id: str
    text: str
    tokens: int
    words: str


class Ranking(NamedTuple):
    """``chunks``: the numbers of the best chunks, best first. ``best``: how well the first one fits, by the index's own measure."""

    chunks: list[int]
    best: float


class Index(Protocol):
    """Something that ranks chunks."""

    def ranked(self, questions: list[Question]) -> list[Ranking]:
        """The best chunks for each question."""


class Bm25:
    """BM25 by SQLite's FTS5 over one system's chunks."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._base = sqlite3.connect(":memory:")
        self._base.execute("CREATE VIRTUAL TABLE chunk USING fts5(text)")
        self._base.executemany(
            "INSERT INTO chunk(rowid, text) VALUES (?, ?)", ((n, p.text) for n, p in enumerate(pieces))
        )

    def ranked(self, questions: list[Question]) -> list[Ranking]:
        """The best chunks for each question."""
        return [self._ask(question.text) for question in questions]

    def _ask(self, text: str) -> Ranking:
        query = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", text)))
        sql = "SELECT rowid, -bm25(chunk) FROM chunk WHERE chunk MATCH ? ORDER BY bm25(chunk), rowid LIMIT ?"
        rows = self._base.execute(sql, (query, DEPTH)).fetchall()
        return Ranking([row[0] for row in rows], rows[0][1] if rows else 0.0)


class Embeddings:
    """Cosine similarity of a model's vectors.

    :param words_only: whether the model gets the words of chunks and questions only. Where the vectors of tokens are averaged,
        pipes and asterisks would count as much as words.
    """

    def __init__(self, pieces: list[Piece], model: Model, *, words_only: bool) -> None:
        self._model = model
        self._words_only = words_only
        self._vectors = model.vectors([piece.words if words_only else piece.text for piece in pieces])

    def ranked(self, questions: list[Question]) -> list[Ranking]:
        """The best chunks for each question."""
        texts = [normalised(question.text) if self._words_only else question.text for question in questions]
        return _best(self._model.vectors(texts) @ self._vectors.T)


class LatentSemantics:
    """Cosine similarity after latent semantic analysis: TF-IDF vectors, reduced by a singular value decomposition.

    An embedding that needs no network and no weights of anybody's: it is fitted to the chunks of the system it ranks.
    """

    def __init__(self, pieces: list[Piece]) -> None:
        texts = [piece.words.split() for piece in pieces]
        frequency = Counter(word for text in texts for word in set(text))
        self._columns = {word: number for number, word in enumerate(frequency)}
        counts = np.array(list(frequency.values()), np.float32)
        self._rarity = np.log((1 + len(texts)) / (1 + counts)) + 1
        matrix = self._weighted(texts)
        values, vectors = np.linalg.eigh((matrix @ matrix.T).astype(np.float64))
        kept = [number for number in np.argsort(-values)[:LATENT_DIMENSIONS] if values[number] > 1e-8]
        self._basis = (matrix.T @ (vectors[:, kept] / np.sqrt(values[kept]))).astype(np.float32)
        self._vectors = _unit(matrix @ self._basis)

    def ranked(self, questions: list[Question]) -> list[Ranking]:
        """The best chunks for each question."""
        asked = self._weighted([normalised(question.text).split() for question in questions])
        return _best(_unit(asked @ self._basis) @ self._vectors.T)

    def _weighted(self, texts: list[list[str]]) -> np.ndarray:
        matrix = np.zeros((len(texts), len(self._columns)), np.float32)
        for row, text in enumerate(texts):
            for word, count in Counter(text).items():
                if word in self._columns:
                    matrix[row, self._columns[word]] = 1 + np.log(count)
        return _unit(matrix * self._rarity)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


def _best(scores: np.ndarray) -> list[Ranking]:
    return [
        Ranking([int(number) for number in np.argsort(-row, kind="stable")[:DEPTH]], float(row.max())) for row in scores
    ]


def indexes() -> dict[str, Callable[[list[Piece]], Index]]:
    """The indexes by name."""
    static, transformer = Model("wordllama"), Model("minilm")
    return {
        "BM25": Bm25,
        "latent semantics": LatentSemantics,
        "WordLlama": lambda pieces: Embeddings(pieces, static, words_only=True),
        "MiniLM": lambda pieces: Embeddings(pieces, transformer, words_only=False),
    }
