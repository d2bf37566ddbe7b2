"""Workbooks read only as far as their rows are wanted, where openpyxl would read parts of them to their end first.

Half a million texts, or a sheet that does not say how large it is, take longer than a file may, though text enough stands in the first few
thousand rows.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any

from lxml import etree
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

_ON = frozenset({"1", "true"})
_MOST_COLUMNS = 16_384
#: Merged cells stand at the end of a sheet. One that is larger is not read to its end for them.
_LARGE_BYTES = 20_000_000
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^<>]*?\bref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')


class LazyReader(ExcelReader):
    """Opens a workbook without its texts, and without a look at its sheets."""

    def read_strings(self) -> None:
        """Take the texts as they are wanted."""
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            self.shared_strings = SharedStrings(self.archive.open(part.PartName[1:]))

    def read_worksheets(self) -> None:
        """Take the sheets as they are."""
        for sheet, relation in self.parser.find_sheets():
            if relation.target not in self.valid_files:
                continue
            if "chartsheet" in relation.Type:
                self.read_chartsheet(sheet, relation)
            else:
                lazy = LazySheet(self.wb, sheet.name, relation.target, self.shared_strings)
                lazy.sheet_state = sheet.state
                self.wb._sheets.append(lazy)


class LazySheet(ReadOnlyWorksheet):
    """A sheet of such a workbook."""

    def _get_size(self) -> None:
        """Leave the size open: the sheet's own word for it may be wrong, and where it has none all rows would be read for it."""

    def shown_rows(self) -> Iterator[tuple[Any, ...]]:
        """The cells of each row; none of rows that are empty, or of rows and columns that somebody hid."""
        book, expected = self.parent, 1
        with self._get_source() as source:
            parser = WorkSheetParser(
                source,
                self._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            hidden: frozenset[int] | None = None
            merged = _Merged(self._merged_down())
            for number, row in parser.parse():
                cells = merged.filled(number, row)
                hidden = _hidden_columns(parser) if hidden is None else hidden  # columns are told before the first row
                if number > expected:
                    yield ()
                expected = number + 1
                if parser.row_dimensions.pop(str(number), {}).get("hidden") not in _ON:
                    yield self._get_row([cell for cell in cells if cell["column"] not in hidden])

    def _merged_down(self) -> dict[int, dict[int, int]]:
        """Row → column → last row, of the cells that are merged with those below them."""
        found: dict[int, dict[int, int]] = {}
        if self.parent._archive.getinfo(self._worksheet_path).file_size > _LARGE_BYTES:
            return found
        with self._get_source() as source:
            data = source.read()
        for left, top, bottom in _MERGED.findall(data, max(0, data.rfind(b"</sheetData>"))):
            if int(bottom) > int(top):
                found.setdefault(int(top), {})[column_index_from_string(left.decode())] = int(bottom)
        return found


class _Merged:
    """Puts the value of a cell that reaches down into each of its rows, as a reader sees it there.

    :param begun: row → column → last row of such a cell.
    """

    def __init__(self, begun: dict[int, dict[int, int]]) -> None:
        self._begun = begun
        self._open: dict[int, tuple[int, dict[str, Any]]] = {}

    def filled(self, number: int, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The cells of a row, with those that reach into it."""
        self._open = {column: reach for column, reach in self._open.items() if reach[0] >= number}
        begun = self._begun.get(number, {})
        if not (self._open or begun):
            return cells
        by_column = {cell["column"]: cell for cell in cells}
        by_column |= {column: {**cell, "row": number} for column, (_, cell) in self._open.items()}
        self._open |= {column: (last, by_column[column]) for column, last in begun.items() if column in by_column}
        return [by_column[column] for column in sorted(by_column)]


def _hidden_columns(parser: WorkSheetParser) -> frozenset[int]:
    ranges = (each for each in parser.column_dimensions.values() if each.get("hidden") in _ON)
    return frozenset(
        column for each in ranges for column in range(int(each["min"]), min(int(each["max"]), _MOST_COLUMNS) + 1)
    )


class SharedStrings:
    """The texts by their numbers.

    :param source: the part of the workbook that has them.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._read: list[str] = []
        self._rest = _texts(source)

    def __getitem__(self, number: int) -> str:
        while len(self._read) <= number:
            try:
                self._read.append(next(self._rest))
            except StopIteration:
                raise IndexError(number) from None
        return self._read[number]


def _texts(source: IO[bytes]) -> Iterator[str]:
    for _, item in etree.iterparse(
        source,
        tag="{*}si",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    ):
        only = item[0] if len(item) == 1 else None
        text = only.text or "" if only is not None and only.tag.endswith("}t") else "".join(_runs(item))
        yield text.replace("x005F_", "")
        item.clear()
        while item.getprevious() is not None:  # else the tree grows with every text
            del item.getparent()[0]


def _runs(item: Any) -> Iterator[str]:
    """The pieces of a text, without how it is pronounced."""
    for part in item:
        kind = etree.QName(part).localname
        if kind == "t":
            yield part.text or ""
        elif kind == "r":
            yield from _runs(part)
