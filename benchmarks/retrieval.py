"""How often the right chunk is found: ``python -m benchmarks.retrieval``.

Our chunks beside those of three other pipelines, on questions made from the pages themselves and written by hand, with BM25,
two small embeddings and a transformer. A question counts as answered by the first chunk that holds all of its evidence.
Exits with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measuring import write_section
from benchmarks.retrieval_ablations import ablation
from benchmarks.retrieval_corpora import Corpus, corpora
from benchmarks.retrieval_indexes import indexes
from benchmarks.retrieval_questions import distinct, questions_of, sample
from benchmarks.retrieval_scores import METRICS, Lead, Score, lead, score, told_apart
from benchmarks.retrieval_systems import SYSTEMS, other_pieces, our_pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.retrieval_indexes import Index, Piece
    from benchmarks.retrieval_questions import Question

SECTION = "Retrieval: results"
#: Fewer questions of a kind say nothing: one more answer moves the result by ten points.
FEWEST_JUDGED = 10
#: Kinds on which (a) is to be behind by so many points at the equal budget.
STRUCTURED, LEAD = frozenset({"table", "code"}), 10


@dataclass(frozen=True)
class Verdict:
    """How ours compares with another system on one kind of question."""

    where: str
    lead: Lead

    @property
    def word(self) -> str:
        if self.lead.is_noise:
            return "level, not behind" if self.lead.points > 0 else "level, not ahead"
        return "ahead" if self.lead.points > 0 else "behind"


class Report:
    """The tables of all corpora, as text, and what fell short."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.verdicts: list[Verdict] = []
        self.missed: list[str] = []

    def add(self, corpus: Corpus, questions: list[Question]) -> None:
        """Measure one corpus."""
        pieces = {"ours": our_pieces(corpus.pages), **other_pieces(corpus)}
        self._say(f"\n### {corpus.name}: {len(corpus.pages)} pages, {len(questions)} questions\n")
        self._say("| system | chunks | tokens | mean |\n| --- | --: | --: | --: |")
        for system, name in SYSTEMS.items():
            tokens = sum(piece.tokens for piece in pieces[system])
            self._say(f"| {name} | {len(pieces[system]):,} | {tokens:,} | {tokens / len(pieces[system]):.0f} |")
        for index, build in indexes().items():
            self._compare(corpus, index, build, pieces, questions)

    def _say(self, text: str) -> None:
        print(text, flush=True)
        self.lines.append(text)

    def _compare(
        self,
        corpus: Corpus,
        index: str,
        build: Callable[[list[Piece]], Index],
        pieces: dict[str, list[Piece]],
        questions: list[Question],
    ) -> None:
        """One index's table, a row a kind of question."""
        self._say(f"\n{index}: {METRICS}\n")
        self._say(f"| questions | n | {' | '.join(SYSTEMS.values())} |\n| --- | --: |{' --- |' * len(SYSTEMS)}")
        built = {system: build(pieces[system]) for system in SYSTEMS}
        ranked = {system: own.ranked(questions) for system, own in built.items()}
        for kind in [*dict.fromkeys(question.kind for question in questions), "all"]:
            chosen = [number for number, question in enumerate(questions) if kind in (question.kind, "all")]
            asked = [questions[number] for number in chosen]
            scores = {
                system: score(asked, [ranked[system][number] for number in chosen], pieces[system])
                for system in SYSTEMS
            }
            self._say(f"| {kind} | {len(chosen)} | {' | '.join(map(str, scores.values()))} |")
            if len(chosen) >= FEWEST_JUDGED:
                self._judge(f"{corpus.name}, {index}, {kind}", kind, scores)
        if corpus.unanswered:
            by_hand = {question.text for question in corpus.asked}
            chosen = [number for number, question in enumerate(questions) if question.text in by_hand]
            shown = [
                f"{told_apart([ranked[system][n] for n in chosen], own.ranked(corpus.unanswered)):.0f}"
                for system, own in built.items()
            ]
            self._say(f"| told from {len(corpus.unanswered)} not answered | {len(chosen)} | {' | '.join(shown)} |")

    def _judge(self, where: str, kind: str, scores: dict[str, Score]) -> None:
        ours, langchain = scores["ours"], scores["langchain"]
        for system, name in [*SYSTEMS.items()][1:]:
            self.verdicts.append(Verdict(f"{where}, {name}", lead(ours, scores[system])))
        if kind in STRUCTURED and ours.budget < langchain.budget + LEAD:
            told = f"{ours.budget:.0f} % at the equal budget is not {LEAD} points above {langchain.budget:.0f} %"
            self.missed.append(f"{where}: {told}")

    def conclude(self) -> None:
        """Tell where ours is not ahead, and by how much that may be chance."""
        count = dict.fromkeys(("ahead", "level, not behind", "level, not ahead", "behind"), 0)
        for verdict in self.verdicts:
            count[verdict.word] += 1
            if verdict.lead.points <= 0:
                self.missed.append(f"{verdict.where}: {verdict.word}, {verdict.lead}")
        self._say("\n### Where ours is ahead\n")
        self._say("\n".join(f"* {word}: {number} comparisons" for word, number in count.items()))
        self._say("\n".join(("", *(f"* MISSED: {miss}" for miss in self.missed))) or "\nAll targets were reached.")


def main() -> None:
    """Measure on the sample space, and on the real pages when they are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=200, help="questions of each kind and corpus")
    parser.add_argument("--per-page", type=int, help="questions of each kind and page")
    parser.add_argument("--addresses", action="store_true", help="only: what addresses in the embedded text are worth")
    parser.add_argument("--write", action="store_true", help=f'replace "{SECTION}" in docs/benchmarks.md')
    options = parser.parse_args()
    report = Report()
    for corpus in corpora():
        made = distinct(question for page in corpus.pages for question in questions_of(page))
        questions = [*sample(made, options.most, options.per_page), *corpus.asked]
        if options.addresses:
            print(ablation(corpus, questions), flush=True)
        else:
            report.add(corpus, questions)
    if options.addresses:
        return
    report.conclude()
    if options.write:
        write_section(SECTION, "\n".join(report.lines).strip())
    sys.exit(1 if report.missed else 0)


if __name__ == "__main__":
    main()
