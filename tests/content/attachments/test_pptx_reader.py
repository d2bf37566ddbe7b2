"""PowerPoint: each slide with all that it says."""

from __future__ import annotations

from datetime import date
from typing import Any

from lxml import etree
from pptx import Presentation
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.constants import CONTENT_TYPE as CT
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Inches

from confluence_to_twig.content.attachments.pptx_reader import pptx
from tests.content.attachments.office_files import saved, slides

BOX = (Inches(1), Inches(1), Inches(4), Inches(2))


def text_of(deck: Any) -> str:
    return "".join(pptx(saved(deck))).strip()


def slide_with_body(deck: Any, *lines: tuple[int, str]) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    frame = slide.placeholders[1].text_frame
    for number, (level, text) in enumerate(lines):
        line = frame.paragraphs[0] if not number else frame.add_paragraph()
        line.text, line.level = text, level
    return slide


def test_slides_keep_their_number_and_title() -> None:
    assert "".join(pptx(slides("Plan\vfor all", "", "*Now*"))) == (
        "## Slide 1: Plan for all\n\n## Slide 2\n\n## Slide 3: \\*Now\\*\n\n"
    )


def test_text_of_the_body_is_a_list_with_levels_and_other_text_is_not() -> None:
    deck = Presentation()
    slide = slide_with_body(deck, (0, "one"), (1, "inner"), (0, "two"))
    slide.shapes.add_textbox(*BOX).text_frame.text = "a box\vin two lines"
    slide_with_body(deck, (0, "A single paragraph."))
    assert text_of(deck) == (
        "## Slide 1\n\n- one\n  - inner\n- two\n\na box  \nin two lines\n\n## Slide 2\n\nA single paragraph."
    )


def test_numbered_lines_count_on_from_where_they_begin() -> None:
    deck = Presentation()
    lines = ((0, "c"), (0, "d"), (1, "inner"), (1, "more"), (0, "e"), (0, "bullet"), (0, "anew"))
    slide = slide_with_body(deck, *lines)
    for line in slide.placeholders[1].text_frame.paragraphs:
        if line.text != "bullet":
            start = "" if line.text in {"inner", "more", "anew"} else "startAt='3'"
            line._p.get_or_add_pPr().append(parse_xml(f"<a:buAutoNum {nsdecls('a')} type='arabicPeriod' {start}/>"))
    assert text_of(deck) == ("## Slide 1\n\n3. c\n4. d\n   1. inner\n   2. more\n5. e\n\n- bullet\n\n1. anew")


def test_words_that_lead_to_an_address_on_the_web_are_links() -> None:
    deck = Presentation()
    slide = slide_with_body(deck, (0, "Cost: "), (0, "plain"))
    for words, address in (("the sheet", "https://acme.example/cost"), (" a file", "file:///c:/x")):
        run = slide.placeholders[1].text_frame.paragraphs[0].add_run()
        run.text, run.hyperlink.address = words, address
    assert text_of(deck) == "## Slide 1\n\n- Cost: [the sheet](https://acme.example/cost) a file\n- plain"


def test_shapes_in_groups_are_read_in_their_order() -> None:
    deck = Presentation()
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    group = shapes.add_group_shape()
    group.shapes.add_textbox(*BOX).text_frame.text = "first"
    group.shapes.add_group_shape().shapes.add_textbox(*BOX).text_frame.text = "second"
    shapes.add_textbox(*BOX).text_frame.text = "third"
    assert text_of(deck) == "## Slide 1\n\nfirst\n\nsecond\n\nthird"


def test_a_table_has_its_header_and_its_merged_cells_as_pages_have_them() -> None:
    deck = Presentation()
    table = deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_table(3, 2, *BOX).table
    for number, text in enumerate(("Disk", "Hour", "a|b", "1", "", "2")):
        table.cell(number // 2, number % 2).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    assert text_of(deck) == "## Slide 1\n\n| Disk | Hour |\n| --- | --- |\n| a\\|b | 1 |\n| a\\|b | 2 |"


def test_a_chart_is_a_table_of_what_it_shows() -> None:
    deck = Presentation()
    data = CategoryChartData()
    data.categories = ["East", "West"]
    data.add_series("Q1", (1.5, 2))
    data.add_series("Q2", (3, None))
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    chart = shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Sales"
    points = XyChartData()
    points.add_series("Load").add_data_point(7, 8)
    shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, *BOX, points)
    assert text_of(deck) == (
        "## Slide 1\n\nChart: Sales\n\n|  | Q1 | Q2 |\n| --- | --- | --- |\n| East | 1.5 | 3 |\n| West | 2 |  |\n\n"
        "Chart\n\n|  | Load |\n| --- | --- |\n| 7 | 8 |"
    )


def chart_of(data: Any) -> str:
    deck = Presentation()
    deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, data)
    return text_of(deck).partition("| --- |\n")[2]


def test_dates_and_numbers_of_a_chart_are_those_that_it_shows() -> None:
    data = CategoryChartData()
    data.categories = [date(2026, 1, 31), date(2026, 2, 28)]
    data.add_series("Share", (0.25, 0.1 + 0.2), number_format="0%")
    assert chart_of(data) == "| 2026-01-31 | 25% |\n| 2026-02-28 | 30% |"


def test_categories_in_groups_name_their_group() -> None:
    data = CategoryChartData()
    for group, names in (("US", ("SF", "LA")), ("UK", ("London",))):
        added = data.add_category(group)
        for name in names:
            added.add_sub_category(name)
    data.add_series("Q1", (1, 2, 3))
    assert chart_of(data) == "| US / SF | 1 |\n| US / LA | 2 |\n| UK / London | 3 |"


def test_values_stay_with_their_category_where_one_has_no_name() -> None:
    data = CategoryChartData()
    data.categories = ["East", "North", "West"]
    data.add_series("Q1", (1, 2, 3))
    deck = Presentation()
    frame = deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_chart(XL_CHART_TYPE.PIE, *BOX, data)
    named = frame.chart._chartSpace.findall(".//{*}cat//{*}pt")
    named[1].getparent().remove(named[1])
    assert text_of(deck).endswith("| East | 1 |\n|  | 2 |\n| West | 3 |")


def test_a_diagram_is_a_list_of_its_texts() -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    names = "xmlns:d='http://schemas.openxmlformats.org/drawingml/2006/diagram' xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'"
    texts = "".join(f"<d:pt><d:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></d:t></d:pt>" for text in ("Plan", "", "Act"))
    part = Part(
        PackURI("/ppt/diagrams/data1.xml"),
        CT.DML_DIAGRAM_DATA,
        deck.part.package,
        f"<d:m {names}>{texts}</d:m>".encode(),
    )
    frame = slide.shapes.add_table(1, 1, *BOX).element
    data = frame.find(".//{*}graphicData")
    data.set("uri", "http://schemas.openxmlformats.org/drawingml/2006/diagram")
    relation = slide.part.relate_to(part, RT.DIAGRAM_DATA)
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    data.replace(data[0], parse_xml(f"<d:relIds {names} xmlns:r='{office}' r:dm='{relation}'/>"))
    assert text_of(deck) == "## Slide 1\n\n- Plan\n- Act"


def test_notes_stand_below_their_slide() -> None:
    deck = Presentation()
    slide_with_body(deck, (0, "Body")).notes_slide.notes_text_frame.text = "Say hello\nand wait"
    assert text_of(deck) == "## Slide 1\n\nBody\n\n> **Notes:** Say hello  \n> and wait"


def test_a_slide_that_somebody_hid_is_left_out_and_the_others_keep_their_numbers() -> None:
    deck = Presentation()
    for text in ("one", "secret", "three"):
        slide_with_body(deck, (0, text))
    deck.slides[1].element.set("show", "0")
    assert text_of(deck) == "## Slide 1\n\none\n\n## Slide 3\n\nthree"


def test_numbers_of_slides_are_not_repeated_and_footers_stand_once() -> None:
    deck = Presentation()
    for _ in range(2):
        slide = slide_with_body(deck, (0, "Body"))
        for kind, text in (("ftr", "For us only"), ("sldNum", "7"), ("dt", "2026-01-01")):
            shape = slide.shapes.add_textbox(*BOX)
            shape.text_frame.text = text
            place = etree.SubElement(
                shape.element.find(".//{*}nvPr"), "{http://schemas.openxmlformats.org/presentationml/2006/main}ph"
            )
            place.set("type", kind)
    assert text_of(deck) == "## Slide 1\n\nBody\n\nFor us only\n\n## Slide 2\n\nBody"


def test_of_two_versions_of_one_shape_the_newer_one_is_read() -> None:
    deck = Presentation()
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    new, old = shapes.add_textbox(*BOX), shapes.add_textbox(*BOX)
    new.text_frame.text, old.text_frame.text = "for new programs", "for old programs"
    compatible = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    both = parse_xml(f'<m:AlternateContent xmlns:m="{compatible}"><m:Choice/><m:Fallback/></m:AlternateContent>')
    shapes.element.append(both)
    both[0].append(new.element)
    both[1].append(old.element)
    assert text_of(deck) == "## Slide 1\n\nfor new programs"
