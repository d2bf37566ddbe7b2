"""Read a storage body into nodes: strictly as XML, and tolerantly when it is not well-formed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from html.entities import html5

from lxml import etree

from confluence_to_twig.content.characters import ILLEGAL, replace_illegal
from confluence_to_twig.content.nodes import MAX_DEPTH, Node
from confluence_to_twig.content.storage.tolerant import parse_tolerant

# A CDATA section or comment without an end runs to the end of the text, so that each is scanned only once.
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:#([0-9]{1,7}|[xX][0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));",
    re.DOTALL,
)
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
#: libxml2 compares each attribute of a tag with all others, so it does not get a tag of this many characters.
_LONG_TAG = 50_000
_HUGE_TAG = re.compile(f"<[^<>]{{{_LONG_TAG}}}")
_WRAPPER = '<root xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">', "</root>"


@dataclass(frozen=True)
class Parsed:
    """A body as nodes below one ``root`` node. ``tolerant``: it was not well-formed XML."""

    root: Node
    tolerant: bool


def parse_storage(storage: str, max_depth: int = MAX_DEPTH) -> Parsed:
    """Read storage format, or the HTML of a rendered body. Never raises for what the text contains.

    ``lxml`` in recovery mode silently drops text of ill-formed bodies, and HTML parsers turn CDATA into comments, so
    a body that is not well-formed goes to :func:`~confluence_to_twig.content.storage.tolerant.parse_tolerant` instead.

    :param max_depth: elements nested deeper are dissolved into their ancestor.
    """
    text = replace_illegal(storage)
    if len(text) > _LONG_TAG and _HUGE_TAG.search(text):
        return Parsed(parse_tolerant(text, max_depth), tolerant=True)
    start, end = _WRAPPER
    try:
        element = etree.fromstring(f"{start}{_resolve_references(text)}{end}", _parser())
    except etree.XMLSyntaxError:
        return Parsed(parse_tolerant(text, max_depth), tolerant=True)
    if _deeper_than(max_depth)(element):
        return Parsed(parse_tolerant(text, max_depth), tolerant=True)
    return Parsed(_from_element(element), tolerant=False)


@cache
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath("boolean(" + "/*" * (depth + 1) + ")")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        huge_tree=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )


def _resolve_references(text: str) -> str:
    """Named and numeric references as characters, outside CDATA and comments; unknown names as they are written."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    number, name = match.groups()
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        legal = 0 < code < 0x110000 and not ILLEGAL.match(chr(code))
        return match[0] if legal else "\ufffd"
    if name is None or name in _XML_ENTITIES:
        return match[0]
    character = html5.get(f"{name};")
    return f"&amp;{name};" if character is None else character


@lru_cache(maxsize=4096)
def _name(qualified: str) -> str:
    """``{ac}link`` → ``ac:link``; HTML names in lower case."""
    if qualified[0] == "{":
        namespace, _, local = qualified[1:].partition("}")
        return f"{namespace}:{local}"
    return qualified.lower()


def _from_element(element: etree._Element) -> Node:
    items = element.items()
    attributes = {_name(name): value for name, value in items} if items else {}
    children: list[Node | str] = []
    text = element.text
    if text:
        children.append(text)
    for child in element:
        children.append(_from_element(child))
        tail = child.tail
        if tail:
            children.append(tail)
    return Node(_name(element.tag), attributes, children)  # type: ignore[arg-type]
