"""The authoring format's blocks → storage format.

A small Markdown: ``# headings``, paragraphs, lists (nested by indentation, with any block inside an item), task lists,
``> `` quotes, fenced code, pipe tables (:mod:`tables`), ``---``, ``![alt](file "caption")`` alone on its line, and for what
only Confluence has:

* ``:::name arguments`` … ``:::`` a block with a body, and ``{{name key=value}}`` a macro without one (:mod:`macros`);
* a line that begins with ``<`` is storage format already, up to the next blank line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.sample_space import macros, tables
from sandbox.sample_space.inline import render_inline

if TYPE_CHECKING:
    from sandbox.sample_space.elements import Elements

_HEADING = re.compile(r"(#{1,6}) +(.+)")
_FENCE = re.compile(r"(`{3,})(\w*) ?(.*)")
_DIRECTIVE = re.compile(r":::([\w-]+) ?(.*)")
_MACRO = re.compile(r"\{\{([\w-]+) ?(.*)\}\}")
_ITEM = re.compile(r"( *)(?:-|(\d+)\.) (?!\[[ x]\] )(.*)")
_TASK = re.compile(r"- \[([ x])\] (.*)")
_IMAGE = re.compile(r'!\[(?P<alt>[^\]]*)\]\((?P<target>[^")]+?)(?: "(?P<caption>.*)")?\)')
_BLOCK_START = re.compile(r"#{1,6} |```|:::|\{\{|- |\d+\. |> |\||!\[|---$|\{table|<(?:ac:|table|p|h\d|ul|ol|div|hr)")


@dataclass
class Renderer:
    """Renders one page. ``properties`` collects the page properties met, for reports over them."""

    make: Elements
    properties: list[tuple[str, str]] = field(default_factory=list)

    def inline(self, text: str) -> str:
        return render_inline(text, self.make)

    def blocks(self, lines: list[str]) -> str:
        """Storage format of ``lines``.

        Raises:
            ValueError: an unclosed fence or directive, or a name that no macro has.
        """
        out: list[str] = []
        position = 0
        while position < len(lines):
            if not lines[position].strip():
                position += 1
                continue
            markup, position = self._block(lines, position)
            out.append(markup)
        return "".join(out)

    def _block(self, lines: list[str], at: int) -> tuple[str, int]:
        line = lines[at]
        if heading := _HEADING.fullmatch(line):
            return self.make.block(f"h{len(heading[1])}", self.inline(heading[2])), at + 1
        if image := _IMAGE.fullmatch(line):
            caption = self.inline(image["caption"] or "")
            return self.make.image(image["target"], alt=image["alt"], caption=caption), at + 1
        if macro := _MACRO.fullmatch(line):
            return macros.render_macro(macro[1], macro[2], self.make), at + 1
        if line == "---":
            return "<hr />", at + 1
        for starts, render in (
            (line.startswith("```"), self._code),
            (line.startswith(":::"), self._directive),
            (bool(_TASK.match(line)), self._tasks),
            (bool(_ITEM.match(line)), self._list),
            (line.startswith("> "), self._quote),
            (line.startswith(("|", "{table")), self._table),
            (line.startswith("<"), self._storage),
        ):
            if starts:
                return render(lines, at)
        return self._paragraph(lines, at)

    def _paragraph(self, lines: list[str], at: int) -> tuple[str, int]:
        end = at + 1
        while end < len(lines) and lines[end].strip() and not _BLOCK_START.match(lines[end]):
            end += 1
        return self.make.block("p", self.inline(" ".join(line.strip() for line in lines[at:end]))), end

    def _code(self, lines: list[str], at: int) -> tuple[str, int]:
        opening = _FENCE.fullmatch(lines[at])
        if opening is None:
            raise ValueError(f"not a fence: {lines[at]!r}")
        end = _find(lines, at + 1, opening[1])
        parameters = {"language": opening[2]} if opening[2] else {}
        parameters |= macros.arguments(opening[3])
        return self.make.macro("code", parameters, plain="\n".join(lines[at + 1 : end])), end + 1

    def _directive(self, lines: list[str], at: int) -> tuple[str, int]:
        opening = _DIRECTIVE.fullmatch(lines[at])
        if opening is None:
            raise ValueError(f"a directive is closed that was never opened, or has no name: {lines[at]!r}")
        end = _closing(lines, at)
        return macros.render_directive(self, opening[1], opening[2], lines[at + 1 : end]), end + 1

    def _tasks(self, lines: list[str], at: int) -> tuple[str, int]:
        tasks = []
        while at < len(lines) and (task := _TASK.fullmatch(lines[at])):
            tasks.append((task[1] == "x", self.inline(task[2])))
            at += 1
        return self.make.task_list(tasks), at

    def _list(self, lines: list[str], at: int) -> tuple[str, int]:
        first = _ITEM.match(lines[at])
        if first is None:
            raise ValueError(f"not a list item: {lines[at]!r}")
        items: list[str] = []
        while at < len(lines) and (item := _ITEM.match(lines[at])) and bool(item[2]) == bool(first[2]):
            end = _item_end(lines, at)
            body = [item[3], *_dedent(lines[at + 1 : end])]
            items.append(self.make.block("li", self.blocks(body)))
            at = end
        tag = "ol" if first[2] else "ul"
        return self.make.block(tag, "".join(items), f' start="{first[2]}"' if first[2] else ""), at

    def _quote(self, lines: list[str], at: int) -> tuple[str, int]:
        end = at
        while end < len(lines) and lines[end].startswith(">"):
            end += 1
        return f"<blockquote>{self.blocks([line[1:].lstrip() for line in lines[at:end]])}</blockquote>", end

    def _table(self, lines: list[str], at: int) -> tuple[str, int]:
        end = at + 1
        while end < len(lines) and lines[end].startswith("|"):
            end += 1
        return tables.render_table(lines[at:end], self.make), end

    def _storage(self, lines: list[str], at: int) -> tuple[str, int]:
        end = at
        while end < len(lines) and lines[end].strip():
            end += 1
        return re.sub(r">\n\s*", ">", "\n".join(lines[at:end])), end


def _find(lines: list[str], start: int, wanted: str) -> int:
    for position in range(start, len(lines)):
        if lines[position] == wanted:
            return position
    raise ValueError(f"{wanted!r} missing after {lines[start - 1]!r}")


def _closing(lines: list[str], at: int) -> int:
    depth = 0
    for position in range(at, len(lines)):
        if _DIRECTIVE.fullmatch(lines[position]):
            depth += 1
        elif lines[position] == ":::":
            depth -= 1
            if depth == 0:
                return position
    raise ValueError(f"{lines[at]!r} is never closed")


def _item_end(lines: list[str], at: int) -> int:
    """Where the item ends: before the next line that is neither blank nor indented; blank lines at its end stay out
    unless another item follows."""
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith("  ")):
        end += 1
    if end < len(lines) and _ITEM.match(lines[end]):
        return end
    while not lines[end - 1].strip():
        end -= 1
    return end


def _dedent(lines: list[str]) -> list[str]:
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    cut = min(indents, default=0)
    return [line[cut:] for line in lines]
