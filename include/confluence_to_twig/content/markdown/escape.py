"""Escape what would otherwise render as markup, and nothing else.

The rules are those of CommonMark 0.31 with tables and strikethrough (https://spec.commonmark.org/0.31.2/).
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[\\`*_\[\]<&~!|]")
_INLINE = re.compile(
    r"""
      \\(?=[!-/:-@\[-`{-~\n]|\s?\Z)                 # a backslash before punctuation escapes it, at a line's end it breaks
    | `
    | \*(?!\s)|(?<!\s)\*                            # emphasis needs a neighbour that is no blank
    | (?<![^\W_])_(?!\s)|(?<!\s)_(?![^\W_])         # inside words an underscore means nothing
    | (?<=\A\s)[*_]|[*_](?=\s\Z)                    # the blank between may move out of an emphasis
    | \](?=[(\[:])                                  # the middle of a link or of a link's definition
    | <(?=[A-Za-z/!?])
    | &(?=\#?\w+;)
    | ~(?=~)|(?<=~)~
    | !(?=\[)
    """,
    re.VERBOSE,
)
#: What becomes markup together with what an element behind the text begins with.
_OPEN_END = re.compile(r"(?:[\]<!]|&\#?\w*)\Z")
_LINE_START = re.compile(
    r"""
    ^(?:
        (?=\#{1,6}(?:\s|$))                         # heading
      | (?=[-+*](?:\s|$))                           # bullet
      | (?=>)                                       # quote
      | (?=[=:|-][ \t=:|-]*$)                        # underline of a heading, delimiter row of a table
      | (?=(?:_[ \t]*){3,}$)                           # thematic break
    )
    """,
    re.VERBOSE | re.MULTILINE,
)
_LINE_STARTERS = frozenset("#-+*>=:|_0123456789")
_NUMBERED = re.compile(r"^(\d{1,9})(?=[.)](?:\s|$))", re.MULTILINE)
_BACKTICKS = re.compile("`+")
_CLOSING_HASHES = re.compile(r"(?:(?<=\s)|^)(?=#+$)")


def escape_text(text: str, *, in_link: bool = False, last: bool = True) -> str:
    """Text as inline Markdown that renders as that text; line starts are :func:`escape_line_starts`'s.

    :param in_link: the text is that of a link, where brackets count.
    :param last: nothing follows the text in its paragraph.
    """
    if not _SPECIAL.search(text):
        return text
    escaped = _INLINE.sub(r"\\\g<0>", text)
    if not last:
        escaped = _OPEN_END.sub(r"\\\g<0>", escaped)
    return _bracket_escaped(escaped) if in_link else escaped


def _bracket_escaped(text: str) -> str:
    return re.sub(r"(\\.)|([\[\]])", lambda match: match[1] or f"\\{match[2]}", text, flags=re.DOTALL)


def without_lone_escapes(paragraph: str) -> str:
    """A paragraph's Markdown without the escape of a single star or underscore, which cannot begin emphasis."""
    if "\\" not in paragraph or "`" in paragraph:
        return paragraph
    for mark in "*_":
        if paragraph.count(mark) == 1:
            paragraph = paragraph.replace(f"\\{mark}", mark)
    return paragraph


def escape_line_starts(text: str) -> str:
    """A paragraph's Markdown whose lines cannot be taken for headings, lists, quotes or tables."""
    if text[:1] not in _LINE_STARTERS and "\n" not in text:
        return text
    return _NUMBERED.sub(r"\1\\", _LINE_START.sub(r"\\", text))


def escape_heading(text: str) -> str:
    """A heading's Markdown whose last ``#`` are not dropped as a closing sequence."""
    return _CLOSING_HASHES.sub(r"\\", text) if text.endswith("#") else text


def code_span(text: str) -> str:
    """Text as an inline code span that shows exactly that text on one line."""
    content = text.replace("\n", " ")
    if not content.strip():
        return ""
    longest = max(map(len, _BACKTICKS.findall(content)), default=0)
    fence = "`" * (longest + 1)
    padded = content[0] == "`" or content[-1] == "`" or (content[0] == " " and content[-1] == " ")
    return f"{fence} {content} {fence}" if padded else f"{fence}{content}{fence}"


def code_fence(text: str, language: str = "") -> str:
    """Text as a fenced code block, the fence longer than any run of backticks inside."""
    longest = max(map(len, re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    info = "".join(character for character in language if character.isprintable() and character not in "` ")
    return f"{fence}{info}\n{text}\n{fence}"
