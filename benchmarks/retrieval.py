"""How often the right chunk is found: ``python -m benchmarks.retrieval``.

Our chunks beside (a) LangChain's ConfluenceLoader text and (b) plain html2text, both cut by
RecursiveCharacterTextSplitter, on questions made from the pages themselves, with BM25 and with two small embeddings.
A question counts as answered by the first chunk that holds all of its evidence. Exits with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import environment
from benchmarks.retrieval_indexes import Bm25, Index, LatentSemantics, Piece, StaticModel
from benchmarks.retrieval_questions import Page, Question, distinct, normalised, questions_of, sample
from confluence_to_twig.content import PageContext, chunk_document, convert
from sandbox import sample_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HERE = Path(__file__).resolve().parent
REAL_PAGES = HERE.parents[1] / "shared" / "fixtures" / "confluence-pages" / "reverse-sync"
REQUIREMENTS = (
    "langchain-community==0.4.2",
    "langchain-text-splitters==1.1.3",
    "beautifulsoup4==4.15.0",
    "lxml==6.1.3",
    "html2text==2025.4.15",
    "bpe-openai==0.1.4",
    "wordllama==0.4.0.post1",
    "numpy==2.4.6",
)
SYSTEMS = ("ours", "langchain", "html2text")
#: Fewer questions of a kind say nothing: one more answer moves the result by ten points.
FEWEST_JUDGED = 10
#: Kinds on which (a) is to be behind by :data:`LEAD` points of hit@5.
STRUCTURED, LEAD = frozenset({"table", "code"}), 10


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
        Question("hand-written", q.question, (f" {normalised(q.phrase).strip()} ",), frozenset({q.ref, *q.also}))
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


def report(name: str, pages: list[Page], questions: list[Question], python: Path) -> list[str]:
    """Print the tables of one corpus.

    :returns: the targets that were missed.
    """
    pieces = {"ours": our_pieces(pages), **baseline_pieces(python, pages)}
    print(f"\n### {name}: {len(pages)} pages, {len(questions)} questions\n")
    print("| system | chunks | tokens | mean |\n| --- | --: | --: | --: |")
    for system in SYSTEMS:
        tokens = sum(piece.tokens for piece in pieces[system])
        print(f"| {system} | {len(pieces[system]):,} | {tokens:,} | {tokens / len(pieces[system]):.0f} |")
    indexes: dict[str, Callable[[list[Piece]], Index]] = {
        "BM25": Bm25,
        "latent semantics": LatentSemantics,
        "WordLlama": lambda own: StaticModel(python, own),
    }
    missed = []
    for index, build in indexes.items():
        missed += [f"{name}, {index}: {miss}" for miss in _compare(index, build, pieces, questions)]
    return missed


def _compare(
    name: str, build: Callable[[list[Piece]], Index], pieces: dict[str, list[Piece]], questions: list[Question]
) -> list[str]:
    """Print one index's table, a row a kind of question, and tell what fell short."""
    print(f"\n{name}: hit@1 / hit@5 / MRR in %, tokens of the five best chunks\n")
    print("| questions | n | ours | (a) LangChain | (b) html2text |\n| --- | --: | --- | --- | --- |")
    indexes = {system: build(pieces[system]) for system in SYSTEMS}
    missed = []
    for kind in [*dict.fromkeys(question.kind for question in questions), "all"]:
        chosen = [question for question in questions if kind in (question.kind, "all")]
        scores = [score(chosen, indexes[system].ranked(chosen), pieces[system]) for system in SYSTEMS]
        shown = " | ".join(f"{s.hit1:.0f} / {s.hit5:.0f} / {s.mrr:.0f}, {s.tokens:,.0f}" for s in scores)
        print(f"| {kind} | {len(chosen)} | {shown} |", flush=True)
        if len(chosen) >= FEWEST_JUDGED:
            missed += _fallen_short(kind, *scores)
    return missed


def _fallen_short(kind: str, ours: Score, langchain: Score, html2text: Score) -> list[str]:
    missed = [
        f"{kind}: not ahead of {name}"
        for name, other in (("(a)", langchain), ("(b)", html2text))
        if ours.mrr <= other.mrr
    ]
    if kind in STRUCTURED and ours.hit5 < langchain.hit5 + LEAD:
        missed.append(f"{kind}: hit@5 {ours.hit5:.0f} % is not {LEAD} points above {langchain.hit5:.0f} %")
    return missed


def main() -> None:
    """Measure on the sample space, and on the real pages when they are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=200, help="questions of each kind and corpus")
    parser.add_argument("--per-page", type=int, help="questions of each kind and page")
    options = parser.parse_args()
    python = environment("retrieval", REQUIREMENTS)
    missed: list[str] = []
    for name, pages, asked in (("Sample space", sample_pages(), hand_written()), ("Real pages", real_pages(), [])):
        made = distinct(question for page in pages for question in questions_of(page))
        if made:
            missed += report(name, pages, [*sample(made, options.most, options.per_page), *asked], python)
    print("\n" + "\n".join(f"MISSED: {miss}" for miss in missed) if missed else "\nAll targets reached.")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
