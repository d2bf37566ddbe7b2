"""Questions a reader would ask, with the page that answers them: the yardstick for retrieval."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.sample_space.data import read_data


@dataclass(frozen=True)
class Question:
    """``phrase`` stands word for word in the text of the page ``ref`` that answers; a chunk that answers contains it, and
    all of ``beside``: the names of the row and the column of a value in a table.

    ``kind`` is "table", "code", "faq", "procedure", "concept", "paraphrase" (without the page's words), "two columns" or
    "version"; ``also`` names pages that answer as well.
    """

    question: str
    kind: str
    ref: str
    title: str
    phrase: str
    beside: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unanswered:
    """A question that no page answers; ``about`` is what no page mentions."""

    question: str
    about: str


def questions() -> tuple[Question, ...]:
    """The questions of ``data/questions.yaml``, in its order."""
    lists = ("beside", "also")
    return tuple(
        Question(**{**row, **{name: tuple(row.get(name, ())) for name in lists}}) for row in read_data("questions")
    )


def unanswered() -> tuple[Unanswered, ...]:
    """The questions of ``data/unanswered.yaml``, in its order."""
    return tuple(Unanswered(**row) for row in read_data("unanswered"))
