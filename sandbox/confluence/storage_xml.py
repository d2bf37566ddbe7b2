"""Storage format as an element tree: namespaces declared, HTML entities known."""

from __future__ import annotations

import html
import re

from lxml import etree

NAMESPACES = {
    "ac": "http://atlassian.com/content",
    "ri": "http://atlassian.com/resource/identifier",
    "at": "http://atlassian.com/template",
}
Element = etree._Element
_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
_DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
_CDATA_OR_ENTITY = re.compile(r"<!\[CDATA\[.*?\]\]>|&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]*;", re.DOTALL)


def parse(storage: str) -> Element:
    """The body below one root element.

    :raises etree.XMLSyntaxError: when it is not well-formed.
    """
    known = _CDATA_OR_ENTITY.sub(_as_character, storage)
    parser = etree.XMLParser(resolve_entities=False, huge_tree=True, remove_comments=True, remove_pis=True)
    return etree.fromstring(f"<body {_DECLARATIONS}>{known}</body>", parser)


def _as_character(match: re.Match[str]) -> str:
    text = match.group()
    return text if text.startswith("<") else html.unescape(text)


def name(element: Element) -> str:
    """``ac:link`` or ``p``."""
    qualified = etree.QName(element)
    prefix = _PREFIXES.get(qualified.namespace or "")
    return f"{prefix}:{qualified.localname}" if prefix else qualified.localname


def attribute(element: Element, qualified_name: str, default: str = "") -> str:
    """The value of ``ac:name`` and the like."""
    prefix, _, local = qualified_name.rpartition(":")
    return str(element.get(f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local, default))


def find(element: Element, *names: str) -> Element | None:
    """The first direct child with one of these names."""
    return next((child for child in element if name(child) in names), None)


def text_of(element: Element | None) -> str:
    """All text inside, as it stands."""
    return "" if element is None else "".join(map(str, element.itertext()))
