"""Search queries made of a page's own rarest words, which only this page can answer."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confluence_to_twig.twig.delta import Package

_WORD = re.compile(r"[^\W_]{3,40}")
_WORDS_A_QUERY = 8
_CHUNKS_TRIED = 3


def words_of(text: str) -> set[str]:
    """The words of a text that can tell it from others, in lower case."""
    return set(_WORD.findall(text.lower()))


def occurrences(samples: Iterable[Package], others: Iterable[Package]) -> Counter[str]:
    """In how many chunks each word of the sample pages occurs, among the chunks of ``others``."""
    wanted = set().union(*(words_of(chunk["text"]) for package in samples for chunk in package.chunks))
    counted: Counter[str] = Counter()
    for package in others:
        for chunk in package.chunks:
            counted.update(words_of(chunk["text"]) & wanted)
    return counted


def queries(package: Package, counted: Counter[str]) -> Iterator[tuple[str, str]]:
    """A few queries for a page, the most telling first, each with the text of the chunk it was made of.

    A word that stands in few chunks tells more; among equals the longer one, which is rarely a common word.
    """
    by_telling = sorted(package.chunks, key=lambda chunk: -chunk["token_count"])[:_CHUNKS_TRIED]
    for chunk in by_telling:
        ranked = sorted(words_of(chunk["text"]), key=lambda word: (counted[word], -len(word), word))
        if ranked:
            yield " ".join(ranked[:_WORDS_A_QUERY]), chunk["text"]
