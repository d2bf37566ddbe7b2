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
from urllib.parse import quote_plus

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
#: Where the pages would be: links between them get addresses as a run gives them.
SITE = "https://acme.atlassian.net/wiki"
SYSTEMS = ("ours", "langchain", "html2text")
#: Fewer questions of a kind say nothing: one more answer moves the result by ten points.
FEWEST_JUDGED = 10
#: A chunk that comes later is as good as none for the MRR.
MRR_DEPTH = 10
#: Tokens of context that each system may fill with its best chunks, whatever their size.
BUDGET = 2_000
METRICS = f"hit@1 / hit@5 / MRR / answered within {BUDGET:,} tokens in %, tokens of the five best chunks"
#: Kinds on which (a) is to be behind by :data:`LEAD` points at the equal budget.
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


def our_pieces(pages: Iterable[Page], changed: Callable[[str], str] = str) -> list[Piece]:
    """Our chunks.

    :param changed: what is done to the Markdown before it is cut, to find out what a part of it is worth.
    """
    known = list(pages)
    addresses = {
        page.title: f"{SITE}/spaces/DOC/pages/{65_538 + n}/{quote_plus(page.title)}" for n, page in enumerate(known)
    }
    pieces = []
    for page in known:
        context = PageContext(
            page.page_id,
            page.title,
            space_key="DOC",
            space_name=page.space,
            url=addresses[page.title],
            site_url=SITE,
            ancestors=page.ancestors,
            resolve_page=lambda _space, title: addresses.get(title),
        )
        chunks = chunk_document(changed(convert(page.storage, context).markdown), context)
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
    """hit@1, hit@5, MRR and the share answered within :data:`BUDGET` tokens, in per cent over some questions, and the tokens
    of the five best chunks."""

    questions: int
    hit1: float
    hit5: float
    mrr: float
    budget: float
    tokens: float

    def __str__(self) -> str:
        return f"{self.hit1:.0f} / {self.hit5:.0f} / {self.mrr:.0f} / {self.budget:.0f}, {self.tokens:,.0f}"


def score(questions: list[Question], ranked: list[list[int]], pieces: list[Piece]) -> Score:
    """How well the rankings answer the questions."""
    ranks = []
    tokens = within = 0
    for question, found in zip(questions, ranked, strict=True):
        good = (n for n, index in enumerate(found, 1) if _answers(pieces[index], question))
        ranks.append(rank := next(good, 0))
        tokens += sum(pieces[index].tokens for index in found[:5])
        within += 0 < sum(pieces[index].tokens for index in found[:rank]) <= BUDGET
    count = len(questions)
    return Score(
        count,
        100 * sum(rank == 1 for rank in ranks) / count,
        100 * sum(0 < rank <= 5 for rank in ranks) / count,
        100 * sum(1 / rank for rank in ranks if 0 < rank <= MRR_DEPTH) / count,
        100 * within / count,
        tokens / count,
    )


def _score_of(chosen: list[int], questions: list[Question], ranked: list[list[int]], pieces: list[Piece]) -> Score:
    return score([questions[number] for number in chosen], [ranked[number] for number in chosen], pieces)


def _answers(piece: Piece, question: Question) -> bool:
    right_page = not question.pages or piece.page_id in question.pages
    return right_page and all(evidence in piece.words for evidence in question.evidence)


_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\((?:[^()\s]|\([^()\s]*\))*\)")
_BARE = re.compile(r"<?https?://[^\s<>)|]+>?")
_IN_CODE = re.compile(r"(^`{3,}.*?^`{3,}|`[^`\n]*`)", re.MULTILINE | re.DOTALL)
#: What may be left out of the text that is embedded, outside of code.
ABLATIONS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "links without addresses": lambda text: _LINK.sub(r"\1\2", text),
    "no addresses at all": lambda text: _BARE.sub("", _LINK.sub(r"\1\2", text)),
}


def ablation(name: str, pages: list[Page], questions: list[Question], python: Path) -> None:
    """Print what addresses in the embedded text are worth: a row an index and variant."""
    print(f"\n### {name}: what addresses are worth\n\n{METRICS}\n")
    print("| index | text | tokens | all | hand-written | table | code |\n| --- | --- | --: | --- | --- | --- | --- |")
    variants = {variant: our_pieces(pages, _outside_code(change)) for variant, change in ABLATIONS.items()}
    for index, build in indexes(python).items():
        for variant, pieces in variants.items():
            ranked = build(pieces).ranked(questions)
            shown = []
            for kind in ("all", "hand-written", "table", "code"):
                chosen = [number for number, question in enumerate(questions) if kind in (question.kind, "all")]
                shown.append(str(_score_of(chosen, questions, ranked, pieces)) if chosen else "")
            print(
                f"| {index} | {variant} | {sum(piece.tokens for piece in pieces):,} | {' | '.join(shown)} |", flush=True
            )


def _outside_code(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(part if n % 2 else change(part) for n, part in enumerate(_IN_CODE.split(text)))


def indexes(python: Path) -> dict[str, Callable[[list[Piece]], Index]]:
    """The indexes by name."""
    return {"BM25": Bm25, "latent semantics": LatentSemantics, "WordLlama": lambda own: StaticModel(python, own)}


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
    missed = []
    for index, build in indexes(python).items():
        missed += [f"{name}, {index}: {miss}" for miss in _compare(index, build, pieces, questions)]
    return missed


def _compare(
    name: str, build: Callable[[list[Piece]], Index], pieces: dict[str, list[Piece]], questions: list[Question]
) -> list[str]:
    """Print one index's table, a row a kind of question, and tell what fell short."""
    print(f"\n{name}: {METRICS}\n")
    print("| questions | n | ours | (a) LangChain | (b) html2text |\n| --- | --: | --- | --- | --- |")
    ranked = {system: build(pieces[system]).ranked(questions) for system in SYSTEMS}
    missed = []
    for kind in [*dict.fromkeys(question.kind for question in questions), "all"]:
        chosen = [number for number, question in enumerate(questions) if kind in (question.kind, "all")]
        scores = [_score_of(chosen, questions, ranked[system], pieces[system]) for system in SYSTEMS]
        shown = " | ".join(map(str, scores))
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
    if kind in STRUCTURED and ours.budget < langchain.budget + LEAD:
        missed.append(
            f"{kind}: {ours.budget:.0f} % at the equal budget is not {LEAD} points above {langchain.budget:.0f} %"
        )
    return missed


def main() -> None:
    """Measure on the sample space, and on the real pages when they are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=200, help="questions of each kind and corpus")
    parser.add_argument("--per-page", type=int, help="questions of each kind and page")
    parser.add_argument("--addresses", action="store_true", help="only: what addresses in the embedded text are worth")
    options = parser.parse_args()
    python = environment("retrieval", REQUIREMENTS)
    missed: list[str] = []
    for name, pages, asked in (("Sample space", sample_pages(), hand_written()), ("Real pages", real_pages(), [])):
        made = distinct(question for page in pages for question in questions_of(page))
        if made:
            questions = [*sample(made, options.most, options.per_page), *asked]
            if options.addresses:
                ablation(name, pages, questions, python)
            else:
                missed += report(name, pages, questions, python)
    print("\n" + "\n".join(f"MISSED: {miss}" for miss in missed) if missed else "\nAll targets reached.")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
