"""How often the right chunk is found: ``python -m benchmarks.retrieval``.

Our chunks beside (a) LangChain's ConfluenceLoader text and (b) plain html2text, both cut by
RecursiveCharacterTextSplitter, on questions made from the pages themselves, with BM25 and with a small embedding model.
A question counts as answered by the first chunk that holds all of its evidence.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.retrieval_questions import Page, Question, distinct, normalised, questions_of, sample
from include.content import PageContext, chunk_document, convert
from include.sandbox import sample_space

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).resolve().parent
REAL_PAGES = HERE.parents[1] / "shared" / "fixtures" / "confluence-pages" / "reverse-sync"
REQUIREMENTS = (
    "langchain-community==0.4.2",
    "langchain-text-splitters==1.1.3",
    "beautifulsoup4==4.15.0",
    "lxml==6.1.3",
    "html2text==2025.4.15",
    "bpe-openai==0.1.4",
    "tokenlearn-static-model==0.1.1",
    "numpy==2.4.6",
)
DEPTH = 10
SYSTEMS = ("ours", "langchain", "html2text")


@dataclass(frozen=True)
class Piece:
    """A chunk of one of the systems, with its normalised words for the search of evidence."""

    page_id: str
    text: str
    tokens: int
    words: str


def sample_pages() -> list[Page]:
    """The current pages and blog posts of the sample space."""
    space = sample_space.load()
    pages = {page.ref: page for page in space.pages}

    def ancestors(ref: str | None) -> tuple[str, ...]:
        return () if ref is None else (*ancestors(pages[ref].parent), pages[ref].title)

    return [
        Page(page.ref, page.title, ancestors(page.parent), space.name, page.storage)
        for page in space.pages
        if page.kind in {"page", "blogpost"} and page.status == "current"
    ]


def real_pages() -> list[Page]:
    """The real pages beside the checkout; none when they are not there."""
    pages = []
    for path in sorted(REAL_PAGES.glob("*/page.xhtml")):
        title = re.search(r"^title: '(.*)'$", (path.parent / "original.mdx").read_text(), re.MULTILINE)
        pages.append(Page(path.parent.name, title[1] if title else "", (), "QueryPie", path.read_text()))
    return pages


def hand_written() -> list[Question]:
    """The questions that come with the sample space."""
    return [
        Question(f"asked: {q.kind}", q.question, (f" {normalised(q.phrase).strip()} ",), frozenset({q.ref, *q.also}))
        for q in sample_space.questions()
    ]


def our_pieces(pages: Iterable[Page]) -> list[Piece]:
    """Our chunks."""
    pieces = []
    for page in pages:
        context = PageContext(page.page_id, page.title, space_name=page.space, ancestors=page.ancestors)
        chunks = chunk_document(convert(page.storage, context).markdown, context)
        pieces += [Piece(page.page_id, chunk.text, chunk.token_count, normalised(chunk.text)) for chunk in chunks]
    return pieces


def baseline_pieces(python: Path, pages: Iterable[Page]) -> dict[str, list[Piece]]:
    """The chunks of the other systems, made in their environment."""
    lines = "".join(json.dumps({"page_id": p.page_id, "title": p.title, "storage": p.storage}) + "\n" for p in pages)
    script = str(HERE / "retrieval_baselines.py")
    answer = subprocess.run([python, script], input=lines, capture_output=True, text=True, check=True).stdout
    pieces: dict[str, list[Piece]] = {"langchain": [], "html2text": []}
    for line in answer.splitlines():
        row = json.loads(line)
        pieces[row["system"]].append(Piece(row["page_id"], row["text"], row["tokens"], normalised(row["text"])))
    return pieces


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


class Embeddings:
    """Cosine similarity of vectors made in the baselines' environment.

    The model averages a vector a token, so pipes and asterisks would count as much as words: it gets the words only, of
    every system alike.
    """

    def __init__(self, python: Path, pieces: list[Piece]) -> None:
        self._python = python
        self._vectors = self._embedded([piece.words for piece in pieces])

    def ranked(self, questions: list[Question]) -> list[list[int]]:
        """For each question the best chunks, best first."""
        scores = self._embedded([normalised(question.text) for question in questions]) @ self._vectors.T
        return [[int(n) for n in np.argsort(-row, kind="stable")[:DEPTH]] for row in scores]

    def _embedded(self, texts: list[str]) -> np.ndarray:
        script = str(HERE / "retrieval_embed.py")
        answer = subprocess.run(
            [self._python, script], input=json.dumps(texts).encode(), capture_output=True, check=True
        )
        return np.frombuffer(answer.stdout, np.float32).reshape(len(texts), -1)


@dataclass(frozen=True)
class Score:
    """hit@1, hit@5 and MRR in per cent over some questions, and the tokens of the five best chunks."""

    questions: int
    hit1: float
    hit5: float
    mrr: float
    tokens: float


def score(questions: list[Question], ranked: list[list[int]], pieces: list[Piece]) -> Score:
    """How well the rankings answer the questions."""
    ranks = []
    tokens = 0
    for question, found in zip(questions, ranked, strict=True):
        good = (n for n, index in enumerate(found, 1) if _answers(pieces[index], question))
        ranks.append(next(good, 0))
        tokens += sum(pieces[index].tokens for index in found[:5])
    count = len(questions)
    return Score(
        count,
        100 * sum(rank == 1 for rank in ranks) / count,
        100 * sum(0 < rank <= 5 for rank in ranks) / count,
        100 * sum(1 / rank for rank in ranks if rank) / count,
        tokens / count,
    )


def _answers(piece: Piece, question: Question) -> bool:
    right_page = not question.pages or piece.page_id in question.pages
    return right_page and all(evidence in piece.words for evidence in question.evidence)


def environment() -> Path:
    """The Python of the baselines' environment, which is made on first use."""
    cache = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        / "confluence-to-twig"
        / "benchmarks"
        / "retrieval"
    )
    python = cache / "bin" / "python"
    if not python.exists():
        subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(cache)], check=True)
        subprocess.run(["uv", "pip", "install", "--quiet", "--python", str(python), *REQUIREMENTS], check=True)
    return python


def report(name: str, pages: list[Page], questions: list[Question], python: Path) -> None:
    """Print the tables of one corpus."""
    pieces = {"ours": our_pieces(pages), **baseline_pieces(python, pages)}
    print(f"\n### {name}: {len(pages)} pages, {len(questions)} questions\n")
    print("| system | chunks | tokens | mean |\n| --- | --- | --- | --- |")
    for system in SYSTEMS:
        tokens = sum(piece.tokens for piece in pieces[system])
        print(f"| {system} | {len(pieces[system]):,} | {tokens:,} | {tokens / len(pieces[system]):.0f} |")
    kinds = list(dict.fromkeys(question.kind for question in questions))
    for index, build in (("BM25", Bm25), ("embedding", lambda p: Embeddings(python, p))):
        print(f"\n{index}: hit@1 / hit@5 / MRR in %, tokens of the five best chunks\n")
        print("| questions | n | ours | (a) LangChain | (b) html2text |\n| --- | --- | --- | --- | --- |")
        indexes = {system: build(pieces[system]) for system in SYSTEMS}
        for kind in [*kinds, "all"]:
            chosen = [question for question in questions if kind in (question.kind, "all")]
            cells = [score(chosen, indexes[system].ranked(chosen), pieces[system]) for system in SYSTEMS]
            shown = " | ".join(f"{c.hit1:.0f} / {c.hit5:.0f} / {c.mrr:.0f}, {c.tokens:,.0f}" for c in cells)
            print(f"| {kind} | {len(chosen)} | {shown} |", flush=True)


def main() -> None:
    """Measure on the sample space, and on the real pages when they are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=200, help="questions of each kind and corpus")
    options = parser.parse_args()
    python = environment()
    for name, pages, asked in (("Sample space", sample_pages(), hand_written()), ("Real pages", real_pages(), [])):
        made = distinct(question for page in pages for question in questions_of(page))
        if made:
            report(name, pages, [*sample(made, options.most), *asked], python)


if __name__ == "__main__":
    main()
