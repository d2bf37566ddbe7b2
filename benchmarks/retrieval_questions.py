"""Questions made from pages, each with the words that a chunk must hold to answer it.

They are made from the storage bodies alone, before any converter has seen them, so that no system is favoured.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from confluence_to_twig.content.markdown.structure import CELLS, table_rows
from confluence_to_twig.content.storage.parse import parse_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from confluence_to_twig.content.nodes import Node

_WORD = re.compile(r"[^\W_]+")
#: How Markdown breaks a line in a table's cell: no word, just as its asterisks and pipes are none.
_BREAK = re.compile(r"<br */?>")
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)+|[a-z]+[A-Z][A-Za-z0-9]+")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_EVIDENCE_WORDS = 8


@dataclass(frozen=True)
class Page:
    """A page of the corpus."""

    page_id: str
    title: str
    ancestors: tuple[str, ...]
    space: str
    storage: str


@dataclass(frozen=True)
class Question:
    """``evidence``: normalised phrases that all stand in a chunk that answers. ``pages``: where it must come from, if that
    is asked. ``source``: the page that it was made from."""

    kind: str
    text: str
    evidence: tuple[str, ...]
    pages: frozenset[str] = frozenset()
    source: str = ""


def normalised(text: str) -> str:
    """The words of a text in lower case, parted by single blanks, with a blank at either end."""
    return f" {' '.join(_WORD.findall(_BREAK.sub(' ', text.lower())))} "


def _evidence(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.lower())[:_EVIDENCE_WORDS])} "


def questions_of(page: Page) -> Iterator[Question]:
    """All questions that one page gives rise to."""
    for question in _of(parse_storage(page.storage).root):
        yield replace(question, source=page.page_id)


def _of(root: Node) -> Iterator[Question]:
    yield from _sections(root)
    for node in root.walk():
        if node.tag == "table":
            yield from _table(node)
        elif node.tag == "ac:plain-text-body":
            yield from _code(node.text())


def distinct(questions: Iterable[Question]) -> list[Question]:
    """Without those that are asked in the same words of several places ("Overview"): nobody could answer them."""
    made = list(questions)
    asked = Counter(normalised(question.text) for question in made)
    return [question for question in made if asked[normalised(question.text)] == 1]


def sample(questions: list[Question], most: int, per_page: int | None = None, seed: int = 1) -> list[Question]:
    """At most so many questions of each kind, and if asked at most so many of these from one page, chosen by chance but
    always the same."""
    rng = random.Random(seed)
    if per_page:
        questions = _drawn(rng, questions, per_page, lambda question: (question.kind, question.source))
    return _drawn(rng, questions, most, lambda question: question.kind)


def _drawn(
    rng: random.Random, questions: list[Question], most: int, key: Callable[[Question], Hashable]
) -> list[Question]:
    groups: dict[Hashable, list[Question]] = {}
    for question in questions:
        groups.setdefault(key(question), []).append(question)
    return [q for group in groups.values() for q in (group if len(group) <= most else rng.sample(group, most))]


def _sections(root: Node) -> Iterator[Question]:
    """A heading asks for the first sentence below it; a heading with a question mark is an FAQ; and the sentence
    itself, with every third word left out, asks for itself."""
    heading = ""
    for block in _blocks(root):
        if block.tag in _HEADINGS:
            heading = " ".join(block.text().split())
            continue
        text = _first_text(block)
        if len(_WORD.findall(text)) < 6:
            continue
        if heading:
            yield Question("faq" if heading.endswith("?") else "heading", heading, (_evidence(text),))
            heading = ""
        words = text.split()
        if len(words) >= 9:
            yield Question(
                "first sentence", " ".join(word for n, word in enumerate(words[:18]) if n % 3 != 2), (_evidence(text),)
            )


def _blocks(node: Node) -> Iterator[Node]:
    """Headings and paragraphs in reading order, outside of tables, parameters and content that stands there twice."""
    for child in node.elements():
        if child.tag in _HEADINGS or child.tag == "p":
            yield child
        elif child.tag not in {"table", "ac:parameter", "ac:adf-fallback", "ac:plain-text-body", "ac:caption"}:
            yield from _blocks(child)


def _first_text(block: Node) -> str:
    """The block's text up to the first element in it, to the end of its first sentence."""
    text = "".join(child for child in block.children[:1] if isinstance(child, str))
    return re.split(r"(?<=[.!?。])\s", " ".join(text.split()))[0]


def _table(table: Node) -> Iterator[Question]:
    """The value of a column for a row: a chunk answers that holds the row's name, the column's name and the value."""
    rows = [[cell for cell in row.elements() if cell.tag in CELLS] for row, _ in table_rows(table)]
    if len(rows) < 2 or not all(cell.tag == "th" for cell in rows[0]):
        return
    columns = [" ".join(_spaced(cell).split()) for cell in rows[0]]
    plain = [row for row in rows[1:] if len(row) == len(columns) and not any(cell.get("rowspan") for cell in row)]
    for row in plain:
        texts = [" ".join(_spaced(cell).split()) for cell in row]
        for column, value in list(zip(columns, texts, strict=True))[1:]:
            evidence = tuple(_evidence(part) for part in (texts[0], column, value))
            if all(part.strip() for part in evidence) and not any(
                node.tag.startswith("ac:") for cell in row for node in cell.walk()
            ):
                yield Question("table", _asked(column, texts[0]), evidence)


def _asked(column: str, row: str) -> str:
    """In English only where the name of the column is in ASCII. "What is the" would decide a search among Korean pages: it
    finds the few that have English in them, such as scripts."""
    return f"What is the {column} of {row}?" if column.isascii() else f"{row} {column}?"


def _spaced(node: Node) -> str:
    """Text whose paragraphs, items and lines are parted by blanks."""
    parts = (child if isinstance(child, str) else _spaced(child) for child in node.children)
    text = "".join(parts)
    return f" {text} " if node.tag in {"p", "li", "br", "ul", "ol"} else text


def _code(text: str) -> Iterator[Question]:
    """Two identifiers of a line of code ask for that line."""
    for line in text.split("\n"):
        identifiers = list(dict.fromkeys(_IDENTIFIER.findall(line)))
        if len(identifiers) >= 2 and len(_WORD.findall(line)) >= 4:
            yield Question("code", f"How is {identifiers[0]} used with {identifiers[1]}?", (_evidence(line),))
