"""A Twig without a server, for many states in little time: what it holds, what its index has, and how it searches.

It answers what verify asks of the client. It says as much or as little as it is told to: counts, hashes, a list.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from confluence_to_twig.errors import TransientError
from confluence_to_twig.twig.delta import twig_hash
from confluence_to_twig.twig.distinct import words_of
from confluence_to_twig.twig.errors import RouteNotOffered
from confluence_to_twig.twig.models import Citation, DataSource, HeldDocument
from confluence_to_twig.twig.settings import TwigSettings
from tests.twig.world import Page

SOURCE = DataSource("ds_1", "product-docs", "FILE", status="active")
SearchKind = Literal["lexical", "dense", "silent"]


@dataclass(frozen=True)
class Passage:
    """A chunk in the index."""

    document_id: str
    title: str
    url: str
    text: str

    def cited(self, score: float, *, texts: bool) -> Citation:
        return Citation("chk", self.document_id, self.title, self.url, score, self.text if texts else "")


@dataclass
class FakeTwig:
    """:param results: the most that a search gives, whatever is asked for. :param noise: of a dense search's likeness."""

    held: dict[str, HeldDocument] = field(default_factory=dict)
    index: list[Passage] = field(default_factory=list)
    search_kind: SearchKind = "lexical"
    tells_counts: bool = True
    tells_hashes: bool = True
    tells_texts: bool = True
    lists: bool = True
    status: str = "active"
    results: int = 20
    noise: float = 0.02
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    doubles: set[str] = field(default_factory=set)
    settings: TwigSettings = field(default_factory=lambda: TwigSettings("http://127.0.0.1", "key", "org"))
    _vectors: dict[Passage, dict[str, float]] = field(default_factory=dict)

    def take(self, page: Page) -> None:
        """Hold and index a page, as after a load and a processing."""
        self.forget(page.page_id)
        chunks = page.chunks()
        self.held[page.page_id] = HeldDocument(
            id=page.page_id,
            version=page.version,
            content_hash=twig_hash(page.document()),  # type: ignore[arg-type]
            title=page.name,
            url=page.url,
            metadata={},
            chunk_ids=tuple(chunk["chunk_id"] for chunk in chunks),
            chunk_hashes=tuple(chunk["content_hash"] for chunk in chunks),
            chunk_count=len(chunks),
        )
        self.index += [Passage(page.page_id, page.name, chunk["url"], chunk["text"]) for chunk in chunks]

    def forget(self, page_id: str) -> None:
        self.held.pop(page_id, None)
        self.unindex(page_id)

    def unindex(self, page_id: str) -> None:
        self.index = [passage for passage in self.index if passage.document_id != page_id]

    def get_data_source(self, data_source_id: str) -> DataSource:
        if not self.tells_counts:
            return replace(SOURCE, status=self.status)
        documents = len(self.held) + len(self.doubles)
        chunks = sum(document.chunk_count or 0 for document in self.held.values())
        return replace(SOURCE, status=self.status, document_count=documents, chunk_count=chunks)

    def list_documents(self, data_source_id: str) -> Iterator[HeldDocument]:
        if not self.lists:
            raise RouteNotOffered("no list")
        for document_id in sorted(self.held):
            document = self.held[document_id]
            told = document if self.tells_hashes else replace(document, content_hash="", chunk_hashes=())
            yield from [told] * (2 if document_id in self.doubles else 1)

    def search(self, query: str, data_source_ids: Sequence[str], limit: int = 20) -> list[Citation]:
        if self.search_kind == "silent":
            raise TransientError("No answer from Twig within the time allowed")
        asked = self._vector(query)
        scored = [(self._likeness(asked, passage), number) for number, passage in enumerate(self.index)]
        best = sorted((entry for entry in scored if entry[0] > 0), reverse=True)[: min(limit, self.results)]
        return [self.index[number].cited(score, texts=self.tells_texts) for score, number in best]

    def _likeness(self, asked: dict[str, float], passage: Passage) -> float:
        if passage not in self._vectors:
            self._vectors[passage] = self._vector(f"{passage.title} {passage.text}")
        vector = self._vectors[passage]
        shared = sum(weight * vector[word] for word, weight in asked.items() if word in vector)
        if not shared:
            return 0.0
        return shared + (self.chance.uniform(-self.noise, self.noise) if self.search_kind == "dense" else 0.0)

    def _vector(self, text: str) -> dict[str, float]:
        """Words for a search for words, rare ones weighing more; for a dense one words and pairs, of unit length."""
        words = words_of(text)
        if self.search_kind == "dense":
            words = words + [f"{one} {other}" for one, other in pairwise(words)]
        weights = {word: 1 + math.log(count) for word, count in Counter(words).items()}
        if self.search_kind == "lexical":
            rarity = self._rarity()
            weights = {word: weight * rarity.get(word, 1.0) for word, weight in weights.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}

    def _rarity(self) -> dict[str, float]:
        if not hasattr(self, "_rare"):
            counted = Counter(word for passage in self.index for word in set(words_of(passage.text)))
            self._rare = {word: math.log(1 + len(self.index) / count) for word, count in counted.items()}
        return self._rare


def any_page(chance: random.Random, page_id: str, family: str) -> Page:
    """A page of a family: see ``FAMILIES``."""
    return FAMILIES[family](chance, page_id)


SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
COMMON = [
    "the",
    "of",
    "to",
    "a",
    "and",
    "in",
    "is",
    "for",
    "with",
    "on",
    "that",
    "as",
    "by",
    "this",
    "from",
    "when",
    "after",
    "before",
    "each",
    "must",
]
PASSAGES_SEED = 7


def _word(chance: random.Random) -> str:
    return "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(2, 4)))


def _sentence(chance: random.Random, length: int = 12) -> str:
    return " ".join(chance.choice(COMMON) if chance.random() < 0.4 else _word(chance) for _ in range(length)) + "."


_shared = random.Random(PASSAGES_SEED)
PASSAGES = [" ".join(_sentence(_shared) for _ in range(3)) for _ in range(12)]
TEMPLATE = " ".join(_sentence(_shared) for _ in range(8))
LEXICON = [_word(_shared) for _ in range(150)]


def _distinct(chance: random.Random, page_id: str) -> Page:
    sections = tuple(
        " ".join(_sentence(chance) for _ in range(chance.randint(2, 9))) for _ in range(chance.randint(1, 3))
    )
    return Page(page_id, sections, title=_sentence(chance, 4).rstrip("."))


def _note(chance: random.Random, page_id: str) -> Page:
    """A note from one template: a date and a few common words of its own."""
    date = f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    return Page(
        page_id,
        (f"{TEMPLATE} Date {date}. Present: {chance.choice(COMMON)} {chance.choice(COMMON)}.",),
        title=f"Note {date}",
    )


def _twin(chance: random.Random, page_id: str) -> Page:
    return Page(page_id, (TEMPLATE,), title=chance.choice(["Twin", f"Twin {page_id}"]))


def _patchwork(chance: random.Random, page_id: str) -> Page:
    """Made of passages that other pages have, too."""
    sections = tuple(" ".join(chance.sample(PASSAGES, chance.randint(2, 5))) for _ in range(chance.randint(1, 2)))
    return Page(page_id, sections, title=f"Part {page_id}")


def _generated(chance: random.Random, page_id: str) -> Page:
    """Words of a small vocabulary in any order, as benchmarks make them."""
    text = " ".join(chance.choice(LEXICON) for _ in range(chance.randint(30, 150)))
    return Page(page_id, (text,), title=f"Generated {page_id}")


def _table(chance: random.Random, page_id: str) -> Page:
    rows = [f"| {_word(chance)} | {chance.randint(1, 99)} | {chance.choice(LEXICON)} |" for _ in range(6)]
    return Page(page_id, ("\n".join(["| name | size | kind |", "|---|---|---|", *rows]),), title=f"Table {page_id}")


def _tiny(chance: random.Random, page_id: str) -> Page:
    return Page(page_id, chance.choice([(), ("—",), ("See above.",), ("安装指南 第一步",)]), title=f"Tiny {page_id}")


FAMILIES: dict[str, Callable[[random.Random, str], Page]] = {
    "distinct": _distinct,
    "note": _note,
    "twin": _twin,
    "patchwork": _patchwork,
    "generated": _generated,
    "table": _table,
    "tiny": _tiny,
}
