"""Markdown that somebody else wrote, made fit to stand among other text."""

from __future__ import annotations

import re

from confluence_to_twig.content.blocks import Kind, is_fence, lines_of, scan

_DEEPEST = 6
#: Addresses that run code, or are a whole file: of a link or image, and of an attribute of HTML.
_CODE_SOURCE = re.compile(
    r"""(\]\(\s*<?\s*|^\s{0,3}\[[^\]\n]*\]:\s*<?|\b(?:src|href)\s*=\s*["']?)(?:javascript|vbscript|data)\s*:(?:[^\s()"'<>]|\([^\s()"'<>]*\))*+""",
    re.IGNORECASE | re.MULTILINE,
)
#: The beginning of code or of a comment.
_OPENING = re.compile(r"`+|^ {0,3}~{3,}|<!--", re.MULTILINE)
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*\Z")
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?=[\w\"'-]+[ \t]*:)((?:[^\n]*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")


def without_code_sources(text: str) -> str:
    """Markdown or HTML without addresses that run code or hold a whole file; what they are the address of stays."""
    return _CODE_SOURCE.sub(r"\1", text)


def without_comments(markdown: str) -> str:
    """Markdown without the comments of HTML (``<!-- … -->``), which are not shown; those in code are."""
    parts: list[str] = []
    begin = position = 0
    unclosed: set[str] = set()
    last = markdown.rfind("<!--")
    while position <= last and (found := _OPENING.search(markdown, position)):
        position = found.end()
        mark = found[0].strip()
        if mark != "<!--":
            closing = re.compile(f"(?<!{mark[0]}){mark}(?!{mark[0]})")
            end = None if mark in unclosed else closing.search(markdown, position)
            unclosed |= set() if end else {mark}
            position = end.end() if end else position
            continue
        end_at = markdown.find("-->", position)
        if end_at < 0:
            break
        parts.append(markdown[begin : found.start()])
        begin = position = end_at + len("-->")
        if parts[-1].endswith("\n") and markdown.startswith("\n", begin):
            begin += 1
    return "".join([*parts, markdown[begin:]])


def open_fence(markdown: str) -> str:
    """The fence of a code block that is not closed, and so would take in what follows; empty: none is open."""
    fence = ""
    for line in markdown.split("\n"):
        found = is_fence(line.removesuffix("\r"))
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not found[2].strip():
            fence = ""
    return fence


def closed(markdown: str) -> str:
    """The Markdown with the end of a code block that lacks one."""
    fence = open_fence(markdown)
    return f"{markdown}\n{fence}" if fence else markdown


def with_headings_from(markdown: str, top: int) -> str:
    """The same with its outermost headings at a level, and the others as far below them as they were, at most at 6.

    Headings by underlines become those with ``#``. Those inside lists and quotes stay as they are.

    >>> with_headings_from("Plan\\n====\\n\\n## Steps", 3)
    '### Plan\\n\\n#### Steps'
    """
    text = _by_hashes(markdown)
    headings = [block for block in scan(lines_of(text)) if block.kind is Kind.HEADING]
    by = top - min((heading.level for heading in headings), default=top)
    parts: list[str] = []
    position = 0
    for heading in headings:
        marks = text.index("#", heading.start)
        parts += [text[position : heading.start], "#" * min(heading.level + by, _DEEPEST)]
        position = marks + heading.level
    return "".join(parts) + text[position:]


def _by_hashes(markdown: str) -> str:
    """Headings with ``#`` in place of underlines."""
    parts: list[str] = []
    position = 0
    for block in scan(lines_of(markdown)):
        first = 0
        for number, line in enumerate(block.lines if block.kind is Kind.PROSE else ()):
            underline = _UNDERLINE.match(line.text)
            if underline and number > first:
                title = " ".join(above.text.strip() for above in block.lines[first:number])
                parts += [
                    markdown[position : block.lines[first].start],
                    "#" if "=" in underline[1] else "##",
                    f" {title}\n",
                ]
                parts += ["\n"] if number + 1 < len(block.lines) else []
                position = line.end
            if underline:
                first = number + 1
    return "".join(parts) + markdown[position:] if parts else markdown


def without_front_matter(markdown: str) -> str:
    """The Markdown with the facts that stand above it (``title: Plan`` between two ``---``) as a block of code."""
    found = _FRONT_MATTER.match(markdown)
    return f"```yaml\n{found[1].rstrip()}\n```\n\n{markdown[found.end() :]}" if found and found[1].strip() else markdown
