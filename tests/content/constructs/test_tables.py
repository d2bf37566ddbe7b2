"""Tables: one line a row, every cell in its column."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import storage_to_markdown
from tests.content.constructs.example import table, td, th


def rows_of(page) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row.xpath("th|td")] for row in page.xpath("//tr")]


def test_table_with_header_row(read_back):
    page = read_back(table(th("Key", "Value"), td("a", "1"), td("b", "2")))
    assert rows_of(page) == [["Key", "Value"], ["a", "1"], ["b", "2"]]
    assert page.xpath("//thead//th/text()") == ["Key", "Value"]


def test_table_without_header_row_promotes_no_row(read_back):
    page = read_back(table(td("a", "1"), td("b", "2")))
    assert rows_of(page) == [["", ""], ["a", "1"], ["b", "2"]]


def test_table_with_header_column(read_back):
    page = read_back(table(th("Owner") + td("Ann"), th("State") + td("Done")))
    assert page.xpath("//tbody//td/strong/text()") == ["Owner", "State"]
    assert rows_of(page)[1:] == [["Owner", "Ann"], ["State", "Done"]]


def test_table_with_header_row_and_column(read_back):
    page = read_back(table(th("", "2025", "2026"), th("Sales") + td("1", "2")))
    assert rows_of(page) == [["", "2025", "2026"], ["Sales", "1", "2"]]


def test_table_header_in_thead(read_back):
    storage = "<table><thead><tr><td>A</td><td>B</td></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    assert read_back(storage).xpath("//thead//th/text()") == ["A", "B"]


def test_table_with_two_header_rows_joins_them(read_back):
    storage = table('<th rowspan="2">Team</th><th colspan="2">2026</th>', th("Plan", "Real"), td("Ops", "1", "2"))
    assert rows_of(read_back(storage)) == [["Team", "2026 / Plan", "2026 / Real"], ["Ops", "1", "2"]]


def test_table_colspan_repeats_the_value(read_back):
    storage = table(th("A", "B", "C"), '<td colspan="2">x</td><td>y</td>')
    assert rows_of(read_back(storage))[1] == ["x", "x", "y"]


def test_table_rowspan_repeats_the_value(read_back):
    storage = table(th("A", "B"), '<td rowspan="3">x</td><td>1</td>', td("2"), td("3"))
    assert rows_of(read_back(storage))[1:] == [["x", "1"], ["x", "2"], ["x", "3"]]


def test_table_rowspan_in_the_middle_shifts_the_cells_behind_it(read_back):
    storage = table(th("A", "B", "C"), '<td>1</td><td rowspan="2">x</td><td>2</td>', td("3", "4"))
    assert rows_of(read_back(storage))[1:] == [["1", "x", "2"], ["3", "x", "4"]]


def test_table_rowspan_and_colspan_together(read_back):
    storage = table('<td rowspan="2" colspan="2">x</td><td>1</td>', td("2"), td("3", "4", "5"))
    assert rows_of(read_back(storage))[1:] == [["x", "x", "1"], ["x", "x", "2"], ["3", "4", "5"]]


def test_table_colspan_wider_than_the_table(read_back):
    storage = table('<td colspan="1000000">title</td>', td("a", "b"))
    assert rows_of(read_back(storage))[1:] == [["title", "title"], ["a", "b"]]


def test_table_pipes_in_text_and_code(read_back):
    page = read_back(table(th("A", "B"), td("a|b", "<code>c|d \\| e</code>")))
    assert rows_of(page)[1] == ["a|b", "c|d \\| e"]


def test_table_line_breaks_and_paragraphs_in_a_cell():
    assert "| a<br>b<br>c | d |" in storage_to_markdown(
        table(th("A", "B"), "<td><p>a<br/>b</p><p>c</p></td><td>d</td>")
    )


def test_table_list_in_a_cell():
    cell = "<td><p>x</p><ul><li><p>a</p></li><li><p>b</p><ol><li><p>c</p></li></ol></li></ul></td><td>y</td>"
    assert "| x<br>- a<br>- b<br>  1. c | y |" in storage_to_markdown(table(th("A", "B"), cell))


def test_table_tasks_in_a_cell():
    task = "<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>a</ac:task-body></ac:task></ac:task-list>"
    assert "| - [x] a | y |" in storage_to_markdown(table(th("A", "B"), f"<td>{task}</td><td>y</td>"))


def test_table_code_in_a_cell(read_back):
    code = '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[if a | b:\n    c`d]]></ac:plain-text-body></ac:structured-macro>'
    page = read_back(table(th("A", "B"), f"<td>{code}</td><td>y</td>"))
    assert page.xpath("//td/code/text()") == ["if a | b:", "    c`d"]


def test_table_panel_and_status_in_a_cell():
    panel = '<ac:structured-macro ac:name="note"><ac:rich-text-body><p>n</p></ac:rich-text-body></ac:structured-macro>'
    status = (
        '<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">DONE</ac:parameter></ac:structured-macro>'
    )
    markdown = storage_to_markdown(table(th("A", "B"), f"<td>{panel}</td><td><p>{status}</p></td>"))
    assert "| **Note:** n | DONE |" in markdown


def test_table_inside_a_table():
    inner = table(th("k", "v"), td("a", "1"))
    assert "| k \\| v<br>a \\| 1 | y |" in storage_to_markdown(table(th("A", "B"), f"<td>{inner}</td><td>y</td>"))


def test_table_numbering_column(read_back):
    number = '<td class="numberingColumn">{}</td>'
    storage = table(
        '<th class="numberingColumn"></th>' + th("Name"), number.format(1) + td("a"), number.format(2) + td("b")
    )
    assert rows_of(read_back(storage)) == [["", "Name"], ["1", "a"], ["2", "b"]]


def test_table_empty_cells_keep_their_places(read_back):
    page = read_back(table(th("A", "B", "C"), td("", "x", ""), td("y", "", "z")))
    assert rows_of(page)[1:] == [["", "x", ""], ["y", "", "z"]]


def test_table_rows_of_different_lengths(read_back):
    page = read_back(table(th("A"), td("1", "2", "3"), td("4")))
    assert rows_of(page) == [["A", "", ""], ["1", "2", "3"], ["4", "", ""]]


def test_table_with_one_column(read_back):
    assert rows_of(read_back(table(th("Name"), td("a"), td("b")))) == [["Name"], ["a"], ["b"]]


def test_table_with_a_single_cell_is_a_frame_around_its_content(read_back):
    page = read_back(table("<td><p>a</p><ul><li>b</li></ul></td>"))
    assert [element.tag for element in page] == ["p", "ul"]


def test_table_heading_and_emphasis_in_a_cell(read_back):
    page = read_back(
        table(th("<strong>A</strong>", "B"), "<td><h3>h</h3><p><em>e</em></p></td>" + td("<strong>s</strong>"))
    )
    assert page.xpath("//thead//strong") == []
    assert page.xpath("//td/em/text()") == ["e"]
    assert page.xpath("//td/strong/text()") == ["s"]


def test_table_text_outside_of_cells_is_kept():
    storage = "<table><caption>Prices</caption>stray<tbody><tr><th>A</th></tr><tr><td>1</td></tr></tbody></table>"
    assert storage_to_markdown(storage).startswith("Prices\n\nstray\n\n| A |")


def test_table_directly_behind_a_paragraph_is_a_table(read_back):
    page = read_back("<p>a | b</p>" + table(th("A", "B"), td("1", "2")) + "<p>c | d</p>")
    assert [element.tag for element in page] == ["p", "table", "p"]


@pytest.mark.parametrize("value", ["0", "-1", "abc", "", "1.5", "²"])
def test_table_senseless_spans_count_as_one(read_back, value):
    storage = table(th("A", "B"), f'<td colspan="{value}" rowspan="{value}">x</td><td>y</td>')
    assert rows_of(read_back(storage))[1] == ["x", "y"]


def test_empty_table_leaves_nothing():
    assert storage_to_markdown(table(td("", ""), td("", ""))) == ""


def bold(*cells: str) -> str:
    return td(*(f"<strong>{cell}</strong>" if cell else "" for cell in cells))


def coloured(*cells: str) -> str:
    return "".join(f'<td data-highlight-colour="#efefef"><p>{cell}</p></td>' for cell in cells)


@pytest.mark.parametrize(
    "first",
    [bold("Port", "Use", "Note"), bold("", "Use", "Note"), coloured("Port", "<strong>Us</strong>e", "Note")],
    ids=["bold", "bold with an empty corner", "coloured"],
)
def test_table_whose_first_row_is_made_to_look_like_a_header(read_back, first):
    page = read_back(table(first, td("80", "web", ""), td("22", "<strong>shell</strong>", "x")))
    assert [cell.text_content() for cell in page.xpath("//thead//th")][1:] == ["Use", "Note"]
    assert page.xpath("//thead//strong") == []
    assert len(page.xpath("//tbody/tr")) == 2


@pytest.mark.parametrize(
    "rows",
    [
        (bold("a", "b"), bold("c", "d")),
        (coloured("a", "b"), coloured("c", "d")),
        (bold("a") + td("b"), td("c", "d")),
        (bold("a", "", ""), td("b", "c", "d")),
        (bold("a"), td("b")),
        (bold("a", "b"),),
    ],
    ids=["all bold", "all coloured", "one bold cell", "a bold title", "one column", "one row"],
)
def test_table_whose_first_row_looks_like_the_others_has_no_header(read_back, rows):
    page = read_back(table(*rows))
    assert {cell.text_content() for cell in page.xpath("//thead//th")} == {""}
    assert len(page.xpath("//tbody/tr")) == len(rows)
