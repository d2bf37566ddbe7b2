"""The indexes that questions are asked of: each ranks the chunks of one system."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from benchmarks.retrieval_questions import normalised

if TYPE_CHECKING:
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


class Index(Protocol):
    """Something that ranks chunks."""

    def ranked(self, questions: list[Question]) -> list[list[int]]:
        """For each question the numbers of the best chunks, best first."""


class Bm25:
    """BM25 by SQLite's FTS5 over one system's chunks."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._base = sqlite3.connect(":memory:")
        self._base.execute("CREATE VIRTUAL TABLE chunk USING fts5(text)")
        self._base.executemany(
            "INSERT INTO chunk(rowid, text) VALUES (?, ?)", ((n, p.text) for n, p in enumerate(pieces))
        )

    def ranked(self, questions: list[Question]) -> list[list[int]]:
        """For each question the best chunks, best first."""
        return [self._ask(question.text) for question in questions]

    def _ask(self, text: str) -> list[int]:
        query = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", text)))
        sql = "SELECT rowid FROM chunk WHERE chunk MATCH ? ORDER BY bm25(chunk), rowid LIMIT ?"
        return [row[0] for row in self._base.execute(sql, (query, DEPTH))]


class StaticModel:
    """Cosine similarity of WordLlama's vectors, averages of 256 numbers a token trained for retrieval, in the baselines' environment.

    Pipes and asterisks would count as much as words: it gets the words only, of every system alike.
    """

    def __init__(self, python: Path, pieces: list[Piece]) -> None:
        self._python = python
        self._vectors = self._embedded([piece.words for piece in pieces])

    def ranked(self, questions: list[Question]) -> list[list[int]]:
        """For each question the best chunks, best first."""
        scores = self._embedded([normalised(question.text) for question in questions]) @ self._vectors.T
        return _best(scores)

    def _embedded(self, texts: list[str]) -> np.ndarray:
        script = str(Path(__file__).with_name("retrieval_embed.py"))
        answer = subprocess.run(
            [self._python, script], input=json.dumps(texts).encode(), capture_output=True, check=True
        )
        return np.frombuffer(answer.stdout, np.float32).reshape(len(texts), -1)


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

    def ranked(self, questions: list[Question]) -> list[list[int]]:
        """For each question the best chunks, best first."""
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


def _best(scores: np.ndarray) -> list[list[int]]:
    return [[int(number) for number in np.argsort(-row, kind="stable")[:DEPTH]] for row in scores]
