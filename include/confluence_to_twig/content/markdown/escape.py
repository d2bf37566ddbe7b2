"""Escape what would otherwise render as markup, and nothing else.

The rules are those of CommonMark 0.31 with tables and strikethrough (https://spec.commonmark.org/0.31.2/).
"""

from __future__ import annotations

import re

from confluence_to_twig.content.markdown.emphasis import BREAK

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
#: Stands before an open end until it is known what follows.
OPEN = "\ufddc"
#: An open end that what follows completes. Marks of emphasis between may vanish; that of a link's end stands for ``](``.
_COMPLETED = re.compile(
    f"""{OPEN}(?=[\ufdd0-\ufdd5\ufdda\ufddb]*(?:
        ![\ufdd0-\ufdd5\ufdda\ufddb]*\\[
      | \\][\ufdd0-\ufdd5\ufdda\ufddb]*[(\\[:\ufdd8]
      | <[\ufdd0-\ufdd5\ufdda\ufddb]*[A-Za-z/!?]
      | &[\\#\\w\ufdd0-\ufdd5\ufdda\ufddb]{{1,40}};
    ))""",
    re.VERBOSE,
)
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
_RUNS = {mark: re.compile(rf"(?:\\{re.escape(mark)})+") for mark in "*_"}
_CHECKBOX = re.compile(r"\[[ xX]\](?:\s|$)")
_BACKTICKS = re.compile("`+")
_CLOSING_HASHES = re.compile(r"(?:(?<=\s)|^)(?=#+$)")


def escape_text(text: str, *, in_link: bool = False, last: bool = True) -> str:
    """Text as inline Markdown that renders as that text; line starts are :func:`escape_line_starts`'s.

    :param in_link: the text is that of a link, where brackets count.
    :param last: nothing follows the text in its paragraph.
    """
    if not _SPECIAL.search(text):
        return text
    escaped = _INLINE.sub(_behind_backslash, text)
    if not last:
        escaped = _OPEN_END.sub(_marked_as_open, escaped)
    return _bracket_escaped(escaped) if in_link else escaped


def _behind_backslash(match: re.Match[str]) -> str:
    return f"\\{match[0]}"


def _marked_as_open(match: re.Match[str]) -> str:
    return f"{OPEN}{match[0]}"


def close_open_ends(text: str) -> str:
    """A run with the open ends of its texts escaped where what follows makes markup of them."""
    return _COMPLETED.sub(r"\\", text).replace(OPEN, "")


def _bracket_escaped(text: str) -> str:
    return re.sub(r"(\\.)|([\[\]])", lambda match: match[1] or f"\\{match[2]}", text, flags=re.DOTALL)


def without_lone_escapes(paragraph: str) -> str:
    """A paragraph's Markdown without escapes of stars and underscores of which none can begin emphasis, or none can end it."""
    if "\\" not in paragraph or "`" in paragraph:
        return paragraph
    for mark in "*_":
        if paragraph.count(mark) == 1 or _none_pairs(paragraph, mark):
            paragraph = paragraph.replace(f"\\{mark}", mark)
    return paragraph


def _none_pairs(paragraph: str, mark: str) -> bool:
    """Whether all of a mark are escaped, and none that can end emphasis stands behind one that can begin it.

    So it is with ``*.py and *.js``, and with ``Setup_(version)_x64``.
    """
    if paragraph.count(mark) != paragraph.count(f"\\{mark}") or "\\\\" in paragraph:
        return False
    opened = False
    for run in _RUNS[mark].finditer(paragraph):
        before, behind = paragraph[run.start() - 1 : run.start()], paragraph[run.end() : run.end() + 1]
        opens, closes = _opens(before, behind, mark), _opens(behind, before, mark)
        if (opened and closes) or (_blank(before) and _blank(behind)):  # one between blanks may be a rule of its own
            return False
        opened = opened or opens
    return True


def _opens(before: str, behind: str, mark: str) -> bool:
    """Whether a run of marks can begin emphasis; with its neighbours exchanged, whether it can end it.

    Of signs that are no letters and not ASCII, renderers disagree whether they are punctuation: they may be either.
    """
    if _blank(behind) or (_punctuation(behind) and not (_blank(before) or _no_letter(before))):
        return False
    closes = not _blank(before) and (not _no_letter(before) or _blank(behind) or _punctuation(behind))
    return mark == "*" or not closes or _no_letter(before)


def _blank(character: str) -> bool:
    return not character or character.isspace() or character == BREAK


def _no_letter(character: str) -> bool:
    return not _blank(character) and not character.isalnum()


def _punctuation(character: str) -> bool:
    return character.isascii() and _no_letter(character)


def escape_line_starts(text: str) -> str:
    """A paragraph's Markdown whose lines cannot be taken for headings, lists, quotes or tables."""
    if text[:1] not in _LINE_STARTERS and "\n" not in text:
        return text
    return _NUMBERED.sub(r"\1\\", _LINE_START.sub(_behind_backslash, text))


def escape_checkbox(text: str) -> str:
    """The first paragraph of a list item, which is not to be taken for a task: ``[x] done`` was typed."""
    return f"\\{text}" if _CHECKBOX.match(text) else text


def escape_heading(text: str) -> str:
    """A heading's Markdown whose last ``#`` are not dropped as a closing sequence."""
    return _CLOSING_HASHES.sub(r"\\", text) if text.endswith("#") else text


def code_span(text: str) -> str:
    """Text as an inline code span that shows exactly that text on one line."""
    content = text.replace("\n", " ")
    if not content.strip():
        return ""
    if "`" not in content and content[0] != " ":
        return f"`{content}`"
    longest = max(map(len, _BACKTICKS.findall(content)), default=0)
    fence = "`" * (longest + 1)
    padded = content[0] == "`" or content[-1] == "`" or (content[0] == " " and content[-1] == " ")
    return f"{fence} {content} {fence}" if padded else f"{fence}{content}{fence}"


def code_fence(text: str, language: str = "") -> str:
    """Text as a fenced code block, the fence longer than any run of backticks inside."""
    longest = max(map(len, _BACKTICKS.findall(text)), default=2) if "```" in text else 2
    fence = "`" * (longest + 1)
    info = "".join(character for character in language if character.isprintable() and character not in "` ")
    return f"{fence}{info}\n{text}\n{fence}"
