"""Images in the text that is embedded: what they show and the name of their file, without their address.

Addresses of images were a tenth of all tokens on pages of screenshots, and what is asked for was found less often
(``docs/benchmarks.md``). The document keeps them, and a chunk's own address leads to the place of the image.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from urllib.parse import unquote

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
#: A line that opens a fence, in a quote or list item as well.
_FENCE = re.compile(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}|~{3,})")
_QUOTE_MARKS = " \t>"
_CODE_OR_IMAGE = re.compile(
    r"(?<!`)(`{1,8})(?!`).{1,500}?(?<!`)\1(?!`)"
    r"|(?<!\\)!\[(?P<alt>(?:\\.|[^\\\[\]]){0,1000})\]\((?P<address>(?:[^()\s]|\([^()\s]*\))*)\)"
)
_NAME_BREAKS = re.compile(r"[\s\[\]]+")


@dataclass(frozen=True)
class Embedded:
    """The text to embed, and where in the document its parts stand.

    :param text: the document without the addresses of images.
    :param ends: positions in the text behind each replaced stretch, in order. :param shifts: how much further on each
        position from there stands in the document.
    """

    text: str
    ends: list[int] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)

    def position(self, position: int) -> int:
        """Where in the document a position of the text stands; from inside a replaced stretch, its place in the address."""
        index = bisect_right(self.ends, position)
        return position + self.shifts[index - 1] if index else position


def without_addresses(markdown: str) -> Embedded:
    """``![Plan](https://acme.example/plan.png)`` → ``![Plan – plan.png]``, outside of code.

    >>> without_addresses("![Plan](https://acme.example/a%20b.png) ![a b.png](a%20b.png) `![x](y)`").text
    '![Plan – a b.png] ![a b.png] `![x](y)`'
    """
    if "![" not in markdown:
        return Embedded(markdown)
    parts: list[str] = []
    ends: list[int] = []
    shifts: list[int] = []
    length = shift = 0
    fence = ""
    for line in _LINE.findall(markdown):
        if fence:
            rest = line.strip().lstrip(_QUOTE_MARKS)
            fence = "" if rest.startswith(fence) and not rest.strip(fence[0]) else fence
        elif opening := _FENCE.match(line):
            fence = opening[1]
        elif "![" in line:
            position = 0
            for match in _CODE_OR_IMAGE.finditer(line):
                if match["alt"] is None:
                    continue
                shown = _shown(match["alt"], match["address"])
                parts += [line[position : match.start()], shown]
                position = match.end()
                length += len(parts[-2]) + len(shown)
                shift += len(match[0]) - len(shown)
                ends.append(length)
                shifts.append(shift)
            line = line[position:]
        parts.append(line)
        length += len(line)
    return Embedded("".join(parts), ends, shifts)


def _shown(alt: str, address: str) -> str:
    name = unquote(address.partition("#")[0].partition("?")[0].rpartition("/")[2])
    name = _NAME_BREAKS.sub(" ", name).strip()
    return f"![{alt}]" if name in alt else f"![{' – '.join(filter(None, (alt, name)))}]"
