"""Citations: whether a search for a page's own text leads to the page.

A search orders by likeness and gives only so many results, so a page with near copies may be missing from a correct
answer. What is cited instead tells: if it holds nearly all of the question, nothing was wrong with the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote_plus, urldefrag

from confluence_to_twig.errors import TransientError
from confluence_to_twig.twig.distinct import ENOUGH, RUN, own_share, runs_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from confluence_to_twig.twig.distinct import Runs
    from confluence_to_twig.twig.models import Citation

RESULTS = 20
_NAMED = 3


@dataclass(frozen=True)
class Sample:
    """A page that is to be cited.

    :param detail: its content hash. :param questions: what to ask, its own words first.
    :param file: the name of its file, where Twig got it as a file: Twig cites those by name.
    """

    page_id: str
    title: str
    url: str
    detail: str
    questions: tuple[str, ...]
    file: str = ""


State = Literal["cited", "excused", "uncited", "other text", "unasked"]


@dataclass(frozen=True)
class Answer:
    """What the search says of a sample, and a sentence with the evidence."""

    state: State
    evidence: str = ""


@dataclass
class Inquiry:
    """Questions to one search.

    :param most: the most results that it gave to one question: it may give fewer than it is asked for.
    :param silent: why it does not answer any more, if so.
    """

    search: Callable[[str], list[Citation]]
    most: int = 0
    silent: str = ""
    _first: dict[str, list[Citation]] = field(default_factory=dict)

    def ask_for(self, samples: Sequence[Sample]) -> dict[str, Answer]:
        """Ask for each sample until it is cited, in all its ways, and once more for those that are not.

        :returns: answers by page id. After the first time that the search did not answer, the others are not asked for.
        """
        answers = {sample.page_id: self._in_all_ways(sample) for sample in samples}
        for sample in samples:
            if answers[sample.page_id].state == "uncited":
                answers[sample.page_id] = self._again(sample)
        return answers

    def cites(self, title: str, is_wrong: Callable[[Citation], bool]) -> list[Citation]:
        """The citations for a title that must not be there, if they come twice."""
        for _ in range(2):
            found = [citation for citation in self._ask(title) or () if is_wrong(citation)]
            if not found:
                return []
        return found

    def _ask(self, question: str) -> list[Citation] | None:
        """What is cited; None when the search does not answer."""
        if self.silent:
            return None
        try:
            found = self.search(question)
        except TransientError as error:
            self.silent = error.summary
            return None
        self.most = max(self.most, len(found))
        return found

    def _in_all_ways(self, sample: Sample) -> Answer:
        cited = None
        for question in sample.questions:
            found = self._ask(question)
            if found is None:
                return Answer("unasked", f"Twig's search did not answer: {self.silent}")
            self._first.setdefault(sample.page_id, found)
            own = [citation for citation in found if _leads_to(citation, sample)]
            if own and _has_its_text(own, sample.questions[0]):
                return Answer("cited")
            cited = cited or own
        return _with_another_text(cited) if cited else Answer("uncited")

    def _again(self, sample: Sample) -> Answer:
        found = self._ask(sample.questions[0])
        if found and any(_leads_to(citation, sample) for citation in found):
            return Answer("cited")
        first = self._first[sample.page_id]
        moved = any(citation.document_id == sample.page_id for citation in first)
        if first and not moved and len(first) >= min(self.most, RESULTS):
            share = _own_share(sample.questions[0], first)
            if share < ENOUGH:
                return Answer(
                    "excused", f"{_number(first)} that is cited instead holds {1 - share:.0%} of the question"
                )
        ways = (
            f"asked for in {len(sample.questions)} ways and again, " if len(sample.questions) > 1 else "asked twice, "
        )
        return Answer("uncited", f"{ways}it is not cited; {_instead(first, sample)}")


def is_cited_as(
    citation: Citation, page_id: str, url: str, held_ids: Collection[str], held_urls: Collection[str]
) -> bool:
    """Whether a citation is of this deleted page: by its id, or by its address where no page that is held has that."""
    if citation.document_id == page_id:
        return True
    is_another = citation.document_id in held_ids or address(citation.url) in held_urls
    return bool(citation.url) and address(citation.url) == address(url) and not is_another


def address(url: str) -> str:
    """An address without its fragment, for comparing: characters may be escaped in more than one way."""
    return unquote_plus(urldefrag(url).url).rstrip("/")


def _leads_to(citation: Citation, sample: Sample) -> bool:
    if sample.file and (sample.file in _names(citation) or sample.url in citation.text):
        return True
    return address(citation.url) == address(sample.url) if citation.url else citation.document_id == sample.page_id


def _names(citation: Citation) -> set[str]:
    """By what a file may be cited. Documented is only that citations of files show the file name
    (https://help.twig.so/product/data-integrations/files)."""
    return {citation.title, citation.document_id, address(citation.url).rpartition("/")[2]}


def _has_its_text(own: Sequence[Citation], passage: str) -> bool:
    """Whether one of the citations holds some of the passage, or is a part of it. Not every Twig gives texts."""
    words = words_of(passage)
    wanted = runs_of(words)
    texts = [_runs(citation, len(words)) for citation in own if citation.text]
    return not texts or any(len(runs & wanted) >= ENOUGH * min(len(runs), len(wanted)) for runs in texts)


def _with_another_text(own: Sequence[Citation]) -> Answer:
    return Answer(
        "other text", f"it is cited with a text that is not its own (chunk {own[0].chunk_id or 'without an id'})"
    )


def _own_share(question: str, found: Iterable[Citation]) -> float:
    """The share of the question that none of the citations holds."""
    words = words_of(question)
    return own_share(runs_of(words), {run for citation in found for run in _runs(citation, len(words))})


def _runs(citation: Citation, words: int) -> Runs:
    """To compare with a question of so many words."""
    return runs_of(words_of(citation.text), max(min(RUN, words), 1))


def _number(found: Sequence[Citation]) -> str:
    return "the one chunk" if len(found) == 1 else f"what of {len(found)} chunks"


def _instead(found: Sequence[Citation], sample: Sample) -> str:
    if not found:
        return "nothing is cited"
    moved = next((citation for citation in found if citation.document_id == sample.page_id), None)
    if moved:
        return f"its document is cited under another address, {moved.url}"
    named = ", ".join(f"{citation.title!r} ({citation.url or citation.document_id})" for citation in found[:_NAMED])
    return f"cited instead: {named}"
