"""Characters that must not reach the tree, or not the Markdown."""

from __future__ import annotations

import re

# What XML forbids, and the noncharacters U+FDD0 to U+FDEF, which the inline renderer uses as marks.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

_CONTROLS = bytes(code for code in range(128) if ILLEGAL.match(chr(code)))

#: Characters without width that editors leave behind. They are invisible, and search does not find a word with one
#: inside.
INVISIBLE = "\u00ad\u200b\u2060\ufeff"
_INVISIBLE = re.compile(f"[{INVISIBLE}]")


def replace_illegal(text: str) -> str:
    """Put U+FFFD in place of lone surrogates and noncharacters, spaces for form feeds; drop other control characters."""
    return ILLEGAL.sub(_substitute, text) if _may_be_illegal(text) else text


def _may_be_illegal(text: str) -> bool:
    """Whether something is illegal, or begins in UTF-8 as that does; told in half the time of looking for it."""
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return True
    return len(data.translate(None, _CONTROLS)) < len(data) or b"\xef\xb7" in data or b"\xef\xbf" in data


def _substitute(match: re.Match[str]) -> str:
    if match[0] >= "\ud800":
        return "\ufffd"
    return " " if match[0] in "\x0b\x0c" else ""


def without_invisible(text: str) -> str:
    """Text without soft hyphens, zero-width blanks and byte order marks; joiners, which change what is seen, stay."""
    return text if text.isascii() or text.isprintable() else _INVISIBLE.sub("", text)  # of which none is printable
