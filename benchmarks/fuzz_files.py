"""Mutated attachments and drawings for the readers in their limited process: what ``tests/content/attachments/test_fuzzed_files.py`` reads.

Each file is made from a seed and its number alone. Some are broken where they are packed (a byte of a ZIP, of a PDF), more inside:
the XML of an Office file or of a drawing, the JSON of Gliffy, which then is packed anew.
"""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
import zlib
from base64 import b64encode
from copy import deepcopy
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from benchmarks import fuzz_samples

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_BYTES = 60_000
_SPLICES = (
    b"<", b">", b"&", b"&#0;", b"]]>", b"<!ENTITY a 'b'>", b"<!DOCTYPE a [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>", b"\x00", b"\xff\xfe", b"\xed\xa0\x80",
    b"9" * 40, b"-1", b"1e999", b"NaN", b"null", b"[" * 300, b"{" * 300, b'"', b"\\u0000", b"\\ud800", b"%25" * 50, b"endobj", b"stream\n", b"/Kids [1 0 R]",
    b"<mxCell id='1' parent='1' edge='1' source='1' target='1'/>", b"<UserObject label='%label%' placeholders='1'/>", b"<w:tbl><w:tr><w:tc>", b"gridSpan",
)  # fmt: skip
_VALUE = re.compile(r'(?<==)"[^"]*"')
_SHAPE = re.compile(r"<mxCell[^<>]*/>")
_EMPTY = re.compile(r"<[a-z]+:?[A-Za-z]+(?: [^<>]*)?/>")
_ODD_VALUES = (
    '"0"',
    '"-1"',
    '"99999999999"',
    '"1e999"',
    '"NaN"',
    '""',
    '"true"',
    '"rId1"',
    '"../../x.xml"',
    '"A1:XFD1048576"',
    f'"{"x" * 3000}"',
)
_VALUES = (
    '"1"',
    '"e"',
    '"a"',
    '""',
    '"&amp;#0;"',
    '"%label%%env%"',
    '"&lt;b&gt;&lt;"',
    '"%5B%7B"',
    '"1e999"',
    '"{&quot;data&quot;: [[["',
    f'"{"x" * 3000}"',
)
_ODD: tuple[Any, ...] = (None, True, -1, 1e308, "", "x" * 500, [], {}, [[]], {"id": 1}, "<p>&amp;\x00", [None, 1, "a"])


def _mutated(rng: random.Random, data: bytes) -> bytes:
    """Some bytes changed, left out, moved, doubled, or put in between."""
    for _ in range(rng.randint(1, 8)):
        at, length = rng.randrange(len(data) + 1), rng.choice((1, 2, 8, 100, 1000))
        piece = data[at : at + length]
        data = rng.choice(
            (
                data[:at] + bytes((rng.randrange(256),)) + data[at + 1 :],
                data[:at] + data[at + length :],
                data[:at] + piece * rng.choice((2, 30)) + data[at:],
                data[:at] + rng.choice(_SPLICES) + data[at:],
                data[: max(at, len(data) // 2)],
            )
        )[:_MOST_BYTES]
    return data


def _mutated_text(rng: random.Random, text: str) -> str:
    return _mutated(rng, text.encode()).decode("utf-8", "surrogateescape")


def _office(whole: Callable[[], bytes], *parts: str) -> Callable[[random.Random], bytes]:
    """A maker of Office files: some broken as an archive, most inside, in one of these parts or in another."""

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.25:
            return _mutated(rng, whole())
        with zipfile.ZipFile(io.BytesIO(whole())) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        victim = rng.choice((*files, *parts * len(files)))
        is_text = victim.endswith((".xml", ".rels"))
        broken = _changed_xml(rng, files[victim]) if is_text and rng.random() < 0.75 else _mutated(rng, files[victim])
        return fuzz_samples.zipped(files | {victim: broken})

    return make


def _changed_xml(rng: random.Random, data: bytes) -> bytes:
    """XML that is well-formed still: values changed, empty elements doubled or left out."""
    text = data.decode()
    for _ in range(rng.randint(1, 6)):
        found = rng.choice(list((_VALUE if rng.random() < 0.7 else _EMPTY).finditer(text)) or [None])
        if found is not None:
            other = rng.choice(_ODD_VALUES if found[0].startswith('"') else ("", found[0] * 3))
            text = text[: found.start()] + other + text[found.end() :]
    return text.encode()


def _changed_drawing(rng: random.Random) -> str:
    """A drawing that is XML still: values changed, shapes doubled, left out, in one another."""
    model = fuzz_samples.DRAWING
    for _ in range(rng.randint(0, 5)):
        found = rng.choice(
            list(_VALUE.finditer(model)) if rng.random() < 0.7 else list(_SHAPE.finditer(model)) or [None]
        )
        if found is None:
            continue
        whole = found[0]
        other = (
            rng.choice(_VALUES)
            if whole.startswith('"')
            else rng.choice(("", whole * 3, f"<object>{whole}</object>", f"<mxCell>{whole * 2}</mxCell>"))
        )
        model = model[: found.start()] + other + model[found.end() :]
    return model


def _drawio(rng: random.Random) -> bytes:
    model = _mutated_text(rng, fuzz_samples.DRAWING) if rng.random() < 0.3 else _changed_drawing(rng)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    percent = quote(model, errors="surrogateescape").encode()
    packed = b64encode(packer.compress(percent) + packer.flush()).decode()
    inner = rng.choice((model, packed, packed))
    file = f'<mxfile><diagram name="Net">{inner}</diagram><diagram>{packed}</diagram></mxfile>'
    data = rng.choice((model, file, file)).encode("utf-8", "surrogateescape")
    return _mutated(rng, data) if rng.random() < 0.2 else data


def _svg(rng: random.Random) -> bytes:
    data = f'<svg xmlns="http://www.w3.org/2000/svg" content="{escape(_changed_drawing(rng))}"/>'.encode()
    return _mutated(rng, data) if rng.random() < 0.4 else data


def _gliffy(rng: random.Random) -> bytes:
    drawing = json.loads(json.dumps(fuzz_samples.GLIFFY))
    for _ in range(rng.randint(0, 4)):
        node: Any = drawing
        while isinstance(node, dict | list) and node and rng.random() < 0.85:
            key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
            if rng.random() < 0.2:
                node[key] = deepcopy(rng.choice((*_ODD, [node[key]] * 3, {"children": [node[key]]})))
                break
            node = node[key]
    data = json.dumps(drawing).encode()
    return _mutated(rng, data) if rng.random() < 0.4 else data


def _plain(rng: random.Random) -> bytes:
    text = '@startuml\nA -> B: grüßt\n@enduml\nkey;value\n1;"a\nb"\n'.encode(rng.choice(("utf-8", "utf-16", "cp1252")))
    return _mutated(rng, text * rng.choice((1, 20)))


#: Name of a file → how one of its kind is made. Drawings come as often as files.
MAKERS: tuple[tuple[str, Callable[[random.Random], bytes]], ...] = (
    ("file.docx", _office(fuzz_samples.word, "word/document.xml", "word/styles.xml")),
    ("file.pptx", _office(fuzz_samples.deck, "ppt/slides/slide1.xml", "ppt/charts/chart1.xml")),
    ("file.xlsx", _office(fuzz_samples.book, "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml")),
    ("file.html", lambda rng: _mutated(rng, fuzz_samples.PAGE)),
    ("file.md", lambda rng: _mutated(rng, fuzz_samples.MARKDOWN)),
    ("file.pdf", lambda rng: _mutated(rng, fuzz_samples.pdf())),
    ("file.csv", _plain),
    ("drawing.drawio", _drawio),
    ("drawing.drawio.svg", _svg),
    ("drawing.gliffy", _gliffy),
    ("drawing.puml", _plain),
)


def make_file(seed: int, number: int) -> tuple[str, bytes]:
    """A name and the bytes behind it."""
    rng = random.Random(f"files:{seed}:{number}")
    name, make = MAKERS[number % len(MAKERS)]
    return name, make(rng)
