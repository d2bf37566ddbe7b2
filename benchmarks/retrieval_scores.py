"""How well rankings answer questions, and whether one system is ahead of another by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from benchmarks.retrieval_indexes import Piece, Ranking
    from benchmarks.retrieval_questions import Question

#: A chunk that comes later is as good as none for the MRR.
MRR_DEPTH = 10
#: Tokens of context that each system may fill with its best chunks, whatever their size.
BUDGET = 2_000
METRICS = f"hit@1 / hit@5 / MRR / answered within {BUDGET:,} tokens in %, tokens of the five best chunks"
_RESAMPLES, _SEED = 10_000, 1


@dataclass(frozen=True)
class Score:
    """hit@1, hit@5 and the share answered within :data:`BUDGET` tokens, in per cent over some questions, and the tokens of the
    five best chunks.

    :param reciprocal: for each question 100 through the rank of the first chunk that answers it, 0 for one beyond
        :data:`MRR_DEPTH`; their mean is the MRR.
    """

    hit1: float
    hit5: float
    budget: float
    tokens: float
    reciprocal: np.ndarray

    @property
    def mrr(self) -> float:
        return float(self.reciprocal.mean())

    def __str__(self) -> str:
        return f"{self.hit1:.0f} / {self.hit5:.0f} / {self.mrr:.1f} / {self.budget:.0f}, {self.tokens:,.0f}"


def score(questions: list[Question], ranked: list[Ranking], pieces: list[Piece]) -> Score:
    """How well the rankings answer the questions."""
    ranks = []
    tokens = within = 0
    for question, (found, _) in zip(questions, ranked, strict=True):
        good = (n for n, index in enumerate(found, 1) if _answers(pieces[index], question))
        ranks.append(rank := next(good, 0))
        tokens += sum(pieces[index].tokens for index in found[:5])
        within += 0 < sum(pieces[index].tokens for index in found[:rank]) <= BUDGET
    count = len(questions)
    return Score(
        100 * sum(rank == 1 for rank in ranks) / count,
        100 * sum(0 < rank <= 5 for rank in ranks) / count,
        100 * within / count,
        tokens / count,
        np.array([100 / rank if 0 < rank <= MRR_DEPTH else 0 for rank in ranks]),
    )


def _answers(piece: Piece, question: Question) -> bool:
    right_page = not question.pages or piece.page_id in question.pages
    return right_page and all(evidence in piece.words for evidence in question.evidence)


@dataclass(frozen=True)
class Lead:
    """By how many points of MRR one system is ahead of another, and between which bounds that lies in 95 of 100 draws of as many
    questions with repetition, both systems being asked the same (a paired bootstrap)."""

    points: float
    low: float
    high: float

    @property
    def is_noise(self) -> bool:
        """Whether the other system may as well be the one that is ahead."""
        return self.low <= 0 <= self.high

    def __str__(self) -> str:
        return f"{self.points:+.1f} ({self.low:+.1f} to {self.high:+.1f})"


def lead(one: Score, other: Score) -> Lead:
    """By how much the first is ahead."""
    gains = one.reciprocal - other.reciprocal
    draws = np.random.default_rng(_SEED).integers(0, len(gains), (_RESAMPLES, len(gains)))
    low, high = np.percentile(gains[draws].mean(axis=1), [2.5, 97.5])
    return Lead(float(gains.mean()), float(low), float(high))


def told_apart(answered: list[Ranking], unanswered: list[Ranking]) -> float:
    """How often the best chunk fits an answered question better than one that no page answers, in per cent of all pairs; 50 is
    chance."""
    fits = np.array([ranking.best for ranking in answered])[:, None]
    misfits = np.array([ranking.best for ranking in unanswered])[None, :]
    return float(100 * ((fits > misfits).mean() + (fits == misfits).mean() / 2))
