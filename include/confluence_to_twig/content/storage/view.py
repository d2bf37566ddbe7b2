"""HTML that Confluence rendered → the same plain HTML nodes as for storage format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.nodes import Node, names

if TYPE_CHECKING:
    from confluence_to_twig.content.storage.resolution import Replacement

_DROPPED_CLASSES = names(
    "expand-control aui-icon confluence-information-macro-icon toc-macro hidden pagetree-loading plugin_pagetree "
    "blank-page-hint ajax-blank"
)
_PANEL_PREFIX = "confluence-information-macro-"
_LABELS = {"information": "Info", "note": "Note", "tip": "Tip", "warning": "Warning"}


def normalise_view(root: Node) -> Node:
    """A rendered body's panels, code blocks and controls as plain HTML, in place."""
    root.children = _children(root)
    return root


def _children(node: Node) -> Replacement:
    children: Replacement = []
    for child in node.children:
        if isinstance(child, str):
            children.append(child)
            continue
        classes = set(child.get("class").split())
        if classes & _DROPPED_CLASSES:
            continue
        child.children = _children(child)
        children.append(_element(child, classes))
    return children


def _element(node: Node, classes: set[str]) -> Node:
    if "confluence-information-macro" in classes:
        kind = next((name[len(_PANEL_PREFIX) :] for name in classes if name.startswith(_PANEL_PREFIX)), "")
        return Node("blockquote", {"data-label": _LABELS.get(kind, "")}, node.children)
    if "panelContent" in classes:
        return Node("blockquote", {}, node.children)
    if "status-macro" in classes:
        return Node("span", {"data-lozenge": ""}, node.children)
    if node.tag == "pre":
        return Node("pre", {"data-language": _brush(node.get("data-syntaxhighlighter-params"))}, node.children)
    return node


def _brush(parameters: str) -> str:
    """The language in ``brush: python; gutter: false``."""
    for part in parameters.split(";"):
        name, _, value = part.partition(":")
        if name.strip() == "brush":
            return value.strip()
    return ""
