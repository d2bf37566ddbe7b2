"""Macros of Forge apps: extensions of the new editor, which storage format keeps with their settings and a fallback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.nodes import Node, names
from confluence_to_twig.content.storage.macros import inline_content
from confluence_to_twig.content.storage.resolution import IN_SENTENCE
from confluence_to_twig.content.storage.shown import Shown, as_blocks, as_sentence, missing_in, shown_attributes

if TYPE_CHECKING:
    from confluence_to_twig.content.storage.resolution import Replacement, Resolution

_KINDS = names("extension inline-extension bodied-extension multi-bodied-extension")


def is_app(node: Node) -> bool:
    """Whether an ``ac:adf-node`` is the macro of an app."""
    return node.get("type").lower().replace("_", "-") in _KINDS


def resolve_app(extension: Node, app: Node, state: Resolution) -> Replacement:
    """The body of the macro, or else its fallback, with the settings that a reader sees."""
    name = _name(app)
    state.count(f"macro:{name}")
    state.unknown_macros.add(name)
    shown = shown_attributes(app, state)
    body = _content(app, "ac:adf-content", state) or _content(extension, "ac:adf-fallback", state)
    instead = "" if body or shown != Shown() else _attributes(app).get("text", "")
    body = [Node("p", {}, [instead])] if instead else body
    extra = missing_in(body, shown)
    extra.lists, extra.references = shown.lists, shown.references
    in_sentence = IN_SENTENCE in extension.attrs or app.get("type").startswith("inline")
    words = inline_content(body) if in_sentence else None
    made = as_blocks(extra, body) if words is None else as_sentence(extra, words)
    if not made:
        state.leave_out(name, "an app that shows its text only in Confluence")
    return made


def _content(parent: Node, tag: str, state: Resolution) -> Replacement:
    """What stands in the elements of that name; nothing when they show nothing."""
    found = Node("div", {}, [part for child in parent.elements() if child.tag == tag for part in child.children])
    children = state.resolve(found, state).children
    shows = found.text().strip() or any(node.tag in {"img", "a"} for node in found.walk())
    return children if shows else []


def _name(app: Node) -> str:
    """The title of the macro, or the last part of its key: ``…/static/countdown``."""
    values = _attributes(app)
    key = values.get("extension-key", "").rstrip("/").rpartition("/")[2]
    return values.get("extension-title") or key or "(no name)"


def _attributes(app: Node) -> dict[str, str]:
    settings = (node for node in app.walk() if node.tag in {"ac:adf-attribute", "ac:adf-parameter"})
    return {node.get("key"): node.text().strip() for node in settings}
