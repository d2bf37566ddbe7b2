"""How plain HTML nodes are read: what is a block, where a run of text ends, which items a list has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confluence_to_twig.content.characters import without_invisible
from confluence_to_twig.content.nodes import Node, names, only_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CONTAINERS = names(
    "root div section article main aside header footer nav form fieldset center address figure details body html "
    "tbody thead tfoot tr td th li dt dd summary figcaption legend caption option map svg object video audio noscript "
    "ac:rich-text-body ac:caption ac:task-body ac:adf-content ac:link-body"
)
BLOCKS = _CONTAINERS | HEADINGS.keys() | frozenset({"p", "ul", "ol", "dl", "pre", "blockquote", "table", "hr"})
ROW_PARENTS = frozenset({"thead", "tbody", "tfoot"})
#: Elements that a rule has already read.
UNSEEN = frozenset({"script", "style", "colgroup", "col", "ac:parameter", "input"})
_NO_BULLET = re.compile(r"list-style(?:-type)?\s*:\s*none")
CELLS = frozenset({"td", "th"})
#: The largest number CommonMark reads as that of a list item.
MAX_NUMBER = 999_999_999


def is_block(node: Node) -> bool:
    """Whether an element is a block, or an inline element with a block inside."""
    if node.tag in BLOCKS:
        return True
    if node.tag == "ac:parameter" or only_text(node.children):
        return False
    return any(isinstance(child, Node) and is_block(child) for child in node.children)


def runs(children: Iterable[Node | str]) -> Iterator[list[Node | str] | Node]:
    """Inline content in runs, and the blocks between. Inline elements around blocks are opened: ``<b><p>`` → ``<p><b>``."""
    run: list[Node | str] = []
    for child in children:
        if isinstance(child, str) or not is_block(child):
            run.append(child)
            continue
        if run:
            yield run
            run = []
        yield child if child.tag in BLOCKS else _opened(child)
    if run:
        yield run


def paragraphs(run: Sequence[Node | str]) -> Iterator[Sequence[Node | str]]:
    """The parts of a run between empty lines, which people write as two line breaks; images in a row are a part each."""
    if len(run) == 1:
        yield run
        return
    if all(map(_is_image_or_blank, run)):
        for image in run:
            if isinstance(image, Node):
                yield [image]
        return
    part: list[Node | str] = []
    breaks = 0
    for child in run:
        if isinstance(child, Node) and child.tag == "br":
            breaks += 1
        elif isinstance(child, Node) or child.strip():
            if breaks > 1:
                yield part
                part = []
            breaks = 0
        part.append(child)
    yield part


def _is_image_or_blank(child: Node | str) -> bool:
    if isinstance(child, str):
        return not child.strip()
    return child.tag == "img" or (
        child.tag == "a" and bool(child.children) and all(map(_is_image_or_blank, child.children))
    )


def _opened(inline: Node) -> Node:
    """A container with the blocks of an inline element; the element goes around each inline run inside."""
    return _around(inline, Node("div", {}, inline.children))


def _around(inline: Node, block: Node) -> Node:
    if block.tag in {"pre", "table", "hr"}:
        return block
    parts = runs(block.children)
    children = [
        _around(inline, part) if isinstance(part, Node) else Node(inline.tag, inline.attrs, part) for part in parts
    ]
    return Node(block.tag, block.attrs, list(children))


def code_text(node: Node) -> str:
    """The text of a ``pre`` with its line breaks, without blank lines around it."""
    parts: list[str] = []
    for child in node.children:
        if isinstance(child, str):
            parts.append(child)
        else:
            parts.append("\n" if child.tag == "br" else code_text(child))
    text = "".join(parts)
    if node.tag != "pre":
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    written = [number for number, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[written[0] : written[-1] + 1]) if written else ""


def shown_text(run: Iterable[Node | str]) -> str:
    """A run as the text that it shows, on one line."""
    parts: list[str] = []
    pending = list(run)[::-1]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            parts.append(part)
        elif part.tag == "img":
            parts.append(part.get("alt"))
        elif part.tag not in UNSEEN:
            apart = [" "] if part.tag == "br" or "data-lozenge" in part.attrs else []
            pending += [*apart, *reversed(part.children), *apart]
    return " ".join(without_invisible("".join(parts)).split())


def list_items(node: Node) -> list[Node]:
    """The items of a list. Content between items is ill-formed but occurs; it becomes an item.

    An item without a bullet of its own, which editors put around a list to indent it, gives its list to the item before.
    """
    items: list[Node] = []
    for part in runs(node.children):
        if isinstance(part, Node):
            if not _indents_only(part):
                items.append(part if part.tag == "li" else Node("li", {}, [part]))
            elif items:
                items[-1] = Node("li", items[-1].attrs, [*items[-1].children, *part.children])
            else:
                items += [item for inner in part.elements() for item in list_items(inner)]
        elif any(not isinstance(child, str) or child.strip() for child in part):
            items.append(Node("li", {}, part))
    return items


def _indents_only(item: Node) -> bool:
    """Whether an item says that it has no bullet, and holds nothing but lists."""
    if item.tag != "li" or not _NO_BULLET.search(item.get("style")):
        return False
    written = [child for child in item.children if not isinstance(child, str) or child.strip()]
    return bool(written) and all(isinstance(child, Node) and child.tag in {"ul", "ol"} for child in written)


def counted_items(node: Node) -> Iterator[tuple[int, list[Node]]]:
    """The items of a list in runs that count on, each run with the number of its first; bullets are one run.

    Items are numbered on from ``start`` of the list, or from the ``value`` of an item.
    """
    items = list_items(node)
    if node.tag != "ol":
        yield 0, items
        return
    first = number = _number(node.get("start"), 1)
    run: list[Node] = []
    for item in items:
        told = _number(item.get("value"), number)
        if told != number:
            if run:
                yield first, run
            first, run, number = told, [], told
        run.append(item)
        number = min(number + 1, MAX_NUMBER)
    if run:
        yield first, run


def _number(text: str, default: int) -> int:
    """A number that Markdown can count from; the default for anything else."""
    plain = text.strip()
    return min(int(plain), MAX_NUMBER) if plain.isascii() and plain.isdigit() and len(plain) < 10 else default


def checkbox(item: Node) -> str:
    """The state of a task (``[x] ``), empty for any other item."""
    box = item.first("input")
    if box is None or box.get("type") != "checkbox":
        return ""
    return "[x] " if "checked" in box.attrs else "[ ] "


def table_rows(table: Node) -> Iterator[tuple[Node, bool]]:
    """Each row with whether it stands in a ``thead``. A ``tfoot`` is shown below the others, wherever it is written."""
    for child in sorted(table.elements(), key=lambda part: part.tag == "tfoot"):
        if child.tag == "tr":
            yield child, False
        elif child.tag in ROW_PARENTS:
            for row in child.elements():
                if row.tag == "tr":
                    yield row, child.tag == "thead"
