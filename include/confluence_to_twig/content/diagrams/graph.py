"""What a drawing says: what its shapes hold, and which shape leads to which."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

#: More shapes and arrows than this on one page are not read.
MOST_SHAPES = 20_000
#: Shapes lie in at most so many groups, one inside the other.
MOST_GROUPS = 20
_BREAK = re.compile(
    r"</?(?:br|p|div|ul|ol|li|table|thead|tbody|tr|td|th|caption|dl|dt|dd|hr|pre|blockquote|h[1-6])\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


class Arrow(NamedTuple):
    """A line from a shape to another one.

    :param start: id of the shape at its beginning, ``end``: at its end; empty: it ends nowhere.
    :param words: what stands along the line, from its beginning to its end.
    :param heads: whether the beginning points at its shape, and whether the end does.
    """

    start: str
    end: str
    words: tuple[str, ...] = ()
    heads: tuple[bool, bool] = (False, True)


@dataclass
class Graph:
    """One page of a drawing.

    :param labels: id of a shape → what stands in it, in the order of the file.
    :param parents: id of a shape → the group or shape that it lies in.
    :param rows: ids of shapes that are the row of a table; their cells are parts of one line.
    :param sources: language and source of what was drawn from text.
    """

    title: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    rows: set[str] = field(default_factory=set)
    arrows: list[Arrow] = field(default_factory=list)
    sources: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """What stands alone, what each group holds (``Lane: Check; Pay``), a line for each arrow; each line once."""
        drawn = {arrow: line for arrow in self.arrows if (line := self._drawn(arrow))}
        ends = {self._labelled(end) for arrow in drawn for end in (arrow.start, arrow.end)}
        named = {self._texts[end] for end in ends if end}
        inside = {shape for held in self._held.values() for shape in held}
        alone = [
            text
            for shape, text in self._texts.items()
            if text not in named and shape not in inside and shape not in self._held
        ]
        groups = [
            f"{self._texts[group]}: {'; '.join(dict.fromkeys(self._texts[shape] for shape in held))}"
            for group, held in self._held.items()
        ]
        fenced = [f"```{language}\n{source}\n```" for language, source in self.sources]
        return list(dict.fromkeys([*alone, *groups, *drawn.values(), *fenced]))

    @cached_property
    def _texts(self) -> dict[str, str]:
        """The labels of the shapes that have one. A row's is made of those of its cells."""
        cells: dict[str, list[str]] = {row: [] for row in self.rows}
        texts = {}
        for shape, label in self.labels.items():
            row = self.parents.get(shape, "")
            if row in cells and shape not in cells:
                cells[row] += [label] if label else []
            elif label or shape in cells:
                texts[shape] = label
        for row, words in cells.items():
            texts[row] = " ".join([*words, *filter(None, [self.labels.get(row, "")])])
        return {shape: text for shape, text in texts.items() if text}

    @cached_property
    def _held(self) -> dict[str, list[str]]:
        """Each labelled shape that others lie in, with the labelled ones of these."""
        held: dict[str, list[str]] = {}
        for shape in self._texts:
            if group := self._labelled(self.parents.get(shape, "")):
                held.setdefault(group, []).append(shape)
        return held

    def _labelled(self, shape: str) -> str:
        """A shape, or the innermost group around it that has a label; empty where none has. Groups in a circle have none."""
        for _ in range(MOST_GROUPS):
            if shape in self._texts:
                return shape
            shape = self.parents.get(shape, "")
        return ""

    def _end(self, shape: str) -> str:
        """What an arrow leads to: a shape by its label, the row of a table with the table's name."""
        labelled = self._labelled(shape)
        text = self._texts.get(labelled, "")
        table = self._labelled(self.parents.get(labelled, "")) if labelled in self.rows else ""
        return f"{self._texts[table]} ({text})" if table else text

    def _drawn(self, arrow: Arrow) -> str:
        """``A → B: label``, in the direction in which it points; ``—`` for a line without heads, ``↔`` for one with two.

        A line without words that leads nowhere says nothing.
        """
        start, end, words = self._end(arrow.start), self._end(arrow.end), arrow.words
        if arrow.heads == (True, False):
            start, end, words = end, start, words[::-1]
        label = ", ".join(words)
        if not (start or end) or (not label and (start == end or not (start and end))):
            return label
        sign = "↔" if all(arrow.heads) else "→" if any(arrow.heads) else "—"
        ends = f"{start or '…'} {sign} {end or '…'}"
        return f"{ends}: {label}" if label else ends


def text_of_pages(pages: list[Graph]) -> str:
    """All pages as text: a line a shape or arrow, pages apart by an empty line, below their titles where there are several."""
    texts = []
    for page in pages:
        lines = page.lines()
        if lines:
            texts.append("\n".join([f"{page.title}:", *lines] if page.title and len(pages) > 1 else lines))
    return "\n\n".join(texts)


def plain_label(markup: str) -> str:
    """A label on one line, without its HTML."""
    text = _TAG.sub("", _BREAK.sub(" ", markup)) if "<" in markup else markup
    return " ".join(html.unescape(text).split()) if "&" in text else " ".join(text.split())
