"""Macros of diagrams: their source as code, or the words of the drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.attachments.drawn import drawn_nodes
from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.diagrams.drawio import drawio_text
from confluence_to_twig.content.diagrams.encoded import decoded_source, from_base64
from confluence_to_twig.content.diagrams.gliffy import gliffy_text
from confluence_to_twig.content.nodes import Node
from confluence_to_twig.content.storage.links import composed, file_reference
from confluence_to_twig.content.storage.macro_rules import fenced
from confluence_to_twig.content.storage.resolution import parameters, plain_body, rich_lines

if TYPE_CHECKING:
    from confluence_to_twig.content.storage.macro_rules import Rule
    from confluence_to_twig.content.storage.resolution import Replacement, Resolution

#: Parameters that hold a diagram's source where the macro has no body, and its name; in lower case, best first.
_SOURCES = (
    "data",
    "source",
    "code",
    "definition",
    "umldefinition",
    "diagramdefinition",
    "diagram",
    "uml",
    "mermaid",
    "text",
)
_NAMES = ("diagramdisplayname", "displayname", "diagramname", "name", "filename")
_LONG_WORD = 80
_SUFFIXES = (
    "",
    ".drawio",
    ".xml",
    ".drawio.xml",
    ".gliffy",
    ".mmd",
    ".mermaid",
    ".puml",
    ".plantuml",
    ".dot",
    ".gv",
    ".svg",
)


def source_rule(language: str) -> Rule:
    """The rule for diagrams with a text source: the source as code, or else what there is of the diagram."""

    def rule(macro: Node, state: Resolution) -> Replacement:
        values = _values(macro)
        source = _source(macro, values) or _attached(values, state)
        return fenced(source, language, values.get("title", "")) if source else drawing(macro, state)

    return rule


plantuml = source_rule("plantuml")
mermaid = source_rule("mermaid")
graphviz = source_rule("dot")


def drawing(macro: Node, state: Resolution) -> Replacement:
    """A drawing: its name, and what its shapes and arrows say where its source is in the macro or its file was read."""
    values = _values(macro)
    name = _name(values)
    text = _drawn(_source(macro, values)) or _attached(values, state)
    head = [Node("p", {}, [f"Diagram: {name}"])] if name else file_reference(macro, state)
    return [*head, *drawn_nodes(text)]


def _values(macro: Node) -> dict[str, str]:
    return {name.lower(): value for name, value in parameters(macro).items()}


def _name(values: dict[str, str]) -> str:
    return next((values[key] for key in _NAMES if values.get(key)), "")


def _source(macro: Node, values: dict[str, str]) -> str:
    body = plain_body(macro) or rich_lines(macro)
    stored = body if body.strip() else next((values[name] for name in _SOURCES if values.get(name)), "")
    source = decoded_source(stored)
    if source != stored.strip():
        return source
    return "" if _is_packed(source) else stored.strip("\n")


def _is_packed(source: str) -> bool:
    """Whether what could not be unpacked is no text either: it is damaged, or a bomb."""
    return len(source) > _LONG_WORD and from_base64(source) is not None


def _drawn(source: str) -> str:
    """The words of a drawing whose XML or JSON is in the macro itself."""
    try:
        if source.startswith(("<mxfile", "<mxGraphModel")):
            return drawio_text(source.encode("utf-8", "replace"))
        return gliffy_text(source.encode("utf-8", "replace")) if '"stage"' in source else ""
    except UnreadableFileError:
        return ""  # as a file that cannot be read: the name is all there is


def _attached(values: dict[str, str], state: Resolution) -> str:
    """The text of the page's file that one of the macro's names means, which stands here instead of below the page.

    A drawing may be shown under another name than its file has.
    """
    named = [values[key] for key in _NAMES if values.get(key)]
    wanted = {composed(name + suffix) for name in named for suffix in _SUFFIXES}
    for attachment in state.context.attachments:
        if attachment.text and composed(attachment.title) in wanted:
            state.drawn.add(attachment.title)
            return attachment.text
    return ""
