"""The pages that are searched, and the questions written by hand about them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.measuring import ROOT
from benchmarks.retrieval_questions import Page, Question, normalised
from sandbox import sample_space
from sandbox.seed import SeedPage, SeedSpace

if TYPE_CHECKING:
    from pathlib import Path

REAL_PAGES = ROOT.parent / "shared" / "fixtures" / "confluence-pages" / "reverse-sync"
NOT_ANSWERED = "not answered"


@dataclass(frozen=True)
class Corpus:
    """Pages that are searched.

    :param space: the same pages as a space that the sandbox serves, open to everybody.
    :param asked: questions written by hand. :param unanswered: such ones that no page answers.
    """

    name: str
    pages: list[Page]
    space: SeedSpace
    asked: list[Question]
    unanswered: list[Question]


def corpora() -> list[Corpus]:
    """The sample space, and the real pages when they are there."""
    space = sample_space.load()
    opened = replace(space, pages=tuple(replace(page, read_users=(), read_groups=()) for page in space.pages))
    sample = Corpus("Sample space", sample_pages(space), opened, hand_written(), not_answered())
    pages = real_pages()
    seeds = (SeedPage("home of the space", "Home", ""), *(SeedPage(p.page_id, p.title, p.storage) for p in pages))
    real = Corpus("Real pages", pages, SeedSpace("DOC", "QueryPie", "", seeds), [], [])
    return [corpus for corpus in (sample, real) if corpus.pages]


def sample_pages(space: SeedSpace) -> list[Page]:
    """The current pages and blog posts of the sample space."""
    pages = {page.ref: page for page in space.pages}

    def ancestors(ref: str | None) -> tuple[str, ...]:
        return () if ref is None else (*ancestors(pages[ref].parent), pages[ref].title)

    return [
        Page(page.ref, page.title, ancestors(page.parent), space.name, page.storage)
        for page in space.pages
        if page.kind in {"page", "blogpost"} and page.status == "current"
    ]


def real_pages(folder: Path = REAL_PAGES) -> list[Page]:
    """The real pages beside the checkout; none when they are not there."""
    pages = []
    for path in sorted(folder.glob("*/page.xhtml")):
        title = re.search(r"^title: '(.*)'$", (path.parent / "original.mdx").read_text(), re.MULTILINE)
        pages.append(Page(path.parent.name, title[1] if title else "", (), "QueryPie", path.read_text()))
    return pages


def hand_written() -> list[Question]:
    """The questions that come with the sample space: those in the words of the pages, those without, values of two columns, versions."""
    own = {"paraphrase", "two columns", "version"}
    return [
        Question(
            q.kind if q.kind in own else "hand-written",
            q.question,
            tuple(normalised(phrase) for phrase in (q.phrase, *q.beside)),
            frozenset({q.ref, *q.also}),
        )
        for q in sample_space.questions()
    ]


def not_answered() -> list[Question]:
    """The questions that no page of the sample space answers."""
    return [Question(NOT_ANSWERED, q.question, ()) for q in sample_space.unanswered()]
