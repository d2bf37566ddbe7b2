"""The other representations of a storage body: rendered HTML (``view``) and ``atlas_doc_format``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from include.sandbox.confluence.model import Content, Packed, pack

if TYPE_CHECKING:
    from include.sandbox.confluence.store import Store

_TAG = re.compile(r"<[^>]*>")


def view(store: Store, content: Content) -> Packed:
    """The rendered body: the seed's own, else the storage body."""
    return content.view or content.storage


def atlas_doc(storage: str) -> str:
    """A document of plain paragraphs, as JSON text: enough to be valid, not a faithful conversion."""
    texts = (_TAG.sub("", part).strip() for part in storage.split("</p>"))
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in texts if text]
    return msgspec.json.encode({"type": "doc", "version": 1, "content": paragraphs}).decode()


def representation(store: Store, content: Content, name: str) -> Packed:
    """The body of ``content`` as ``storage``, ``atlas_doc_format`` or any of the rendered forms."""
    if name in ("storage", "editor"):
        return content.storage
    if name == "atlas_doc_format":
        return pack(atlas_doc(content.storage.text()))
    return view(store, content)
