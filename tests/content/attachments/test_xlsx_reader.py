"""Excel: what a reader of each sheet sees, as tables that keep their header."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta

import xlsxwriter
from openpyxl import Workbook, load_workbook

from confluence_to_twig.content.attachments.limited_worker import Answer, answer
from confluence_to_twig.content.attachments.xlsx_reader import xlsx
from tests.content.attachments.office_files import book, saved, shared_book


def text_of(data: bytes) -> str:
    return "".join(xlsx(data)).strip()


def test_each_sheet_is_a_table_below_its_name() -> None:
    workbook = Workbook()
    workbook.active.title = "Hosts"
    workbook.active.append(["Host", "Port"])
    workbook.active.append(["api|1", 80])
    workbook.create_sheet("Empty")
    workbook.create_sheet("Owners").append(["Ann"])
    assert text_of(saved(workbook)) == (
        "## Hosts\n\n| Host | Port |\n| --- | --- |\n| api\\|1 | 80 |\n\n## Owners\n\nAnn"
    )


def test_values_are_those_that_a_reader_sees() -> None:
    workbook = Workbook()
    sheet = workbook.active
    row = [
        0.1 + 0.2,
        0.25,
        True,
        datetime(2026, 1, 2),
        datetime(2026, 1, 2, 3, 4),
        date(2026, 5, 6),
        time(7, 8),
        "*x*\ny",
    ]
    sheet.append([f"c{number}" for number in range(len(row))])
    sheet.append(row)
    sheet["B2"].number_format = "0.0%"
    last = text_of(saved(workbook)).split("\n")[-1]
    assert last == "| 0.3 | 25% | TRUE | 2026-01-02 | 2026-01-02 03:04:00 | 2026-05-06 | 07:08:00 | \\*x\\*<br>y |"


def test_a_duration_is_one() -> None:
    assert text_of(book([["took"], [timedelta(hours=30)]])).endswith("1 day, 6:00:00")


def test_empty_rows_and_columns_around_and_between_are_left_out() -> None:
    rows = [[], [None, None, "a", None, "b"], [None, None, 1, None, 2], [], [], [None, None, 3, None, 4]]
    assert text_of(book(rows)) == "## Sheet\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"


def test_a_title_above_a_table_is_none_of_its_columns() -> None:
    assert text_of(book([["All hosts"], [], ["Host", "Port"], ["api", 80]])) == (
        "## Sheet\n\nAll hosts\n\n| Host | Port |\n| --- | --- |\n| api | 80 |"
    )


def test_a_second_table_on_a_sheet_has_a_header_of_its_own() -> None:
    rows = [["a", "b"], [1, 2], [], ["Notes"], ["x", "y", "z"], [3, 4, 5]]
    assert text_of(book(rows)) == (
        "## Sheet\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nNotes\n\n| x | y | z |\n| --- | --- | --- |\n| 3 | 4 | 5 |"
    )


def test_what_somebody_hid_stays_hidden() -> None:
    workbook = Workbook()
    workbook.active.append(["shown"])
    for state in ("hidden", "veryHidden"):
        sheet = workbook.create_sheet(state)
        sheet.append(["secret"])
        sheet.sheet_state = state
    assert text_of(saved(workbook)) == "## Sheet\n\nshown"


def test_rows_and_columns_that_somebody_hid_stay_hidden() -> None:
    workbook = Workbook()
    for row in (["Name", "Pay", "Town"], ["Ada", 4711, "Paris"], ["Bob", 4712, "Lyon"], ["Eve", 4713, "Nice"]):
        workbook.active.append(row)
    workbook.active.column_dimensions["B"].hidden = True
    workbook.active.row_dimensions[3].hidden = True
    assert text_of(saved(workbook)).endswith("| Name | Town |\n| --- | --- |\n| Ada | Paris |\n| Eve | Nice |")


def test_a_cell_that_reaches_over_rows_has_its_value_in_each_of_them() -> None:
    workbook = Workbook()
    sheet = workbook.active
    for row in (
        ["Plan"],
        [],
        ["Team", "Task", "Days"],
        ["Data", "Load", 1],
        [None, "Check", 2],
        ["Web", "Draw", 3],
        [None, None, 4],
    ):
        sheet.append(row)
    for area in ("A1:C1", "A4:A5", "A6:B7"):
        sheet.merge_cells(area)
    assert text_of(saved(workbook)).split("\n\n")[1:] == [
        "Plan",
        "| Team | Task | Days |\n| --- | --- | --- |\n| Data | Load | 1 |\n| Data | Check | 2 |\n| Web |  | 3 |\n| Web |  | 4 |",
    ]


def test_a_formula_is_what_it_came_to() -> None:
    stored = io.BytesIO()
    with xlsxwriter.Workbook(stored) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, [1])
        sheet.write_formula(1, 1, "=A2+4710", None, 4711)
    assert load_workbook(stored).active["B2"].value == "=A2+4710"
    assert text_of(stored.getvalue()).endswith("| 1 | 4711 |")


def test_the_word_of_a_sheet_for_its_size_does_not_count() -> None:
    stored, made = io.BytesIO(), book([["a", "b"], [1, 2]])
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(stored, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'ref="A1:B2"', b'ref="A1"'))
    assert stored.getvalue() != made
    assert text_of(stored.getvalue()).endswith("| 1 | 2 |")


def test_a_long_table_repeats_its_header_so_that_reading_can_end_early() -> None:
    rows = [["Host", "Port"], *(["api", number] for number in range(2_500))]
    pieces = list(xlsx(book(rows)))
    assert len(pieces) == 3
    assert all(piece.count("| Host | Port |\n") == 1 for piece in pieces)
    assert [line for piece in pieces for line in piece.split("\n") if line.startswith("| api")] == [
        f"| api | {number} |" for number in range(2_500)
    ]


def test_a_very_wide_sheet_is_cut_where_nobody_reads_on() -> None:
    [_, header, *_] = text_of(book([list(range(1_000)), list(range(1_000))])).split("\n\n")
    assert header.split("\n")[0].count("|") == 201


def test_texts_that_cells_share_are_found_by_their_numbers() -> None:
    spoken = "<r><t>Tokyo</t></r><r><t xml:space='preserve'> office</t></r><rPh sb='0' eb='2'><t>Toukyou</t></rPh><phoneticPr/>"
    texts = ["<t>City</t>", "<!-- x --><t>Paris</t>", spoken, "<t/>"]
    assert "".join(xlsx(shared_book(texts, [0, 2, 1, 2]))).split("\n\n")[1:] == [
        "City",
        "Tokyo office",
        "Paris",
        "Tokyo office",
        "",
    ]


def test_a_workbook_is_read_only_as_far_as_there_is_text_enough() -> None:
    texts = (f"<t>text number {number}</t>" for number in range(20_000))
    kind, text = answer(xlsx, shared_book(texts, range(20_000), end="<cut", sheet_end="<cut"), 500)
    assert kind is Answer.TEXT
    assert "text number 10" in text


def test_a_cell_whose_text_is_missing_is_named_as_damage() -> None:
    kind, reason = answer(xlsx, shared_book(["<t>a</t>"], [0, 7]), 500)
    assert (kind, reason) == (Answer.UNREADABLE, "IndexError while reading it")
