"""The fragment that Confluence gives a heading."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import quote

# What a fragment may hold unescaped by RFC 3986, section 3.5; parentheses stay out because Markdown links end there.
_SAFE = "-._~!$&'*+,;=:@/?"


def heading_anchor(text: str) -> str:
    """The fragment of a heading as Confluence Cloud's editor makes it, percent-encoded, without ``#``.

    White space becomes ``-``, case and punctuation stay: ``Set up (v2)`` → ``Set-up-%28v2%29``. Known from what tools
    that write into Confluence found out: github.com/sphinx-contrib/confluencebuilder/pull/921 (spaces to hyphens),
    github.com/kovetskiy/mark/issues/492 (case and ``/._`` kept).
    """
    return quote(re.sub(r"\s", "-", text.strip()), safe=_SAFE)


class Anchors:
    """The fragments of one page's headings, in order: the second of two equal ones ends in ``.1``.

    The suffix is what github.com/mihaeu/cosmere/issues/32 shows of a rendered page.
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def add(self, text: str) -> str:
        """The fragment of the next heading."""
        anchor = heading_anchor(text)
        self._seen[anchor] += 1
        repeated = self._seen[anchor] - 1
        return f"{anchor}.{repeated}" if repeated else anchor
