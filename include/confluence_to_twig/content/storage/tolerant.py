"""Read a body that is not well-formed XML without losing any of its text or code.

The rules are those browsers follow where they matter here (paragraphs, list items and cells close each other, stray end
tags are ignored), with three differences: CDATA is text, ``<x/>`` closes itself, and whatever does not look like
a known tag is kept as text. Every step looks at each character a bounded number of times.
"""

from __future__ import annotations

import html
import re

from confluence_to_twig.content.characters import replace_illegal
from confluence_to_twig.content.nodes import MAX_DEPTH, Node, names

_TAG = re.compile(r"""<(/?)([A-Za-z][\w:.-]*+)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
_TAG_WITH_OPEN_QUOTE = re.compile(r"<(/?)([A-Za-z][\w:.-]*+)([^<>]*+)>")
_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]++)(?:\s*+=\s*+("[^"]*"|'[^']*'|[^\s"'<>]++))?""")
_DECLARATION = re.compile(r"<[!?][^<>]*+>")
_CODE_END = re.compile(r"</ac:plain-text-(?:link-)?body\s*>")

VOID = frozenset({"br", "hr", "img", "col", "input", "wbr", "area", "base", "embed", "link", "meta", "source", "track"})
_BLOCKS = names("p div table ul ol dl h1 h2 h3 h4 h5 h6 pre blockquote hr section article ac:layout ac:layout-section")
_KNOWN = (
    _BLOCKS
    | VOID
    | names(
        "a abbr acronym address aside b bdi bdo big body button caption center cite code colgroup dd del details dfn "
        "dt em fieldset figcaption figure font footer form header html i iframe ins kbd label legend li main map mark "
        "nav noscript object option picture q rp rt ruby s samp select small span strike strong style sub summary sup "
        "svg tbody td textarea tfoot th thead time tr tt u var video audio script head title"
    )
)
#: What a start tag closes: the first of these found open, but none beyond the fence.
_TABLE_FENCE = frozenset({"table", "ac:rich-text-body"})
_PARAMETER = (frozenset({"ac:parameter"}), frozenset({"ac:structured-macro", "ac:rich-text-body"}))
_CLOSES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "ac:parameter": _PARAMETER,
    "ac:rich-text-body": _PARAMETER,
    "ac:plain-text-body": _PARAMETER,
    "li": (frozenset({"li"}), _TABLE_FENCE | {"ul", "ol", "td", "th"}),
    "dt": (frozenset({"dt", "dd"}), _TABLE_FENCE | {"dl", "td", "th"}),
    "dd": (frozenset({"dt", "dd"}), _TABLE_FENCE | {"dl", "td", "th"}),
    "td": (frozenset({"td", "th"}), _TABLE_FENCE | {"tr"}),
    "th": (frozenset({"td", "th"}), _TABLE_FENCE | {"tr"}),
    "tr": (frozenset({"tr"}), _TABLE_FENCE),
    "tbody": (frozenset({"tbody", "thead", "tfoot"}), _TABLE_FENCE),
    "thead": (frozenset({"tbody", "thead", "tfoot"}), _TABLE_FENCE),
    "tfoot": (frozenset({"tbody", "thead", "tfoot"}), _TABLE_FENCE),
}
#: An end tag of anything else does not reach beyond one of these.
_SCOPES = frozenset({"table", "td", "th", "ac:rich-text-body", "ac:structured-macro", "ac:layout-cell"})
_ENDED_BY_BLOCKS = frozenset({"p", "ac:parameter"})
_PARAGRAPH_FENCE = _SCOPES | {"li", "ac:link-body", "ac:task-body", "ac:caption"}


def parse_tolerant(text: str, max_depth: int = MAX_DEPTH) -> Node:
    """The nodes of ``text`` below a ``root`` node, at most ``max_depth`` deep."""
    builder = _Builder(max_depth)
    position = 0
    missing: set[str] = set()  # terminators that do not occur any more, so that they are looked for once only
    while (start := text.find("<", position)) >= 0:
        builder.text(text[position:start])
        position = _read_markup(text, start, builder, missing)
    builder.text(text[position:])
    return builder.root


def _read_markup(text: str, start: int, builder: _Builder, missing: set[str]) -> int:
    """Take in what begins with the ``<`` at ``start`` and return where the rest begins."""
    if text.startswith("<![CDATA[", start):
        content, end = _cdata(text, start + 9, missing)
        builder.literal(content)
        return end
    if text.startswith("<!--", start) and (end := _find(text, "-->", start + 4, missing)) >= 0:
        return end + 3
    tag = _TAG.match(text, start) or _TAG_WITH_OPEN_QUOTE.match(text, start)
    if tag and (":" in tag[2] or tag[2].lower() in _KNOWN):
        builder.tag(tag)
        return tag.end()
    if declaration := _DECLARATION.match(text, start):
        return declaration.end()
    builder.literal("<")
    return start + 1


def _find(text: str, terminator: str, start: int, missing: set[str]) -> int:
    if terminator in missing:
        return -1
    found = text.find(terminator, start)
    if found < 0:
        missing.add(terminator)
    return found


def _cdata(text: str, start: int, missing: set[str]) -> tuple[str, int]:
    """The content of a CDATA section and where the text goes on, also when its end is missing."""
    end = _find(text, "]]>", start, missing)
    limit = end if end >= 0 else len(text)
    code_end = _CODE_END.search(text, start, limit)
    if code_end and (end < 0 or text.find("<![CDATA[", code_end.end(), end) >= 0):
        return text[start : code_end.start()], code_end.start()
    return text[start:limit], limit + 3 if end >= 0 else limit


class _Builder:
    """The open elements and the tree built so far."""

    def __init__(self, max_depth: int) -> None:
        self._max_depth = max_depth
        self.root = Node("root")
        self._open = [self.root]
        self._dissolved: list[str] = []  # names of open elements beyond the depth limit

    def text(self, text: str) -> None:
        """Add text with references."""
        if text:
            self.literal(_unescape(text))

    def literal(self, text: str) -> None:
        """Add text as it stands."""
        if text:
            self._open[-1].children.append(text)

    def tag(self, match: re.Match[str]) -> None:
        """Open or close an element."""
        slash, name, attributes = match.groups()
        name = name.lower()
        if slash:
            self._close(name)
            return
        self._make_room(name)
        closed = name in VOID or attributes.endswith("/")
        self._start(Node(name, _attributes(attributes)), closed)

    def _start(self, node: Node, closed: bool) -> None:
        if len(self._open) < self._max_depth:
            self._open[-1].children.append(node)
            if not closed:
                self._open.append(node)
        elif closed:
            self._open[-1].children.append(node)
        else:
            self._open[-1].children.append(" ")  # keep the words of dissolved elements apart
            self._dissolved.append(node.tag)

    def _make_room(self, name: str) -> None:
        if name in _BLOCKS:
            self._close_open(_ENDED_BY_BLOCKS, _PARAGRAPH_FENCE)
        elif name in _CLOSES:
            self._close_open(*_CLOSES[name])

    def _close_open(self, names: frozenset[str], fence: frozenset[str]) -> None:
        for index in range(len(self._open) - 1, 0, -1):
            tag = self._open[index].tag
            if tag in names:
                del self._open[index:]
                return
            if tag in fence:
                return

    def _close(self, name: str) -> None:
        if self._dissolved:
            if self._dissolved[-1] == name:
                self._dissolved.pop()
                return
            if name not in _SCOPES:
                return
        fence = frozenset[str]() if name in _SCOPES else _SCOPES
        depth = len(self._open)
        self._close_open(frozenset({name}), fence)
        if len(self._open) < depth:
            self._dissolved.clear()


def _attributes(text: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(text):
        bare = value[1:-1] if value[:1] in {'"', "'"} else value
        attributes.setdefault(name.lower(), _unescape(bare))
    return attributes


def _unescape(text: str) -> str:
    return replace_illegal(html.unescape(text)) if "&" in text else text
