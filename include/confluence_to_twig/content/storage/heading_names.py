"""What the new editor makes the fragment of a heading of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.nodes import Node, names
from confluence_to_twig.content.storage.emoji import emoji
from confluence_to_twig.content.storage.links import mention
from confluence_to_twig.content.storage.resolution import parameters

if TYPE_CHECKING:
    from confluence_to_twig.content.model import PageContext

#: The attribute that a heading carries it in, where it is not the heading's text.
NAMED = "data-named"
_KINDS = {"br": "[hardBreak]", "time": "[date]", "img": "[mediaInline]", "ac:image": "[mediaInline]"}
_MACROS = names("ac:structured-macro ac:macro ac:adf-extension")


def name_of_heading(heading: Node, context: PageContext) -> str:
    """The text of a heading as Atlassian's renderer reads it: of an inline node its text, or else its kind in brackets.

    By ``getHeadingId`` and ``getText`` of @atlaskit/renderer 136.1.2: ``attrs.text``, ``attrs.shortName``, else ``[type]``.
    """
    return "".join(_name(child, context) for child in heading.children)


def _name(node: Node | str, context: PageContext) -> str:
    if isinstance(node, str):
        return node
    if node.tag in _KINDS:
        return _KINDS[node.tag]
    if node.tag in _MACROS:
        return parameters(node).get("title", "") if node.get("ac:name") == "status" else "[inlineExtension]"
    if node.tag == "ac:emoticon":
        return emoji(node)
    if node.tag == "ac:link":
        return _name_of_link(node, context)
    if node.tag == "a" and node.get("data-card-appearance"):
        return "[inlineCard]"
    return name_of_heading(node, context)


def _name_of_link(node: Node, context: PageContext) -> str:
    if user := node.first("ri:user"):
        return mention(user, context)
    target = next((child for child in node.elements() if child.tag.startswith("ri:")), None)
    written = name_of_heading(node, context).strip()
    return written or (target.get("ri:content-title") or target.get("ri:filename") if target else "")
