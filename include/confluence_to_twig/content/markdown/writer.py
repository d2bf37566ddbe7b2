"""Plain HTML nodes → Markdown (CommonMark with tables), block by block."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from confluence_to_twig.content.markdown.emphasis import BREAK
from confluence_to_twig.content.markdown.escape import (
    code_fence,
    escape_checkbox,
    escape_heading,
    escape_line_starts,
    escape_text,
    without_lone_escapes,
)
from confluence_to_twig.content.markdown.inline import InlineRenderer, rendered_text
from confluence_to_twig.content.markdown.structure import (
    HEADINGS,
    MAX_NUMBER,
    checkbox,
    code_text,
    counted_items,
    paragraphs,
    runs,
    shown_text,
)
from confluence_to_twig.content.markdown.tables import render_table, rows_of, sole_cell
from confluence_to_twig.content.model import Heading
from confluence_to_twig.content.nodes import Node, only_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


#: Quotes nested deeper are dissolved, because every level repeats its marker on every line.
_MOST_QUOTES = 8
_OTHER_MARKER = {"ul": {"-": "*", "*": "-"}, "ol": {".": ")", ")": "."}}


class Block(NamedTuple):
    """A piece of Markdown between blank lines.

    :param kind: ``p``, ``h``, ``ul``, ``ol``, ``pre``, ``table``, …
    :param first: number of the first item of a numbered list; ``following``: that of an item behind the last one.
    :param loose: whether blank lines stand between the items of a list.
    """

    kind: str
    text: str
    first: int = 0
    following: int = 0
    loose: bool = False


def to_markdown(root: Node, headings: list[Heading] | None = None) -> str:
    """The document below ``root``, without a trailing line break.

    :param headings: where its headings are added, in reading order.
    """
    renderer = Renderer()
    markdown = _join(renderer.blocks(root.children))
    if headings is not None:
        headings += renderer.headings
    return markdown


def _join(blocks: Iterable[Block]) -> str:
    return "\n\n".join(block.text for block in blocks)


class Renderer:
    """Renders blocks; holds the inline renderer of the document."""

    def __init__(self) -> None:
        self.inline = InlineRenderer()
        self.headings: list[Heading] = []
        self._quotes = 0
        self._rules: dict[str, Callable[[Node], list[Block]]] = {
            "ul": self._list,
            "ol": self._list,
            "dl": self._definitions,
            "pre": self._code,
            "blockquote": self._quote,
            "table": self._table,
            "hr": lambda _node: [Block("hr", "---")],
        }

    def blocks(self, children: list[Node | str]) -> list[Block]:
        """The blocks of a container's children, in reading order."""
        if only_text(children):
            return self._text(children)
        blocks: list[Block] = []
        for part in runs(children):
            for block in self._block(part) if isinstance(part, Node) else self._paragraphs(part):
                if blocks and block.kind == blocks[-1].kind and block.kind in _OTHER_MARKER:
                    blocks[-1:] = _list_behind(blocks[-1], block)
                else:
                    blocks.append(block)
        return blocks

    def _block(self, node: Node) -> list[Block]:
        rule = self._rules.get(node.tag)
        if rule:
            return rule(node)
        if node.tag in HEADINGS:
            return self._heading(node)
        return self.blocks(node.children)

    def _paragraphs(self, run: Sequence[Node | str]) -> list[Block]:
        if only_text(run):
            return self._text(run)
        texts = (without_lone_escapes(self.inline.render(part)) for part in paragraphs(run))
        return [Block("p", escape_line_starts(text.replace(BREAK, "  \n"))) for text in texts if text]

    def _text(self, run: Sequence[str]) -> list[Block]:
        text = without_lone_escapes(rendered_text("".join(run)))
        return [Block("p", escape_line_starts(text))] if text else []

    def _heading(self, node: Node) -> list[Block]:
        """One line of heading; blocks that someone put into it follow below."""
        blocks: list[Block] = []
        for part in runs(node.children):
            if isinstance(part, Node):
                blocks.extend(self._block(part))
                continue
            self.inline.strong = False
            text = escape_heading(without_lone_escapes(self.inline.render(part)).replace(BREAK, " "))
            self.inline.strong = True
            if text:
                line = f"{'#' * HEADINGS[node.tag]} {text}"
                shown = shown_text(part)
                self.headings.append(Heading(line, shown, node.get("data-named") or shown))
                blocks.append(Block("h", line))
        return blocks

    def _inner(self, children: list[Node | str]) -> list[Block]:
        """Blocks of a quote or list item. Headings in there have no line of their own."""
        first = len(self.headings)
        blocks = self.blocks(children)
        self.headings[first:] = [replace(heading, line="") for heading in self.headings[first:]]
        return blocks

    def _code(self, node: Node) -> list[Block]:
        text = code_text(node)
        if "data-markdown" in node.attrs:
            return [Block("markdown", text)] if text else []
        return [Block("pre", code_fence(text, node.get("data-language")))] if text else []

    def _quote(self, node: Node) -> list[Block]:
        self._quotes += 1
        blocks = self._inner(node.children)
        self._quotes -= 1
        if not blocks:
            return []
        label = node.get("data-label")
        if label:
            blocks = _labelled(label, blocks)
        if self._quotes >= _MOST_QUOTES:
            return blocks
        return [Block("quote", "\n".join(f"> {line}" if line else ">" for line in _join(blocks).split("\n")))]

    def _table(self, node: Node) -> list[Block]:
        rows = rows_of(node)
        only = sole_cell(rows)
        if only is not None:
            return self.blocks(only.children)
        before, table = render_table(node, rows, self.inline)
        blocks = self.blocks(before)
        return [*blocks, Block("table", table)] if table else blocks

    def _definitions(self, node: Node) -> list[Block]:
        """A definition list as one bullet for each term, with its definitions below."""
        items: list[Node | str] = []
        for child in node.elements():
            if child.tag == "dt":
                items.append(Node("li", {}, [Node("p", {}, [Node("strong", {}, child.children)])]))
            elif items and isinstance(items[-1], Node):
                items[-1].children.append(Node("div", {}, child.children))
            else:
                items.append(Node("li", {}, child.children))
        return self._list(Node("ul", {}, items))

    def _list(self, node: Node) -> list[Block]:
        return [block for first, items in counted_items(node) for block in self._items(node.tag, first, items)]

    def _items(self, tag: str, first: int, children: list[Node]) -> list[Block]:
        items: list[str] = []
        number, loose = first, False
        for child in children:
            blocks = self._inner(child.children)
            box = checkbox(child)
            if blocks or box:
                text, spaced = _item(f"{number}. " if tag == "ol" else "- ", box, blocks)
                items.append(text)
                loose = loose or spaced
            number = min(number + 1, MAX_NUMBER)
        return [Block(tag, _joint(loose=loose).join(items), first, number, loose)] if items else []


def _labelled(label: str, blocks: list[Block]) -> list[Block]:
    """A panel's blocks with its label in front of the first paragraph, or above whatever comes first."""
    marked = f"**{escape_text(label).strip()}:**"
    first = blocks[0]
    if first.kind == "p":
        return [Block("p", f"{marked} {first.text}"), *blocks[1:]]
    return [Block("p", marked), *blocks]


def _item(marker: str, box: str, blocks: list[Block]) -> tuple[str, bool]:
    """An item's text, and whether it holds more than a paragraph with lists below it."""
    if box and blocks and blocks[0].kind != "p":
        blocks = [Block("p", box.rstrip()), *blocks]
    elif box:
        blocks = [Block("p", box + (blocks[0].text if blocks else "")), *blocks[1:]]
    elif blocks[0].kind == "p":
        blocks = [Block("p", escape_checkbox(blocks[0].text)), *blocks[1:]]
    elif blocks[0].kind == "hr":
        blocks = [Block("hr", "___"), *blocks[1:]]  # "- ---" is a break itself
    tight = all(block.kind in {"ul", "ol"} for block in blocks[1:]) and "\n\n" not in blocks[0].text
    pieces = [blocks[0].text]
    for block in blocks[1:]:
        # a list that does not begin with 1 cannot interrupt a paragraph
        joint = "\n" if tight and (block.kind == "ul" or block.text.startswith(("1.", "1)"))) else "\n\n"
        pieces.append(joint + block.text)
    indent = " " * len(marker)
    lines = "".join(pieces).split("\n")
    text = marker + "\n".join([lines[0], *(indent + line if line else line for line in lines[1:])])
    return text.rstrip(), not tight


def _list_behind(previous: Block, block: Block) -> list[Block]:
    """Two lists of a kind in a row: one list where the second goes on counting; else the second gets the other marker.

    CommonMark takes neighbours with equal markers for one list, and counts on from its first number.
    """
    old, last = _marker(block.text), _marker(previous.text)
    if block.kind == "ol" and block.first == previous.following:
        loose = previous.loose or block.loose
        items = _joint(loose=loose).join((previous.text, _remarked(block.text, old, last)))
        return [Block("ol", items, previous.first, block.following, loose)]
    if old != last:
        return [previous, block]
    return [previous, block._replace(text=_remarked(block.text, old, _OTHER_MARKER[block.kind][old]))]


def _joint(*, loose: bool) -> str:
    return "\n\n" if loose else "\n"


def _marker(text: str) -> str:
    return text.lstrip("0123456789")[0]


def _remarked(text: str, old: str, new: str) -> str:
    """A list with another marker at the items of its outermost level."""
    return text if old == new else "\n".join(_remarked_line(line, old, new) for line in text.split("\n"))


def _remarked_line(line: str, old: str, new: str) -> str:
    digits = len(line) - len(line.lstrip("0123456789"))
    return f"{line[:digits]}{new}{line[digits + 1 :]}" if line[digits : digits + 2] == f"{old} " else line
