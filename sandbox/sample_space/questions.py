"""Questions a reader would ask, with the page that answers them: the yardstick for retrieval."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.sample_space.data import read_data


@dataclass(frozen=True)
class Question:
    """``phrase`` stands word for word in the text of the page ``ref`` that answers; a chunk that answers contains it.

    ``kind`` is "table", "code", "faq", "procedure" or "concept"; ``also`` names pages that answer as well.
    """

    question: str
    kind: str
    ref: str
    title: str
    phrase: str
    also: tuple[str, ...] = ()


def questions() -> tuple[Question, ...]:
    """The questions of ``data/questions.yaml``, in its order."""
    return tuple(Question(**{**row, "also": tuple(row.get("also", ()))}) for row in read_data("questions"))
