"""Emoticons by character."""

from __future__ import annotations

import re
import unicodedata
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
    "blue-star": "⭐", "yellow_star": "⭐", "red_star": "⭐", "green_star": "⭐", "blue_star": "⭐", "light_bulb_on": "💡",
    "light_bulb_off": "💡", "light_bulb": "💡", "plus_one": "👍", "thumbs_up": "👍", "thumbs_down": "👎", "thumbsup": "👍", "thumbsdown": "👎",
    "question_mark": "❓", "exclamation": "❗", "exclamation_mark": "❗", "flag_on": "🚩", "flag_off": "🏳️", "tada": "🎉",
    "white_check_mark": "✅", "x": "❌", "broken_heart": "💔", "slight_smile": "🙂", "grinning": "😀", "joy": "😂", "eyes": "👀",
    "bulb": "💡", "pushpin": "📌", "link": "🔗", "lock": "🔒", "key": "🔑", "calendar": "📅", "dart": "🎯", "books": "📚",
    "information_source": "ℹ️", "bangbang": "‼️", "point_right": "👉", "wave": "👋", "clap": "👏", "muscle": "💪", "pray": "🙏",
    "heart": "❤️", "broken-heart": "💔", "info": "ℹ️", "check_mark": "✅", "cross_mark": "❌", "note": "📝", "star": "⭐",
}  # fmt: skip


def emoji(node: Node) -> str:
    """The character of an ``ac:emoticon``, or its short name (``:party:``) for a custom emoji of the site."""
    fallback = node.get("ac:emoji-fallback")
    if fallback and not fallback.isascii() and not fallback.startswith(":"):
        return fallback
    short_name = node.get("ac:emoji-shortname") or (fallback if fallback.startswith(":") else "")
    emoji_id = node.get("ac:emoji-id")
    named = short_name.strip(":")
    found = _BY_NAME.get(named) or _from_code_points(emoji_id) or _BY_NAME.get(emoji_id.removeprefix("atlassian-"))
    return found or _of_unicode(named) or short_name or _BY_NAME.get(node.get("ac:name"), "") or fallback


def _of_unicode(short_name: str) -> str:
    """``rocket`` by the name that the character has in Unicode."""
    try:
        character = unicodedata.lookup(short_name.replace("_", " "))
    except KeyError:
        return ""
    return character if unicodedata.category(character) == "So" else ""


def _from_code_points(emoji_id: str) -> str:
    """``1f469-200d-1f4bb`` as the character it stands for; empty when the id is not one of Unicode."""
    if not _CODE_POINTS.fullmatch(emoji_id):
        return ""
    text = "".join(chr(int(part, 16)) for part in emoji_id.split("-"))
    return "" if ILLEGAL.search(text) or any(map(_is_letter, text)) else text


def _is_letter(character: str) -> bool:
    """Whether it is a letter of a script: an id of a site's own emoji may look like the number of one (``b1a2``)."""
    return unicodedata.category(character).startswith("L") and character != "ℹ"
