"""Search by likeness, as embeddings do it: every chunk is more or less like the question, and the likest come first.

A chunk is a vector of its words and pairs of words, of length 1; likeness is the cosine, as Twig's pages say
(https://help.twig.so/getting-started/core-concepts). Meaning is not understood. *Assumption*: the route gives all results,
however unlike; the pages name a threshold for agents only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_WORD = re.compile(r"\w+")


def search(
    db: sqlite3.Connection, org: str, query: str, specs: Sequence[str] | None, limit: int
) -> list[tuple[sqlite3.Row, float]]:
    """The chunks that are most like ``query``, with their likeness, 0 to 1.

    :param specs: data sources to look in; None: all of the organisation.
    """
    rows = db.execute(
        "SELECT indexed_chunks.* FROM indexed_chunks JOIN data_specs ON data_specs.id = indexed_chunks.spec"
        " WHERE data_specs.org = ? ORDER BY indexed_chunks.number",
        (org,),
    )
    asked = vector(query)
    found = [(row, likeness(asked, vector(row["text"]))) for row in rows if specs is None or row["spec"] in specs]
    return sorted(found, key=lambda entry: -entry[1])[:limit]


def vector(text: str) -> dict[str, float]:
    """Words and pairs of words with their weights; of length 1."""
    words = _WORD.findall(text.lower())
    counted = Counter([*words, *(f"{one} {other}" for one, other in pairwise(words))])
    weights = {term: 1.0 + math.log(count) for term, count in counted.items()}
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {term: weight / length for term, weight in weights.items()}


def likeness(one: dict[str, float], other: dict[str, float]) -> float:
    """The cosine of two vectors of length 1."""
    return sum(weight * other.get(term, 0.0) for term, weight in one.items())
