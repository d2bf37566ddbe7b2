"""Files of twelve types come out with what was put in and with what the libraries find in them, or with a reason."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable

import pytest
import yaml
from lxml.html import HtmlElement

from confluence_to_twig.content.attachments.as_markdown import file_markdown
from confluence_to_twig.content.attachments.kinds import reader_for
from confluence_to_twig.content.attachments.limited import LimitedReader
from confluence_to_twig.content.attachments.outcome import Limits, UnreadableFileError
from tests.content.attachments.file_corpus import TYPES, CorpusFile, corpus_file, words_of
from tests.content.attachments.library_words import WALKS
from tests.proofs import SEED, size

pytestmark = pytest.mark.slow
FILES = size(24, 200)
LEAST = 0.98
LIMITS = Limits(seconds=600)


def seen_by_a_library(file: CorpusFile) -> set[str]:
    """The words that a library finds; none in a file that it can not parse, which then counts for what was put in alone."""
    try:
        return {word for text in WALKS[file.name.rpartition(".")[2]](file.data) for word in words_of(text)}
    except (json.JSONDecodeError, yaml.YAMLError, csv.Error):
        return set()


@pytest.mark.proofs(
    f"{FILES} files of {len(TYPES)} types, broken and protected ones among them: at least {LEAST:.0%} of their words for each type"
)
def test_the_words_of_a_file_come_out(read: Callable[[str], HtmlElement]) -> None:
    put_in, found, by_libraries, found_of_those, ended = Counter(), Counter(), Counter(), Counter(), Counter()
    with LimitedReader(LIMITS) as reader:
        for file in (corpus_file(SEED, number) for number in range(FILES)):
            kind = file.name.rpartition(".")[2]
            try:
                text = reader.read(reader_for(file.name, "") or "", file.data)
            except UnreadableFileError as error:
                assert file.reason and file.reason in str(error), f"{file.name}: {error}"
                ended[kind] += 1
                continue
            assert not file.reason, f"{file.name} has a text"
            shown = set(words_of(" ".join(read(file_markdown(file.name, "", text)).itertext())))
            library = seen_by_a_library(file)
            assert not shown & file.unseen, f"{file.name} shows what is hidden"
            put_in[kind] += len(file.words)
            found[kind] += len(file.words & shown)
            by_libraries[kind] += len(library)
            found_of_those[kind] += len(library & shown)
    assert set(put_in) == set(by_libraries) == set(ended) == set(TYPES)
    assert {kind: found[kind] / put_in[kind] for kind in TYPES if found[kind] < LEAST * put_in[kind]} == {}
    assert {
        kind: found_of_those[kind] / by_libraries[kind]
        for kind in TYPES
        if found_of_those[kind] < LEAST * by_libraries[kind]
    } == {}


@pytest.mark.parametrize("number", range(len(TYPES)))
def test_the_second_opinion_is_one(number: int) -> None:
    file = corpus_file(SEED, number)
    assert len(seen_by_a_library(file) & file.words) > 0.9 * len(file.words) > 0
    assert not seen_by_a_library(file) & file.unseen


def test_a_file_is_made_from_its_number_alone() -> None:
    first, again = ([corpus_file(7, number) for number in range(len(TYPES))] for _ in range(2))
    assert [file.words for file in first] == [file.words for file in again]
    assert corpus_file(7, 0).words != corpus_file(8, 0).words
