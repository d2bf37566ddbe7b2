"""Emoticons by character."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confluence_to_twig.content.characters import ILLEGAL

if TYPE_CHECKING:
    from confluence_to_twig.content.nodes import Node

_CODE_POINTS = re.compile(r"[0-9a-f]{4,5}(?:-[0-9a-f]{4,5})*")

#: ``ac:name`` of the emoticons of the old editor, and of Atlassian's own emoji, as characters.
_BY_NAME = {
    "smile": "🙂", "sad": "🙁", "cheeky": "😛", "laugh": "😀", "wink": "😉", "thumbs-up": "👍", "thumbs-down": "👎",
    "information": "ℹ️", "tick": "✅", "cross": "❌", "warning": "⚠️", "plus": "➕", "minus": "➖", "question": "❓",
    "light-on": "💡", "light-off": "💡", "yellow-star": "⭐", "red-star": "⭐", "green-star": "⭐",
    "heart": "❤️", "broken-heart": "💔", "info": "ℹ️", "check_mark": "✅", "cross_mark": "❌", "note": "📝", "star": "⭐",
}  # fmt: skip


def emoji(node: Node) -> str:
    """The character of an ``ac:emoticon``, or its short name (``:party:``) for a custom emoji of the site."""
    fallback = node.get("ac:emoji-fallback")
    if fallback and not fallback.isascii() and not fallback.startswith(":"):
        return fallback
    short_name = node.get("ac:emoji-shortname") or fallback
    by_name = _BY_NAME.get(short_name.strip(":")) or _from_code_points(node.get("ac:emoji-id"))
    if by_name:
        return by_name
    return short_name or _BY_NAME.get(node.get("ac:name"), "")


def _from_code_points(emoji_id: str) -> str:
    """``1f469-200d-1f4bb`` as the character it stands for; empty when the id is not one of Unicode."""
    if not _CODE_POINTS.fullmatch(emoji_id):
        return ""
    text = "".join(chr(int(part, 16)) for part in emoji_id.split("-"))
    return "" if ILLEGAL.search(text) else text
