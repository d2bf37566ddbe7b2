"""Pages as plain text. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.markdown.reader import read_markdown

if TYPE_CHECKING:
    from confluence_to_twig.content.markdown.reader import Block, Runs
    from confluence_to_twig.twig.file_page import FilePage


def text_of(page: FilePage) -> str:
    """A page: title, facts, and each passage with its place before it and its address behind it."""
    head = [page.name, "=" * len(page.name), *(f"{name}: {fact}" for name, fact in page.facts.items())]
    parts = ["\n".join(head)]
    for passage in page.passages:
        parts += [passage.place] if passage.place else []
        parts += [_block(block) for block in read_markdown(passage.markdown)]
        parts.append(f"Source: {passage.url}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block) -> str:
    if block.kind == "table":
        return "\n".join(" | ".join(_line(cell) for cell in row) for row in block.rows)
    text, indent = _text(block.runs), "  " * block.depth
    if block.kind == "code":
        indent += "    "
    marked = f"{block.marker} {text}" if block.marker else text
    return "\n".join(f"{indent}{line}".rstrip() for line in marked.split("\n"))


def _text(runs: Runs) -> str:
    return "".join(f"{run.text} ({run.href})" if run.href and run.href != run.text else run.text for run in runs)


def _line(cell: Runs) -> str:
    return _text(cell).replace("\n", "; ")
