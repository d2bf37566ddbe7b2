"""HTML files: what a browser shows of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import html as lxml_html
from lxml.etree import ParserError

from confluence_to_twig.content.attachments.plain_reader import plain
from confluence_to_twig.content.attachments.written import web_address, written
from confluence_to_twig.content.nodes import MAX_DEPTH, Node

if TYPE_CHECKING:
    from lxml.etree import _Element

_UNSEEN = frozenset({
    "script", "style", "head", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "audio", "video", "input", "select", "datalist",
})  # fmt: skip
_KEPT = ("href", "colspan", "rowspan", "start", "value")
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))", re.IGNORECASE)
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight-source|brush:)-?\s*([\w+#.-]+)")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]+)|<\?xml[^>]*encoding=[\"']([\w.:-]+)", re.IGNORECASE)
_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
#: Links of a heading to itself, which are shown while the mouse is over it.
_PERMALINKS = frozenset("¶#§🔗")
_BLANK = re.compile(r"\s+")


def html(data: bytes) -> str:
    """The visible text as Markdown, with headings, lists, tables, code, and links to addresses on the web.

    :raises UnreadableFileError: it is binary.
    """
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    text = _decoded(data).replace("\0", "")
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser)
    except ParserError:  # not one element
        return ""
    return written(_nodes(root, 0))


def _decoded(data: bytes) -> str:
    """UTF-8 where it is that, or else what the file says of itself, or else as other text."""
    declared = _CHARSET.search(data[:2_000])
    if declared and not data.startswith(_MARKS):
        for encoding in ("utf-8", (declared[1] or declared[2]).decode()):
            try:
                return data.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                continue
    return plain(data)


def _nodes(element: _Element, depth: int) -> list[Node | str]:
    """What an element shows."""
    tag = str(element.tag)
    if tag in _UNSEEN or "hidden" in element.attrib or _HIDDEN.search(element.get("style", "")):
        return []
    if tag == "img":
        return [element.get("alt", "")]
    inner: list[Node | str] = [element.text] if element.text else []
    if depth >= MAX_DEPTH:
        return ["".join(map(str, element.itertext()))]
    for child in element:
        inner += _nodes(child, depth + 1)
        inner += [child.tail] if child.tail else []
    address = element.get("href", "").strip()
    if tag == "a" and not web_address(address):
        is_permalink = address.startswith("#") and "".join(map(str, element.itertext())).strip() in _PERMALINKS
        return [] if is_permalink else inner
    attributes = {name: _BLANK.sub("%20", element.get(name, "").strip()) for name in _KEPT if name in element.attrib}
    if tag == "pre":
        attributes["data-language"] = _language(element)
    return [Node(tag, attributes, inner)]


def _language(code: _Element) -> str:
    """The language of a block of code, by the class of the block or of what is in it."""
    classes = (found for each in (code, *code) if (found := _LANGUAGE.search(each.get("class", ""))))
    return next((found[1] for found in classes), "")
