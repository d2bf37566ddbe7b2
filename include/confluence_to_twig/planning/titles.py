"""Titles of pages, as Confluence compares them. Pure."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")


def title_key(title: str) -> str:
    """A title as Confluence compares it: case, white space and invisible characters do not matter."""
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFC", title))
    return " ".join(visible.split()).casefold()
