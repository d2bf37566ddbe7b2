"""Mutated attachments and drawings end within their limits, with a text or with a reason, and the next one is read as if nothing had been."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.fuzz_files import MAKERS, make_file
from confluence_to_twig.content import convert
from confluence_to_twig.content.attachments.as_markdown import file_markdown
from confluence_to_twig.content.attachments.kinds import reader_for
from confluence_to_twig.content.attachments.limited import LimitedReader
from confluence_to_twig.content.attachments.outcome import Limits, UnreadableFileError
from tests.content.attachments import hostile_files
from tests.content.constructs.example import macro
from tests.proofs import SEED, size

pytestmark = pytest.mark.slow
FILES = size(60, 5_000)
#: As in a run, but for the clock: other proofs may share the machine.
LIMITS = Limits(seconds=600)


@pytest.mark.proofs(f"{FILES:,} mutated files and drawings, each read in its limited process")
def test_every_file_ends_with_a_text_or_a_reason() -> None:
    ended: dict[str, Counter[str]] = {name: Counter() for name, _ in MAKERS}
    with LimitedReader(LIMITS) as reader:
        for number in range(FILES):
            name, data = make_file(SEED, number)
            try:
                text = reader.read(reader_for(name, "") or "", data)
            except UnreadableFileError as error:
                ended[name]["a reason"] += 1
                assert str(error), f"file {number}"
                assert "crashed" not in str(error) and "processor" not in str(error), f"file {number}: {error}"
            else:
                ended[name]["a text" if text else "nothing"] += 1
                assert len(text) <= LIMITS.chars, f"file {number}"
                text.encode()
                file_markdown(name, "", text).encode()
        assert reader.read(reader_for("good.docx", "") or "", hostile_files.good_docx()).startswith("## Backup plan")
    assert sum(counted.total() for counted in ended.values()) == FILES
    assert all(
        ended[name]["a reason"]
        for name in ("file.docx", "file.pptx", "file.xlsx", "file.pdf", "drawing.drawio", "drawing.gliffy")
    )
    assert all(
        ended[name]["a text"]
        for name in ("file.docx", "file.pptx", "file.xlsx", "file.html", "file.csv", "drawing.drawio", "drawing.gliffy")
    )


@pytest.mark.proofs(f"{FILES:,} mutated drawings as the body of a macro")
def test_a_drawing_in_the_body_of_a_macro_never_stops_the_page() -> None:
    for number in range(FILES):
        name, data = make_file(SEED, number)
        source = data[:3_000].decode("utf-8", "replace").replace("\0", "")
        kind = ("drawio", "gliffy", "plantuml", "mermaid-macro")[number % 4]
        page = f"<p>before</p>{macro(kind, plain=source, title=name)}<p>after</p>"
        markdown = convert(page).markdown
        assert "before" in markdown and "after" in markdown, f"file {number}"
        markdown.encode()


def test_a_file_is_made_from_its_number_alone() -> None:
    assert [make_file(1, number) for number in range(24)] == [make_file(1, number) for number in range(24)]
    assert make_file(1, 0) != make_file(2, 0)
