"""Word: headings, lists and tables stay what they are; each text stands once."""

from __future__ import annotations

from typing import Any

import pytest
from docx import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from confluence_to_twig.content.attachments.docx_reader import docx
from confluence_to_twig.content.attachments.limited_worker import answer
from tests.content.attachments import hostile_files
from tests.content.attachments.office_files import saved

NAMES = (
    f"{nsdecls('w', 'r', 'wp', 'a')} xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'"
    " xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006' xmlns:v='urn:schemas-microsoft-com:vml'"
)
RUN = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>"


def text_of(document: Any) -> str:
    return "".join(docx(saved(document))).strip()


def body_of(*xml: str) -> str:
    """The text of a document with this XML as its body."""
    document = Document()
    for each in xml:
        document.element.body.insert_element_before(parse_xml(each.replace(">", f" {NAMES}>", 1)), "w:sectPr")
    return text_of(document)


def paragraph(*inner: str) -> str:
    return f"<w:p >{''.join(inner)}</w:p>"


def test_a_document_reads_as_it_was_written() -> None:
    assert "".join(docx(hostile_files.good_docx())) == (
        "## Backup plan\n\nCopy the disks every night.\n\n|  |  |\n| --- | --- |\n| Disk | Hour |\n\nThen check them.\n\n"
    )


def test_headings_have_levels_by_style_and_by_outline() -> None:
    document = Document()
    document.add_heading("Title", 0)
    document.add_heading("One", 1)
    document.add_heading("Two", 2)
    own = document.styles.add_style("Our heading", 1)
    own.base_style = document.styles["Heading 3"]
    document.add_paragraph("Three", style="Our heading")
    outlined = document.add_paragraph("Four")
    outlined._p.get_or_add_pPr().append(parse_xml(f"<w:outlineLvl {nsdecls('w')} w:val='3'/>"))
    assert text_of(document).split("\n\n") == ["## Title", "## One", "### Two", "#### Three", "##### Four"]


def test_lists_have_levels_and_go_on_with_their_numbers() -> None:
    document = Document()
    for text, level in (("one", 0), ("inner", 1), ("two", 0)):
        item = document.add_paragraph(text, style="List Bullet")
        number = item._p.get_or_add_pPr().get_or_add_numPr()
        number.get_or_add_ilvl().val = level
    document.add_paragraph("first", style="List Number")
    document.add_paragraph("between")
    document.add_paragraph("second", style="List Number")
    assert text_of(document) == "- one\n  - inner\n- two\n\n1. first\n\nbetween\n\n2. second"


def numbered(*levels: tuple[str, str], start: int = 1) -> Any:
    """A document with a list of these levels (form and pattern), twice: as number 71, and anew as number 72."""
    document = Document()
    lists = document.part.numbering_part.element
    each = "".join(
        f"<w:lvl w:ilvl='{level}'><w:start w:val='{start}'/><w:numFmt w:val='{form}'/><w:lvlText w:val='{pattern}'/></w:lvl>"
        for level, (form, pattern) in enumerate(levels)
    )
    lists.append(parse_xml(f"<w:abstractNum {NAMES} w:abstractNumId='70'>{each}</w:abstractNum>"))
    override = "<w:lvlOverride w:ilvl='0'><w:startOverride w:val='4'/></w:lvlOverride>"
    for number, inside in ((71, ""), (72, override)):
        xml = f"<w:num {NAMES} w:numId='{number}'><w:abstractNumId w:val='70'/>{inside}</w:num>"
        lists.append(parse_xml(xml))
    return document


def add(document: Any, text: str, level: int, number: int = 71, style: str | None = None) -> None:
    properties = document.add_paragraph(text, style=style)._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = level
    properties.get_or_add_numId().val = number


def test_a_list_begins_with_the_number_that_it_shows() -> None:
    document = numbered(("decimal", "%1."), start=3)
    for text, number in (("c", 71), ("d", 71), ("anew", 72), ("and on", 72)):
        add(document, text, 0, number)
    assert text_of(document) == "3. c\n4. d\n\n4) anew\n5) and on"


def test_numbers_that_markdown_does_not_have_stand_in_the_item() -> None:
    document = numbered(("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "%3)"), ("upperRoman", "Part %4"))
    for text, level in (("one", 0), ("two", 0), ("two one", 1), ("letter", 2), ("next", 2), ("figures", 3)):
        add(document, text, level)
    assert text_of(document) == (
        "1. one\n2. two\n   - 2.1 two one\n     - a) letter\n     - b) next\n       - Part I figures"
    )


def test_headings_have_the_numbers_that_are_shown_before_them() -> None:
    document = numbered(("decimal", "%1"), ("decimal", "%1.%2"), ("bullet", "o"))
    for text, level, style in (
        ("Scope", 0, "Heading 1"),
        ("Use", 1, "Heading 2"),
        ("Rules", 0, "Heading 1"),
        ("Keys", 1, "Heading 2"),
        ("Plain", 2, "Heading 3"),
    ):
        add(document, text, level, style=style)
    shown = ["## 1 Scope", "### 1.1 Use", "## 2 Rules", "### 2.1 Keys", "#### Plain"]
    assert text_of(document).split("\n\n") == shown


def test_a_table_has_its_header_and_its_merged_cells_as_pages_have_them() -> None:
    document = Document()
    table = document.add_table(rows=3, cols=3, style="Table Grid")
    for number, cell in enumerate(table._cells):
        cell.text = "" if number in {1, 6} else f"c{number}"
    table.cell(0, 0).merge(table.cell(0, 1))
    table.cell(1, 0).merge(table.cell(2, 0))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text_of(document).split("\n")]
    assert rows == [["c0", "c0", "c2"], ["---"] * 3, ["c3", "c4", "c5"], ["c3", "c7", "c8"]]


def test_a_table_in_a_cell_stays_in_it() -> None:
    document = Document()
    outer = document.add_table(rows=2, cols=2)
    outer.cell(1, 1).add_table(rows=1, cols=2).cell(0, 1).text = "inner"
    outer.cell(0, 0).text = "Head"
    assert text_of(document).split("\n")[0].startswith("| Head |")
    assert text_of(document).count("inner") == 1


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (
            paragraph("<w:ins>", RUN.format("new"), "</w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"),
            "new",
        ),
        (paragraph("<w:moveFrom>", RUN.format("x"), "</w:moveFrom><w:moveTo>", RUN.format("x"), "</w:moveTo>"), "x"),
        (paragraph("<w:hyperlink r:id='rId9'>", RUN.format("the site"), "</w:hyperlink>"), "the site"),
        (paragraph("<w:fldSimple w:instr='PAGEREF a'>", RUN.format("7"), "</w:fldSimple>"), "7"),
        (paragraph("<w:r><w:instrText>HYPERLINK x</w:instrText></w:r>", RUN.format("shown")), "shown"),
        (paragraph("<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>", RUN.format("shown")), "shown"),
        (paragraph("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>"), "a b  \nc"),
        (paragraph("<m:oMath><m:r><m:t>E=mc²</m:t></m:r></m:oMath>"), "E=mc²"),
        (paragraph(RUN.format("# no heading")), "\\# no heading"),
        (
            f"<w:sdt ><w:sdtPr/><w:sdtContent>{paragraph(RUN.format('in a control'))}</w:sdtContent></w:sdt>",
            "in a control",
        ),
        (paragraph("<w:sdt><w:sdtContent>", RUN.format("inline"), "</w:sdtContent></w:sdt>"), "inline"),
    ],
)
def test_a_paragraph_is_what_is_shown_of_it(xml: str, text: str) -> None:
    assert body_of(xml) == text


def test_words_that_lead_to_an_address_on_the_web_are_links() -> None:
    document = Document()
    body = document.add_paragraph("See ")
    for words, address in (
        ("the site", "https://acme.example/a b"),
        ("a file", "file:///c:/x"),
        (" code", "javascript:x()"),
    ):
        key = document.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        body._p.append(parse_xml(f"<w:hyperlink {NAMES} r:id='{key}'>{RUN.format(words)}</w:hyperlink>"))
    document.add_heading("", 1)._p.append(
        parse_xml(f"<w:hyperlink {NAMES} r:id='rId1'>{RUN.format('Top')}</w:hyperlink>")
    )
    assert text_of(document) == "See [the site](https://acme.example/a%20b)a file code\n\n## Top"


def test_a_text_box_stands_once_behind_the_paragraph_that_holds_it() -> None:
    box = f"<w:txbxContent>{paragraph(RUN.format('in the box'))}</w:txbxContent>"
    both = f"<mc:AlternateContent><mc:Choice Requires='wps'>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    old = f"<w:pict><v:textbox>{box}</v:textbox></w:pict>"
    assert body_of(paragraph(RUN.format("text"), f"<w:r>{both}</w:r>")) == "text\n\nin the box"
    assert body_of(paragraph(RUN.format("text"), f"<w:r>{old}</w:r>")) == "text\n\nin the box"


def test_a_table_of_contents_is_not_read_twice() -> None:
    document = Document()
    document.styles.add_style("toc 1", 1)
    document.add_paragraph("Backup\t7", style="toc 1")
    document.add_heading("Backup", 1)
    assert text_of(document) == "## Backup"


def test_heads_and_feet_of_pages_stand_once_at_the_end() -> None:
    document = Document()
    document.add_paragraph("Body")
    for section in (document.sections[0], document.add_section()):
        section.header.is_linked_to_previous = False
        section.header.paragraphs[0].text = "For us only"
        section.footer.paragraphs[0].text = "Acme"
    assert text_of(document) == "Body\n\nFor us only\n\nAcme"


def test_comments_name_who_wrote_them() -> None:
    document = Document()
    document.add_comment(document.add_paragraph("Body").runs, text="Is it so?\nReally?", author="Ann")
    assert text_of(document) == "Body\n\n## Comments\n\n- Ann: Is it so?\n\n  Really?"


def test_a_comment_that_begins_with_a_heading_names_who_wrote_it() -> None:
    document = Document()
    comment = document.add_comment(document.add_paragraph("Body").runs, author="Ann")
    comment.paragraphs[0].text = "Mind"
    comment.paragraphs[0].style = "Heading 2"
    assert text_of(document).endswith("- Ann:\n\n  ### Mind")


def test_footnotes_stand_below_with_their_numbers() -> None:
    document = Document()
    reference = parse_xml(f"<w:r {nsdecls('w')}><w:footnoteReference w:id='1'/></w:r>")
    document.add_paragraph("Body")._p.append(reference)
    note = paragraph("<w:r><w:footnoteRef/></w:r>", RUN.format("As we said."))
    xml = f"<w:footnotes {NAMES}><w:footnote w:type='separator' w:id='0'/><w:footnote w:id='1'>{note}</w:footnote></w:footnotes>"
    part = Part(PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, xml.encode(), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    assert text_of(document) == "Body[1]\n\n## Footnotes\n\n1. As we said."


def test_styles_that_are_based_on_each_other_end() -> None:
    document = Document()
    first, second = document.styles.add_style("first", 1), document.styles.add_style("second", 1)
    first.base_style, second.base_style = second, first
    document.add_paragraph("Body", style="first")
    assert text_of(document) == "Body"
    assert document.styles.element.find(qn("w:style")) is not None


def test_an_archive_in_a_word_file_stays_closed() -> None:
    assert "".join(docx(hostile_files.nested_archive())).strip() == "Read me."


def test_no_more_is_read_than_is_wanted() -> None:
    data = hostile_files.docx_of(["<w:p><w:r><w:t>ab</w:t></w:r></w:p>"] * 500)
    assert answer(docx, data, 5)[1] == "ab\n\na"
