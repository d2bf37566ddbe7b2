"""Word, Excel and PowerPoint files made from a few lines of text, byte for byte the same each time.

A line is a paragraph, ``# `` makes it a heading, the name of a sheet or the title of a slide, and lines of ``| a | b |`` are a table.
"""

from __future__ import annotations

import io
import zipfile
from itertools import groupby
from xml.sax.saxutils import escape

_ZIP_TIME = (2025, 1, 1, 0, 0, 0)
_OPEN = "http://schemas.openxmlformats.org"
_WORD, _SHEET = f"{_OPEN}/wordprocessingml/2006/main", f"{_OPEN}/spreadsheetml/2006/main"
_SLIDES, _DRAWING = f"{_OPEN}/presentationml/2006/main", f"{_OPEN}/drawingml/2006/main"
_PACKAGE, _OFFICE = f"{_OPEN}/package/2006", f"{_OPEN}/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument"
_NAMES = f'xmlns:p="{_SLIDES}" xmlns:a="{_DRAWING}" xmlns:r="{_OFFICE}"'
_ACCENTS = tuple(f"accent{number}" for number in range(1, 7))
#: Which colour of the theme each colour of the slides is.
_COLOURS = {"bg1": "lt1", "tx1": "dk1", "bg2": "lt2", "tx2": "dk2"} | {
    name: name for name in (*_ACCENTS, "hlink", "folHlink")
}
_Row = list[str]


def make_docx(text: str) -> bytes:
    """A Word file."""
    body = "".join(
        _word_table([_cells(line) for line in lines]) if is_table else "".join(map(_word_paragraph, lines))
        for is_table, lines in _grouped(text)
    )
    word = f"{_TYPE}.wordprocessingml"
    return _packed(
        {"word/document.xml": f"{word}.document.main+xml", "word/styles.xml": f"{word}.styles+xml"},
        {
            "_rels/.rels": _relations(("officeDocument", "word/document.xml")),
            "word/_rels/document.xml.rels": _relations(("styles", "styles.xml")),
            "word/styles.xml": f'<w:styles xmlns:w="{_WORD}"><w:style w:type="paragraph" w:default="1" w:styleId="Normal">'
            '<w:name w:val="Normal"/></w:style><w:style w:type="paragraph" w:styleId="Heading1">'
            '<w:name w:val="heading 1"/></w:style></w:styles>',
            "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
        },
    )


def _word_paragraph(line: str) -> str:
    style = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>' if line.startswith("# ") else ""
    words = escape(line.removeprefix("# "))
    return f'<w:p>{style}<w:r><w:t xml:space="preserve">{words}</w:t></w:r></w:p>'


def _word_table(rows: list[_Row]) -> str:
    cells = "".join(
        "<w:tr>" + "".join(f"<w:tc>{_word_paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in rows
    )
    grid = "<w:gridCol/>" * len(rows[0])
    return f"<w:tbl><w:tblPr/><w:tblGrid>{grid}</w:tblGrid>{cells}</w:tbl>"


def make_xlsx(text: str) -> bytes:
    """A workbook with a sheet for each heading."""
    sheets = _below_headings(text)
    numbers = range(1, len(sheets) + 1)
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, (name, _) in zip(numbers, sheets, strict=True)
    )
    pages = {
        f"xl/worksheets/sheet{number}.xml": _sheet(lines) for number, (_, lines) in zip(numbers, sheets, strict=True)
    }
    kind = f"{_TYPE}.spreadsheetml"
    return _packed(
        {"xl/workbook.xml": f"{kind}.sheet.main+xml", **dict.fromkeys(pages, f"{kind}.worksheet+xml")},
        {
            "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
            "xl/_rels/workbook.xml.rels": _relations(*(("worksheet", name.removeprefix("xl/")) for name in pages)),
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>{names}</sheets></workbook>',
            **pages,
        },
    )


def _sheet(lines: list[str]) -> str:
    rows = [_cells(line) if line.startswith("|") else [line] for line in lines]
    written = "".join(
        f'<row r="{number}">{"".join(map(_sheet_cell, row))}</row>' for number, row in enumerate(rows, start=1)
    )
    return f'<worksheet xmlns="{_SHEET}"><sheetData>{written}</sheetData></worksheet>'


def _sheet_cell(text: str) -> str:
    if text.replace(".", "", 1).isdigit():
        return f"<c><v>{text}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def make_pptx(text: str) -> bytes:
    """Slides, one for each heading; its lines are a list."""
    slides = {
        f"ppt/slides/slide{number}.xml": _slide("sld", _shape(1, "title", [title]) + _shape(2, "body", lines))
        for number, (title, lines) in enumerate(_below_headings(text), start=1)
    }
    kind = f"{_TYPE}.presentationml"
    master = "slideMasters/slideMaster1.xml"
    shown = "".join(f'<p:sldId id="{256 + number}" r:id="rId{number + 2}"/>' for number in range(len(slides)))
    layouts = '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst>'
    colours = " ".join(f'{name}="{value}"' for name, value in _COLOURS.items())
    return _packed(
        {
            "ppt/presentation.xml": f"{kind}.presentation.main+xml",
            f"ppt/{master}": f"{kind}.slideMaster+xml",
            "ppt/slideLayouts/slideLayout1.xml": f"{kind}.slideLayout+xml",
            "ppt/theme/theme1.xml": f"{_TYPE}.theme+xml",
            **dict.fromkeys(slides, f"{kind}.slide+xml"),
        },
        {
            "_rels/.rels": _relations(("officeDocument", "ppt/presentation.xml")),
            "ppt/_rels/presentation.xml.rels": _relations(
                ("slideMaster", master), *(("slide", name.removeprefix("ppt/")) for name in slides)
            ),
            "ppt/presentation.xml": f'<p:presentation {_NAMES}><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/>'
            f'</p:sldMasterIdLst><p:sldIdLst>{shown}</p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/>'
            '<p:notesSz cx="6858000" cy="9144000"/></p:presentation>',
            f"ppt/{master}": _slide("sldMaster", "", f"<p:clrMap {colours}/>{layouts}"),
            "ppt/slideMasters/_rels/slideMaster1.xml.rels": _relations(
                ("slideLayout", "../slideLayouts/slideLayout1.xml"), ("theme", "../theme/theme1.xml")
            ),
            "ppt/slideLayouts/slideLayout1.xml": _slide("sldLayout", ""),
            "ppt/slideLayouts/_rels/slideLayout1.xml.rels": _relations(("slideMaster", f"../{master}")),
            "ppt/theme/theme1.xml": _theme(),
            **slides,
            **{
                f"ppt/slides/_rels/{name.rpartition('/')[2]}.rels": _relations(
                    ("slideLayout", "../slideLayouts/slideLayout1.xml")
                )
                for name in slides
            },
        },
    )


def _slide(kind: str, shapes: str, after: str = "") -> str:
    """A slide, or the layout or master behind it."""
    group = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    return f"<p:{kind} {_NAMES}><p:cSld><p:spTree>{group}{shapes}</p:spTree></p:cSld>{after}</p:{kind}>"


def _shape(place: int, kind: str, lines: list[str]) -> str:
    """The title of a slide, or the text below it."""
    top, height = (457_200, 914_400) if kind == "title" else (1_600_200, 4_525_963)
    words = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in lines) or "<a:p/>"
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{place + 1}" name="{kind.title()} {place}"/><p:cNvSpPr/>'
        f'<p:nvPr><p:ph type="{kind}" idx="{place - 1}"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="457200" y="{top}"/>'
        f'<a:ext cx="8229600" cy="{height}"/></a:xfrm></p:spPr><p:txBody><a:bodyPr/>{words}</p:txBody></p:sp>'
    )


def _theme() -> str:
    """The plainest theme that PowerPoint opens: black on white."""
    named = ("dk1", "lt1", "dk2", "lt2", *_ACCENTS, "hlink", "folHlink")
    colours = "".join(
        f'<a:{name}><a:srgbClr val="{"FFFFFF" if name.startswith("lt") else "000000"}"/></a:{name}>' for name in named
    )
    font = '<a:latin typeface="Arial"/><a:ea typeface=""/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    looks = (
        f"<a:fillStyleLst>{fill * 3}</a:fillStyleLst><a:lnStyleLst>{f'<a:ln>{fill}</a:ln>' * 3}</a:lnStyleLst>"
        f"<a:effectStyleLst>{'<a:effectStyle><a:effectLst/></a:effectStyle>' * 3}</a:effectStyleLst>"
        f"<a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst>"
    )
    return (
        f'<a:theme xmlns:a="{_DRAWING}" name="Plain"><a:themeElements><a:clrScheme name="Plain">{colours}</a:clrScheme>'
        f'<a:fontScheme name="Plain"><a:majorFont>{font}</a:majorFont><a:minorFont>{font}</a:minorFont></a:fontScheme>'
        f'<a:fmtScheme name="Plain">{looks}</a:fmtScheme></a:themeElements></a:theme>'
    )


def _grouped(text: str) -> list[tuple[bool, list[str]]]:
    """The lines with text, those of a table together."""
    lines = (line for line in text.splitlines() if line)
    return [(is_table, list(group)) for is_table, group in groupby(lines, lambda line: line.startswith("|"))]


def _cells(line: str) -> _Row:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _below_headings(text: str) -> list[tuple[str, list[str]]]:
    """Each heading with the lines below it."""
    found: list[tuple[str, list[str]]] = []
    for line in filter(None, text.splitlines()):
        if line.startswith("# "):
            found.append((line.removeprefix("# "), []))
        else:
            found[-1][1].append(line)
    return found


def _relations(*targets: tuple[str, str]) -> str:
    """What a part refers to: kind and place of each."""
    each = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'


def _packed(types: dict[str, str], parts: dict[str, str]) -> bytes:
    """A file of these parts.

    :param types: name of a part → its type.
    """
    named = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in types.items())
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    content = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="{relations}"/>{named}</Types>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, xml in {"[Content_Types].xml": content, **parts}.items():
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{xml}')
    return out.getvalue()
