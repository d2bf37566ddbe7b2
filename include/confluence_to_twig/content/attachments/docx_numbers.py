"""The numbers that Word puts before items of lists and headings: ``3.``, ``2.1``, ``Appendix B``."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docx.oxml.ns import qn

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEVEL = re.compile(r"%([1-9])")
_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
_UNCOUNTED = frozenset({"bullet", "none", ""})
_LETTERS = 26
_MOST = 3_000


@dataclass(frozen=True)
class Level:
    """How a level of a list is numbered.

    :param form: ``bullet``, ``decimal``, …. :param pattern: what stands before an item, ``%1`` for the number of the first level.
    """

    form: str = "bullet"
    pattern: str = ""
    start: int = 1


class Numbers:
    """Counts the items of a document.

    :param root: of its part of lists; None: it has none.
    """

    def __init__(self, root: Any | None) -> None:
        self._levels = {} if root is None else dict(_levels(root))
        self._counted: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def next(self, list_id: str, level: int) -> tuple[int, str]:
        """The number of the next item, and what stands before it: ``2.1``; nothing where there is a bullet."""
        own, counted = self._level(list_id, level), self._counted[list_id]
        for deeper in [known for known in counted if known > level]:
            del counted[deeper]
        counted[level] = counted[level] + 1 if level in counted else own.start

        def number(match: re.Match[str]) -> str:
            wanted = int(match[1]) - 1
            shown = self._level(list_id, wanted)
            return _written(counted.get(wanted, shown.start), shown.form)

        label = "" if own.form in _UNCOUNTED else _LEVEL.sub(number, own.pattern).strip()
        return counted[level], label

    def _level(self, list_id: str, level: int) -> Level:
        return self._levels.get((list_id, level), Level())


def _written(number: int, form: str) -> str:
    """A number as letters or in Roman figures where the list has them."""
    if form.endswith("Roman") and 0 < number < _MOST:
        figures = ""
        for value, figure in _ROMAN:
            figures += figure * (number // value)
            number %= value
        return figures if form == "upperRoman" else figures.lower()
    if form.endswith("Letter") and 0 < number < _MOST:
        letter = chr(ord("A") + (number - 1) % _LETTERS) * ((number - 1) // _LETTERS + 1)
        return letter if form == "upperLetter" else letter.lower()
    return str(number)


def _levels(root: Any) -> Iterator[tuple[tuple[str, int], Level]]:
    """Id and level of a list → how its items are numbered."""
    abstract = {each.get(qn("w:abstractNumId")): each for each in root.iterfind(qn("w:abstractNum"))}
    for number in root.iterfind(qn("w:num")):
        list_id, base = number.get(qn("w:numId")), abstract.get(value_of(number, "w:abstractNumId"))
        starts = {
            whole(each.get(qn("w:ilvl"), "0")): value_of(each, "w:startOverride")
            for each in number.iterfind(qn("w:lvlOverride"))
        }
        for each in [] if base is None else base.iterfind(qn("w:lvl")):
            level = whole(each.get(qn("w:ilvl"), "0"))
            start = starts.get(level) or value_of(each, "w:start") or "1"
            yield (list_id, level), Level(value_of(each, "w:numFmt"), value_of(each, "w:lvlText"), whole(start))


def value_of(element: Any, tag: str) -> str:
    """The value of a child element; empty: it is not there."""
    child = element.find(qn(tag))
    return "" if child is None else child.get(qn("w:val"), "")


def whole(text: str) -> int:
    """A small whole number; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
