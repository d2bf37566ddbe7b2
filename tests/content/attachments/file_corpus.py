"""A corpus of files in twelve types, made from a seed: what was put into each is known, word by word.

No word is put in twice, so that a lost one shows. Of each type every sixth file is broken, and every sixth one protected or broken in another way.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any

import yaml
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from openpyxl import Workbook
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from tests.content.attachments import hostile_files
from tests.content.attachments.office_files import saved

_BOX = (Inches(1), Inches(1), Inches(4), Inches(2))
#: What Markdown, HTML, CSV or YAML may take for its own, before and behind a word.
_AROUND = (("", ""),) * 12 + (
    ("*", "*"), ("_", "_"), ("<", ">"), ("[", "]"), ("# ", ""), ("- ", ""), ("1. ", ""), ("`", "`"), ("|", "|"), ("&", ";"), ('"', '"'), ("", ":"), ("~~", "~~"), ("(", ")"),
)  # fmt: skip
_STEMS = ("backup", "Straße", "naïve", "Łódź", "v2", "über", "port", "x", "Ωmega", "Данные")


@dataclass(frozen=True)
class CorpusFile:
    """A file.

    :param words: what was put in and is shown. :param unseen: what was put in and is not.
    :param reason: a part of why it has no text; empty: it has one.
    """

    name: str
    data: bytes
    words: frozenset[str]
    unseen: frozenset[str] = frozenset()
    reason: str = ""


class _Words:
    """Makes up words, and remembers them."""

    def __init__(self, rng: random.Random, *, latin: bool = False) -> None:
        self.rng = rng
        self.shown: set[str] = set()
        self.unseen: set[str] = set()
        self._stems = [stem for stem in _STEMS if not latin or stem.encode("cp1252", "ignore").decode("cp1252") == stem]

    def word(self) -> str:
        """One that is shown."""
        word = f"{self.rng.choice(self._stems)}{len(self.shown)}q"
        self.shown.add(word)
        return word

    def hidden(self) -> str:
        """One that no reader sees."""
        word = f"hidden{len(self.unseen)}q"
        self.unseen.add(word)
        return word

    def text(self, most: int = 12) -> str:
        """A sentence, with signs that mean something elsewhere."""
        return " ".join(self._dressed() for _ in range(self.rng.randint(1, most))) + self.rng.choice(
            (".", "", "!", "?")
        )

    def _dressed(self) -> str:
        before, behind = self.rng.choice(_AROUND)
        return f"{before}{self.word()}{behind}"

    def several(self, least: int, most: int) -> range:
        """A number of things."""
        return range(self.rng.randint(least, most))

    def rows(self) -> list[list[str]]:
        """The rows of a table, the first one its header."""
        columns = self.several(2, 6)
        return [[self.text(3) for _ in columns] for _ in self.several(3, 20)]


def _txt(words: _Words) -> bytes:
    text = "\n".join(words.rng.choice(("", "\n", "  ")) + words.text() for _ in words.several(1, 40))
    return text.encode(words.rng.choice(("utf-8", "utf-8-sig", "utf-16")))


def _log(words: _Words) -> bytes:
    return "\r\n".join(f"2026-01-02T03:04:05Z  INFO\t{words.text()}" for _ in words.several(5, 60)).encode()


def _md(words: _Words) -> bytes:
    parts = []
    for _ in words.several(2, 20):
        text = " ".join(words.word() for _ in words.several(2, 9))
        parts.append(
            words.rng.choice(
                ("# {}", "{}\n---", "- {}", "> {}", "```\n{}\n```", "| a | b |\n| - | - |\n| {} | c |", "**{}**")
            ).format(text)
        )
    return "\n\n".join(parts).encode()


def _rows(delimiters: str) -> Callable[[_Words], bytes]:
    def make(words: _Words) -> bytes:
        stored = io.StringIO()
        writer = csv.writer(
            stored, delimiter=words.rng.choice(delimiters), lineterminator=words.rng.choice(("\n", "\r\n"))
        )
        rows = words.rows()
        rows[-1][-1] += f"\n{words.word()}"
        writer.writerows(rows)
        return stored.getvalue().encode()

    return make


def _tree(words: _Words, depth: int = 3) -> Any:
    if not depth:
        return words.text() if words.rng.random() < 0.7 else words.rng.choice((17, True, None))
    if words.rng.random() < 0.4:
        return [_tree(words, depth - 1) for _ in words.several(1, 4)]
    return {words.word(): _tree(words, depth - 1) for _ in words.several(1, 4)}


def _json(words: _Words) -> bytes:
    text = json.dumps({words.word(): _tree(words)}, ensure_ascii=False, indent=words.rng.choice((None, 2)))
    return (text[:-1] if words.rng.random() < 0.2 else text).encode()


def _yaml(words: _Words) -> bytes:
    text = yaml.safe_dump({words.word(): _tree(words)}, allow_unicode=True, width=10_000)
    return (f"{text}]: [\n" if words.rng.random() < 0.2 else text).encode()


def _html(words: _Words) -> bytes:
    parts = [f"<script>{words.hidden()}</script><!-- {words.hidden()} -->"]
    for _ in words.several(2, 20):
        shape = words.rng.choice(("<h2>{}</h2>", "<p>{} <b>{}</b></p>", "<ul><li>{}<ol><li>{}</ol></ul>", "<pre>{}\n{}</pre>", "<div hidden>%s</div><p>{}", "<blockquote>{}", "<p><a href=x>{}</a>"))  # fmt: skip
        shape = shape.replace("%s", words.hidden())
        parts.append(shape.format(*(escape(words.text(6)) for _ in range(shape.count("{}")))))
    cells = (f"<tr>{''.join(f'<td>{escape(cell)}' for cell in row)}" for row in words.rows())
    page = f"<html><head><title>{words.hidden()}</title></head><body>{''.join(parts)}<table>{''.join(cells)}</table>"
    return page.encode()


def _pdf(words: _Words) -> bytes:
    pages = ("\n".join(words.text(8) for _ in words.several(1, 30)) for _ in words.several(1, 5))
    return hostile_files.pdf(*pages, owner_password=words.rng.choice(("", "", "owner")))


def _docx(words: _Words) -> bytes:
    document = Document()
    for _ in words.several(3, 25):
        style = words.rng.choice(("Heading 1", "Heading 2", "Normal", "Normal", "List Bullet", "List Number", "Quote"))
        line = document.add_paragraph(words.text(), style=style)
        if words.rng.random() < 0.2:
            names, run = nsdecls("w"), f"<w:r><w:t>{words.word()}</w:t></w:r>"
            deleted = f"<w:del><w:r><w:delText>{words.hidden()}</w:delText></w:r></w:del>"
            line._p.append(
                parse_xml(f"<w:ins {names}><w:r><w:t xml:space='preserve'> </w:t></w:r>{run}{deleted}</w:ins>")
            )
        if words.rng.random() < 0.1:
            document.add_comment(line.runs, text=words.text(), author=words.word())
    _fill(document.add_table, words)
    document.sections[0].header.paragraphs[0].text = words.text(3)
    return saved(document)


def _fill(add_table: Callable[..., Any], words: _Words, *place: Any) -> None:
    """A table with a merged cell."""
    rows = words.rows()
    made = add_table(len(rows), len(rows[0]), *place)
    table = getattr(made, "table", made)
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if (number, column) != (2, 0):
                table.cell(number, column).text = text
    words.shown -= set(words_of(rows[2][0]))
    table.cell(1, 0).merge(table.cell(2, 0))


def _pptx(words: _Words) -> bytes:
    deck = Presentation()
    for _ in words.several(1, 6):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = words.text(5)
        slide.placeholders[1].text_frame.text = "\n".join(words.text() for _ in words.several(1, 8))
        slide.shapes.add_group_shape().shapes.add_textbox(*_BOX).text_frame.text = words.text()
        slide.notes_slide.notes_text_frame.text = words.text()
    _fill(slide.shapes.add_table, words, *_BOX)
    data = CategoryChartData()
    data.categories = [words.word() for _ in words.several(2, 5)]
    data.add_series(words.word(), [1] * len(data.categories))
    slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *_BOX, data)
    return saved(deck)


def _xlsx(words: _Words) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for _ in words.several(1, 4):
        sheet = book.create_sheet(words.word())
        sheet.append([words.text()])
        for row in words.rows():
            sheet.append([None] * words.rng.randint(0, 1) + [text.lstrip("=") for text in row])
        sheet.append([date(2026, 1, 1) + timedelta(words.rng.randrange(300)), words.rng.random(), None, words.word()])
    secret = book.create_sheet(words.hidden())
    secret.append([words.hidden()])
    secret.sheet_state = "hidden"
    return saved(book)


def _cut(data: bytes, _rng: random.Random) -> bytes:
    return data[: len(data) // 3]


def _binary(data: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(64) + b"\0" + data


def _protected_pdf(_data: bytes, rng: random.Random) -> bytes:
    return hostile_files.pdf(password="secret", algorithm=rng.choice(("RC4-128", "AES-256")))


_TEXT_TROUBLES = ((_binary, "binary"), (_binary, "binary"))
_OFFICE_TROUBLES = (
    (_cut, "damaged"),
    (lambda _data, _rng: hostile_files.protected_office_file(), "protected by a password"),
)
#: Suffix → how such a file is made, and how it is made unreadable, with the reason that this has.
_MAKERS: dict[str, tuple[Callable[[_Words], bytes], Any]] = {
    "txt": (_txt, _TEXT_TROUBLES),
    "log": (_log, _TEXT_TROUBLES),
    "md": (_md, _TEXT_TROUBLES),
    "csv": (_rows(",;|"), _TEXT_TROUBLES),
    "tsv": (_rows("\t"), _TEXT_TROUBLES),
    "json": (_json, _TEXT_TROUBLES),
    "yaml": (_yaml, _TEXT_TROUBLES),
    "html": (_html, _TEXT_TROUBLES),
    "pdf": (_pdf, ((_cut, "reading it"), (_protected_pdf, "protected by a password"))),
    "docx": (_docx, _OFFICE_TROUBLES),
    "pptx": (_pptx, _OFFICE_TROUBLES),
    "xlsx": (_xlsx, _OFFICE_TROUBLES),
}
TYPES = tuple(_MAKERS)


def corpus_file(seed: int, number: int) -> CorpusFile:
    """A file of the corpus, made from the seed and its number alone."""
    rng = random.Random(f"corpus:{seed}:{number}")
    kind, turn = TYPES[number % len(TYPES)], number // len(TYPES) % 6
    make, troubles = _MAKERS[kind]
    words = _Words(rng, latin=kind == "pdf")
    data, name = make(words), f"file-{number}.{kind}"
    if turn in (1, 4):
        spoil, reason = troubles[turn // 4]
        return CorpusFile(name, spoil(data, rng), frozenset(), frozenset(words.shown), reason)
    return CorpusFile(name, data, frozenset(words.shown), frozenset(words.unseen))


def words_of(text: str) -> Iterable[str]:
    """The words of a text that the corpus may have made up."""
    return ("".join(part) for part in _runs(text) if part[-1] == "q")


def _runs(text: str) -> Iterable[list[str]]:
    run: list[str] = []
    for character in f"{text} ":
        if character.isalnum():
            run.append(character)
        elif run:
            yield run
            run = []
