"""Read a storage body into nodes: strictly as XML, and tolerantly when it is not well-formed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5
from xml.parsers.expat import ExpatError, ParserCreate

from confluence_to_twig.content.characters import ILLEGAL, replace_illegal
from confluence_to_twig.content.nodes import MAX_DEPTH, Node, names
from confluence_to_twig.content.storage.tolerant import parse_tolerant

# A CDATA section or comment without an end runs to the end of the text, so that each is scanned only once. XML's own five
# names are left to the parser.
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?!(?:amp|lt|gt|quot|apos);)(?:#([0-9]{1,7}|[xX][0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));",
    re.DOTALL,
)
_XML_NAMES = ("&amp;", "&lt;", "&gt;", "&quot;", "&apos;")
#: Names of attributes that :func:`_name` leaves as they are; most are among these.
_USUAL_NAMES = names(
    "ac:name ac:schema-version ac:macro-id ri:content-title ri:filename ri:value ri:account-id ri:space-key ri:version-at-save "
    "ac:alt ac:width ac:align ac:layout ac:anchor ac:type ac:emoji-id ac:emoji-shortname ac:emoji-fallback ac:local-id "
    "local-id style class href data-layout data-width data-table-width datetime colspan rowspan start data-highlight-colour"
)
_WRAPPER = '<root xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">', "</root>"


@dataclass(frozen=True)
class Parsed:
    """A body as nodes below one ``root`` node. ``tolerant``: it was not well-formed XML."""

    root: Node
    tolerant: bool


def parse_storage(storage: str, max_depth: int = MAX_DEPTH) -> Parsed:
    """Read storage format, or the HTML of a rendered body. Never raises for what the text contains.

    Parsers that recover from errors silently drop text of ill-formed bodies, and HTML parsers turn CDATA into comments, so
    a body that is not well-formed goes to :func:`~confluence_to_twig.content.storage.tolerant.parse_tolerant` instead.

    :param max_depth: elements nested deeper are dissolved into their ancestor.
    """
    return parse_legal(replace_illegal(storage), max_depth)


def parse_legal(text: str, max_depth: int = MAX_DEPTH) -> Parsed:
    """The same for a text that went through :func:`~confluence_to_twig.content.characters.replace_illegal`."""
    try:
        return Parsed(_well_formed(text, max_depth), tolerant=False)
    except (ExpatError, _TooDeepError):
        return Parsed(parse_tolerant(text, max_depth), tolerant=True)


class _TooDeepError(Exception):
    """An element is nested deeper than the limit."""


def _well_formed(text: str, max_depth: int) -> Node:
    """The ``root`` node of well-formed XML. Raises ``ExpatError`` or :class:`_TooDeepError` for anything else."""
    top: list[Node | str] = []
    around: list[list[Node | str]] = []
    inside = top

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if len(around) >= max_depth:
            raise _TooDeepError
        children: list[Node | str] = []
        if attributes and not _USUAL_NAMES.issuperset(attributes):
            attributes = {_name(key): value for key, value in attributes.items()}
        inside.append(Node(_name(name), attributes, children))
        around.append(inside)
        inside = children

    def end(_name: str) -> None:
        nonlocal inside
        inside = around.pop()

    def data(text: str) -> None:
        inside.append(text)

    parser = ParserCreate(namespace_separator=":")
    parser.buffer_text = True
    parser.buffer_size = max(parser.buffer_size, 4 * len(text))  # bytes of UTF-8: each run of text comes whole
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    opening, closing = _WRAPPER
    parser.Parse(f"{opening}{_resolve_references(text)}{closing}", True)
    (root,) = top
    assert isinstance(root, Node)  # noqa: S101
    return root


def _resolve_references(text: str) -> str:
    """Named and numeric references as characters, outside CDATA and comments; unknown names as they are written."""
    ampersands = text.count("&")
    if not ampersands or ampersands == sum(map(text.count, _XML_NAMES)):
        return text
    return _REFERENCE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    number, name = match.groups()
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        legal = 0 < code < 0x110000 and not ILLEGAL.match(chr(code))
        return match[0] if legal else "\ufffd"
    if name is None:
        return match[0]
    character = html5.get(f"{name};")
    return f"&amp;{name};" if character is None else character


@lru_cache(maxsize=4096)
def _name(qualified: str) -> str:
    """``ac:link`` as it is; HTML names in lower case."""
    return qualified if ":" in qualified else qualified.lower()
