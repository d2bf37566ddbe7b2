"""The content of a table cell on one line: paragraphs, lists, code and nested tables joined by ``<br>``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.markdown.emphasis import BREAK
from confluence_to_twig.content.markdown.escape import code_span, escape_checkbox, escape_text
from confluence_to_twig.content.markdown.inline import rendered_text
from confluence_to_twig.content.markdown.structure import (
    CELLS,
    checkbox,
    code_text,
    counted_items,
    runs,
    table_rows,
)
from confluence_to_twig.content.nodes import Node, only_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confluence_to_twig.content.markdown.inline import InlineRenderer

_BREAK = "<br>"


def cell_text(cell: Node, inline: InlineRenderer, *, strong: bool) -> str:
    """A cell as inline Markdown with escaped pipes.

    :param strong: False renders strong emphasis as plain text: a header cell is emphasised as it is.
    """
    children = _unwrapped(cell)
    if only_text(children):
        text = rendered_text("".join(children))
    else:
        inline.strong = strong
        text = _BREAK.join(_parts(children, inline, ""))
        inline.strong = True
    return text.replace("|", "\\|")


def _unwrapped(cell: Node) -> list[Node | str]:
    """The children of a cell, or of the one paragraph that is all it has."""
    only = cell.children[0] if len(cell.children) == 1 else None
    return only.children if isinstance(only, Node) and only.tag == "p" else cell.children


def _parts(children: list[Node | str], inline: InlineRenderer, indent: str) -> Iterator[str]:
    for part in runs(children):
        if isinstance(part, Node):
            yield from _block(part, inline, indent)
            continue
        text = inline.render(part).replace(BREAK, _BREAK)
        if text:
            yield text


def _block(node: Node, inline: InlineRenderer, indent: str) -> Iterator[str]:
    if node.tag in {"ul", "ol"}:
        yield from _list(node, inline, indent)
    elif node.tag == "pre":
        yield from (span for span in map(code_span, code_text(node).split("\n")) if span)
    elif node.tag == "table":
        yield from _nested_table(node, inline)
    elif node.tag == "blockquote" and node.get("data-label"):
        parts = list(_parts(node.children, inline, indent))
        if parts:
            yield f"**{escape_text(node.get('data-label'))}:** {parts[0]}"
            yield from parts[1:]
    elif node.tag != "hr":
        yield from _parts(node.children, inline, indent)


def _list(node: Node, inline: InlineRenderer, indent: str) -> Iterator[str]:
    counted = ((number, item) for first, items in counted_items(node) for number, item in enumerate(items, first))
    for number, item in counted:
        parts = list(_parts(item.children, inline, indent + "  "))
        marker = f"{number}. " if node.tag == "ol" else "- "
        box = checkbox(item)
        if not parts and not box:
            continue
        first = parts[0] if parts else ""
        yield indent + marker + (box + first if box else escape_checkbox(first))
        yield from parts[1:]


def _nested_table(table: Node, inline: InlineRenderer) -> Iterator[str]:
    """A table inside a cell: one line for each row, cells separated by bars."""
    for row, _ in table_rows(table):
        cells = [_BREAK.join(_parts(cell.children, inline, "")) for cell in row.elements() if cell.tag in CELLS]
        if any(cells):
            yield " | ".join(cells)
