"""The other representations of a storage body: rendered HTML (``view``, ``export_view``) and ``atlas_doc_format``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from sandbox.confluence.model import Content, Packed, pack
from sandbox.confluence.view import Renderer

if TYPE_CHECKING:
    from sandbox.confluence.store import Store

#: What listings give; the rendered forms come one content at a time.
BULK_FORMATS = ("storage", "atlas_doc_format")
_TAG = re.compile(r"<[^>]*>")


def representation(store: Store, content: Content, form: str) -> Packed:
    """The body of ``content`` as ``storage``, ``atlas_doc_format`` or any of the rendered forms."""
    if form in ("storage", "editor", "editor2"):
        return content.storage
    if form == "atlas_doc_format":
        return pack(atlas_doc(content.storage.text()))
    return content.view or _rendered(store, content)


def _rendered(store: Store, content: Content) -> Packed:
    known = store.view_cache.get(content.id)
    if known is None or known[0] is not content:  # a past version has the same id
        known = store.view_cache[content.id] = (content, pack(Renderer(store, content).body()))
    return known[1]


def atlas_doc(storage: str) -> str:
    """A document of plain paragraphs, as JSON text: valid, but no faithful conversion."""
    texts = (_TAG.sub("", part).strip() for part in storage.split("</p>"))
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in texts if text]
    return msgspec.json.encode({"type": "doc", "version": 1, "content": paragraphs}).decode()
