"""Addresses of the web pages and files of a site, relative to its base unless said otherwise."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from sandbox.confluence.model import Attachment, Comment, Content, Space


def webui(space: Space, content: Content) -> str:
    """The address in the browser. It changes with title and space alias, so it is no identity."""
    root = f"/spaces/{quote(space.active_key, safe='~')}"
    if content.id == space.homepage_id:
        return f"{root}/overview"
    if content.kind == "blogpost":
        return f"{root}/blog/{content.created_at:%Y/%m/%d}/{content.id}/{quote_plus(content.title)}"
    if content.kind == "page":
        return f"{root}/pages/{content.id}/{quote_plus(content.title)}"
    return f"{root}/{content.kind}/{content.id}"


def datacenter_webui(space: Space, content: Content) -> str:
    """By title where an address can hold it, else by id."""
    if content.kind == "page" and re.fullmatch(r"[\w .,-]+", content.title, re.ASCII):
        return f"/display/{space.key}/{quote_plus(content.title)}"
    return f"/pages/viewpage.action?pageId={content.id}"


def tinyui(content_id: int) -> str:
    """The short address: base64 of the id's little-endian bytes, stable across renames."""
    data = content_id.to_bytes(8, "little").rstrip(b"\0")
    return "/x/" + base64.b64encode(data).decode().rstrip("=").replace("/", "-").replace("+", "_")


def editui(content: Content) -> str:
    return f"/pages/resumedraft.action?draftId={content.id}"


def comment_webui(space: Space, content: Content, comment: Comment) -> str:
    return f"{webui(space, content)}?focusedCommentId={comment.id}"


def attachment_download(attachment: Attachment) -> str:
    modified = round(attachment.version.created_at.timestamp() * 1000)
    version = f"version={attachment.version.number}&modificationDate={modified}&cacheVersion=1&api=v2"
    return f"/download/attachments/{attachment.content_id}/{quote(attachment.file_name)}?{version}"


def attachment_webui(attachment: Attachment) -> str:
    preview = quote(f"/{attachment.content_id}/{attachment.id}/{attachment.file_name}", safe="")
    return f"/pages/viewpageattachments.action?pageId={attachment.content_id}&preview={preview}"


def attachment_id(attachment: Attachment) -> str:
    """Attachment ids carry a prefix on the wire."""
    return f"att{attachment.id}"
