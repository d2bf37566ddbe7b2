"""A hook of MkDocs: the built site must not ask another host for anything, be it a font, a script or a picture."""

from __future__ import annotations

import re
from typing import Any

from mkdocs.exceptions import PluginError

# What a browser fetches by itself. Plain links (<a href>) are followed by people, and stay.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\ssrc=["']?(?P<src>(?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b(?=[^>]*?\srel=["']?(?:stylesheet|preconnect|preload|icon|dns-prefetch))[^>]*?\shref=["']?(?P<href>(?:https?:)?//[^"'\s>]+)""",
    re.IGNORECASE,
)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Called by MkDocs with the HTML of each page. Raises ``PluginError`` naming the address that would be fetched."""
    if found := FETCHED.search(output):
        raise PluginError(f"{page.file.src_uri} would fetch {found['src'] or found['href']}")
    return output
