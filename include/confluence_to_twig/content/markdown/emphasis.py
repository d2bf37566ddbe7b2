"""Place the delimiters of emphasis where CommonMark reads them as such.

While a paragraph is rendered, marks stand for emphasis (noncharacters that no body contains). The text around them
decides what they become: ``**`` next to a letter on one side and to punctuation on the other is not emphasis
(https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run), which happens all the time in Korean and Japanese,
where particles follow without a blank. In that case the punctuation moves out, or the emphasis is dropped. The text
itself never changes.
"""

from __future__ import annotations

import re
import unicodedata

STRONG, STRONG_END = "\ufdd0", "\ufdd1"
EMPHASIS, EMPHASIS_END = "\ufdd2", "\ufdd3"
STRUCK, STRUCK_END = "\ufdd4", "\ufdd5"
#: A line break; the place of a code span; the place of the second half of a link, ``](url)``.
BREAK, CODE, LINK_END = "\ufdd6", "\ufdd7", "\ufdd8"

_END_OF = {STRONG: STRONG_END, EMPHASIS: EMPHASIS_END, STRUCK: STRUCK_END}
_MARKS = re.compile("[\ufdd0-\ufdd5]")
_SPLIT = re.compile("([\ufdd0-\ufdd5])")
#: An end followed by a start of the same kind is no boundary, nor is it where only blanks stand between.
_JOINTS = re.compile(f"{STRONG_END}( *){STRONG}|{EMPHASIS_END}( *){EMPHASIS}|{STRUCK_END}( *){STRUCK}")
_BLANKS = f" \t\n{BREAK}"
_IMMOVABLE = frozenset("`[]<>\\*_~!" + CODE + LINK_END)


def place_emphasis(marked: str) -> str:
    """``marked`` with its emphasis marks turned into delimiters that render, or removed where none can."""
    if marked.isprintable() or not _MARKS.search(marked):  # no mark is a character that prints
        return marked
    pieces = _SPLIT.split(_JOINTS.sub(r"\1\2\3", marked))  # texts, and a mark between each two
    output: list[str] = [""]
    open_marks: list[tuple[str, int]] = []
    following = _following(pieces)
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            output.append(piece)
        elif piece in _END_OF:
            open_marks.append((piece, len(output)))
            output.append("")
        else:
            mark, start = open_marks.pop()
            inner = "".join(output[start:])
            nested = any(mark == outer for outer, _ in open_marks)
            before = _last_character(output, start)
            output[start:] = [inner if nested else _delimited(mark, inner, before, following[index])]
    return "".join(output)


def _last_character(output: list[str], end: int) -> str:
    for index in range(end - 1, -1, -1):
        if output[index]:
            return output[index][-1]
    return " "


def _following(pieces: list[str]) -> list[str]:
    """For each piece, the first character of text behind it."""
    following = []
    character = " "
    for index in range(len(pieces) - 1, -1, -1):
        following.append(character)
        if index % 2 == 0 and pieces[index]:
            character = pieces[index][0]
    return following[::-1]


def _delimited(mark: str, inner: str, before: str, after: str) -> str:
    """``inner`` between delimiters, blanks and where necessary punctuation at its ends left outside."""
    core = inner.strip(_BLANKS)
    if not core:
        return inner
    start = inner.index(core)
    lead, trail = inner[:start], inner[start + len(core) :]
    moved_lead, core = _move_punctuation(core, lead[-1] if lead else before)
    core, moved_trail = _move_trailing(core, trail[0] if trail else after)
    if not core:
        return inner
    lead, trail = lead + moved_lead, moved_trail + trail
    delimiter = _delimiter(mark, core, lead[-1] if lead else before, trail[0] if trail else after)
    return f"{lead}{delimiter}{core}{delimiter}{trail}"


def _move_punctuation(core: str, before: str) -> tuple[str, str]:
    """Leading punctuation that keeps a delimiter from opening, and the rest; an empty rest when it cannot be moved."""
    if not _is_word(before) or not _is_punctuation(core[0]):
        return "", core
    count = 0
    while count < len(core) and _is_punctuation(core[count]):
        if core[count] in _IMMOVABLE:
            return "", ""
        count += 1
    rest = core[count:].lstrip(_BLANKS)
    if rest.startswith(("\\", "*", "_", "~")):
        return "", ""
    return core[: len(core) - len(rest)], rest


def _move_trailing(core: str, after: str) -> tuple[str, str]:
    """The same at the end: what stays inside, and the punctuation that moves out."""
    moved, rest = _move_punctuation(core[::-1], after) if core else ("", "")
    return rest[::-1], moved[::-1]


def _delimiter(mark: str, core: str, before: str, after: str) -> str:
    if mark == STRONG:
        return "" if "*" in (before, after) else "**"
    if mark == STRUCK:
        return "" if "~" in (before, after, core[0], core[-1]) else "~~"
    if not (_is_word(before) or _is_word(after)):
        return "" if "_" in (before, after) else "_"
    return "" if "*" in (before, after, core[0], core[-1]) else "*"


def _is_word(character: str) -> bool:
    return not (character.isspace() or character == BREAK or _is_punctuation(character))


def _is_punctuation(character: str) -> bool:
    return character in (CODE, LINK_END) or unicodedata.category(character)[0] in "PS"
