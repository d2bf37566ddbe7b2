"""How distinct a text is among others, measured in runs of four words; and questions that only its page can answer.

Four words in a row, as they are used to find near copies of web pages (A. Broder, *On the resemblance and containment of
documents*, https://doi.org/10.1109/SEQUEN.1997.666900), tell a text from others even where every word of it is common.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from confluence_to_twig.staging.rows import ChunkRow
    from confluence_to_twig.twig.delta import Package

#: Scripts without blanks: each character is a word.
_UNSPACED = "぀-ヿ㐀-䶿一-鿿가-힣豈-﫿"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
RUN = 4
#: A question has about as many words as a passage that one reads at a glance, and fewer characters than Twig's limit of 4,000.
_QUESTION_WORDS, _QUESTION_CHARACTERS = 60, 1_000
_RAREST = 8
_CHUNKS_TRIED = 3
#: Less of a text that no other has, and it says nothing which of them is found.
ENOUGH = 0.2

Runs = frozenset[str]


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; punctuation and markup separate them."""
    return _WORD.findall(text.lower())


def runs_of(words: Sequence[str], length: int = RUN) -> Runs:
    """Every so many words in a row; all of them as one where there are fewer."""
    if len(words) < length:
        return frozenset([" ".join(words)] if words else [])
    return frozenset(" ".join(words[at : at + length]) for at in range(len(words) - length + 1))


def own_share(runs: Runs, others: Collection[str]) -> float:
    """The share of the runs, 0 to 1, that the others do not have."""
    return len(runs - set(others)) / len(runs) if runs else 0.0


@dataclass(frozen=True)
class Counted:
    """In how many pages each run and each word of some sample pages occurs."""

    runs: Counter[str]
    words: Counter[str]

    def distinctness(self, runs: Runs) -> float:
        """The share of the runs, 0 to 1, that stand in one page only."""
        return sum(self.runs[run] <= 1 for run in runs) / len(runs) if runs else 0.0


def count(samples: Iterable[Package], pages: Iterable[Package]) -> Counted:
    """Count the runs and words of the sample pages in ``pages``, of which they may be some."""
    wanted_runs, wanted_words = set[str](), set[str]()
    for package in samples:
        for chunk in package.chunks:
            words = words_of(body(chunk))
            wanted_words.update(words)
            wanted_runs |= runs_of(words)
    counted = Counted(Counter(), Counter())
    for package in pages:
        runs, found = set[str](), set[str]()
        for chunk in package.chunks:
            words = words_of(body(chunk))
            found.update(words)
            runs |= runs_of(words)
        counted.words.update(found & wanted_words)
        counted.runs.update(runs & wanted_runs)
    return counted


@dataclass(frozen=True)
class Questions:
    """What to ask for a page, the most telling first, and how much of the first question no other page has (0 to 1)."""

    texts: tuple[str, ...]
    distinctness: float


def questions(package: Package, counted: Counted) -> Questions:
    """Questions for a page in its own words, by its rarest words, by a row of a table, and by title and heading.

    Its own words in their order are what a dense search finds best, its rarest words what a search for words does.
    """
    longest = sorted(package.chunks, key=lambda chunk: -chunk["token_count"])[:_CHUNKS_TRIED]
    passages = [(chunk, *_passage(chunk, counted)) for chunk in longest if words_of(body(chunk))]
    if not passages:
        return Questions((), 0.0)
    chunk, passage, distinctness = max(passages, key=lambda entry: entry[2])
    asked = [passage, _rarest(chunk, counted), _row(package.chunks, counted), _heading(package, chunk)]
    return Questions(tuple(dict.fromkeys(text for text in asked if text)), distinctness)


def body(chunk: ChunkRow) -> str:
    """The text without its first line, which names the page; the whole of it where there is no more."""
    first, _, rest = chunk["text"].partition("\n")
    return rest.strip() or first


def _passage(chunk: ChunkRow, counted: Counted) -> tuple[str, float]:
    """The words in a row that tell most, as they stand in the chunk, and how distinct they are."""
    text = body(chunk)
    spans = [match.span() for match in _WORD.finditer(text)]
    last = max(len(spans) - _QUESTION_WORDS, 0)
    starts = {*range(0, last, _QUESTION_WORDS // 2), last}
    windows = [spans[at : at + _QUESTION_WORDS] for at in sorted(starts)]
    cut = [text[window[0][0] : window[-1][1]][:_QUESTION_CHARACTERS] for window in windows]
    measured = [(counted.distinctness(runs_of(words_of(passage))), passage) for passage in cut]
    distinctness, passage = max(measured, key=lambda entry: entry[0])
    return " ".join(passage.split()), distinctness


def _rarest(chunk: ChunkRow, counted: Counted) -> str:
    words = {word for word in words_of(body(chunk)) if len(word) > 1 or not word.isascii()}
    return " ".join(sorted(words, key=lambda word: (counted.words[word], -len(word), word))[:_RAREST])


def _row(chunks: Sequence[ChunkRow], counted: Counted) -> str:
    """The row of a Markdown table that tells most, its cells separated by blanks."""
    rows = [line for chunk in chunks for line in chunk["text"].splitlines() if line.startswith("|")]
    told = [" ".join(words_of(row)) for row in rows]
    told = [row[:_QUESTION_CHARACTERS] for row in told if len(row.split()) > 1]
    return max(told, key=lambda row: counted.distinctness(runs_of(row.split())), default="")


def _heading(package: Package, chunk: ChunkRow) -> str:
    return " ".join([package.document["title"], *chunk["heading_path"][-1:]])[:_QUESTION_CHARACTERS].strip()
