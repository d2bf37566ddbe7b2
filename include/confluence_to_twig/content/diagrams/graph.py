"""What a drawing says: the labels of its shapes, and which shape leads to which."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

#: More shapes and arrows than this on one page are not read.
MOST_SHAPES = 20_000
_MOST_GROUPS = 20
_BREAK = re.compile(r"</?(?:br|p|div|ul|ol|li|tr|td|h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


@dataclass
class Graph:
    """One page of a drawing.

    :param labels: id of a shape → what stands in it, in the order of the file.
    :param parents: id of a shape → the group or shape that it lies in.
    :param edges: ids of the shapes at the beginning and end of an arrow (empty: it ends nowhere), and its label.
    :param sources: language and source of what was drawn from text.
    """

    title: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    edges: list[tuple[str, str, str]] = field(default_factory=list)
    sources: list[tuple[str, str]] = field(default_factory=list)

    def label_of(self, shape: str) -> str:
        """The label of a shape, or of the innermost group around it that has one. Groups in a circle have none."""
        for _ in range(_MOST_GROUPS):
            if self.labels.get(shape):
                return self.labels[shape]
            shape = self.parents.get(shape, "")
        return ""

    def lines(self) -> list[str]:
        """``A → B: label`` for each arrow, below the labels of the shapes that no arrow names; each line once."""
        arrows = [(self.label_of(start), self.label_of(end), label) for start, end, label in self.edges]
        named = {label for start, end, _ in arrows for label in (start, end) if start or end}
        alone = [label for label in self.labels.values() if label and label not in named]
        drawn = [line for line in (_arrow(*arrow) for arrow in arrows) if line]
        fenced = [f"```{language}\n{source}\n```" for language, source in self.sources]
        return list(dict.fromkeys([*alone, *drawn, *fenced]))


def _arrow(start: str, end: str, label: str) -> str:
    if not (start or end):
        return label
    ends = f"{start or '…'} → {end or '…'}" if start != end or label else ""
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
