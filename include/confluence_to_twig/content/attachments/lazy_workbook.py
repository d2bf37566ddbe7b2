"""Workbooks read only as far as their rows are wanted, where openpyxl would read parts of them to their end first.

Half a million texts, or a sheet that does not say how large it is, take longer than a file may, though text enough stands in the first few
thousand rows.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from lxml import etree
from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

_ON = frozenset({"1", "true"})
_MOST_COLUMNS = 16_384


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
            for number, cells in parser.parse():
                hidden = _hidden_columns(parser) if hidden is None else hidden  # columns are told before the first row
                if number > expected:
                    yield ()
                expected = number + 1
                if parser.row_dimensions.pop(str(number), {}).get("hidden") not in _ON:
                    yield self._get_row([cell for cell in cells if cell["column"] not in hidden])


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
