"""Confluence storage format → plain HTML nodes: every ``ac:`` and ``ri:`` element becomes its visible content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.nodes import Node, names, only_text
from confluence_to_twig.content.storage.apps import is_app, resolve_app
from confluence_to_twig.content.storage.emoji import emoji
from confluence_to_twig.content.storage.heading_names import NAMED, name_of_heading
from confluence_to_twig.content.storage.links import html_image, resolve_image, resolve_link, smart_link
from confluence_to_twig.content.storage.macro_rules import PANELS
from confluence_to_twig.content.storage.macros import resolve_macro
from confluence_to_twig.content.storage.resolution import IN_SENTENCE, apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluence_to_twig.content.storage.resolution import Replacement, Resolution

#: Elements whose text is not visible on the page.
_HIDDEN = names(
    "ac:placeholder ac:adf-mark ac:adf-attribute ac:adf-fragment-mark ac:task-id ac:task-uuid script style head"
)

_SHOWN_WITHOUT_TEXT = names("ac:image ac:link ac:structured-macro ac:emoticon img time")

#: HTML elements that the report counts, and under which name.
_COUNTED = dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading") | {
    tag: tag for tag in ("table", "ul", "ol", "dl", "pre", "blockquote", "hr")
}

#: HTML elements that stay unchanged.
_PLAIN = _COUNTED.keys() | names("p br li tr td th tbody thead strong em b i u code span div del col colgroup sub sup")


_HEADINGS = names("h1 h2 h3 h4 h5 h6")
_MACROS = frozenset({"ac:structured-macro", "ac:macro", "ac:adf-extension"})
_SENTENCES = names("p h1 h2 h3 h4 h5 h6 span strong b em i u a dt ac:link-body ac:inline-comment-marker")
_INLINE = names("strong b em i u s a code span sub sup time ac:link ac:emoticon ac:inline-comment-marker")


def resolve(root: Node, state: Resolution) -> Node:
    """Turn the storage nodes below ``root`` into plain HTML nodes, in place, and return it."""
    _resolve_children(root, state)
    return root


def _resolve_children(node: Node, state: Resolution) -> None:
    """Resolve the innermost elements first, so that a macro's rule sees plain bodies."""
    children: Replacement = []
    spoken: bool | None = None
    for position, child in enumerate(node.children):
        if isinstance(child, str):
            children.append(child)
        elif child.tag in _PLAIN:
            if counted := _COUNTED.get(child.tag):
                state.count(counted)
                if child.tag in _HEADINGS and not only_text(child.children):
                    child.attrs[NAMED] = name_of_heading(child, state.context)
            if not only_text(child.children):
                _resolve_children(child, state)
            children.append(child)
        else:
            if child.tag in _MACROS:
                if spoken is None:
                    spoken = node.tag in _SENTENCES and any(map(_speaks, node.children))
                if spoken or _beside_text(node, position):
                    child.attrs[IN_SENTENCE] = ""
            children.extend(_resolve_element(child, state))
    node.children = children


def _speaks(child: Node | str) -> bool:
    """Whether a child is text of a sentence. Macros are not: they may be blocks."""
    return bool(child.strip()) if isinstance(child, str) else child.tag in _INLINE


def _beside_text(parent: Node, position: int) -> bool:
    """Whether a macro stands directly beside text, in a place that has no paragraphs."""
    neighbours = [*parent.children[max(0, position - 1) : position], *parent.children[position + 1 : position + 2]]
    return any(map(_speaks, neighbours))


def _resolve_element(node: Node, state: Resolution) -> Replacement:
    tag = node.tag
    if tag in _HIDDEN:
        if tag == "ac:placeholder" and (hint := node.text().strip()):
            state.leave_out(hint, "a hint of the template, which readers do not see", seen=False)
        return []
    if tag == "ac:parameter":
        return [node]  # a value for the rule of the macro around it: a link in it says which page, and is shown nowhere
    if tag == "ac:adf-extension":
        app = node.first("ac:adf-node")
        if app is not None and is_app(app):
            return resolve_app(node, app, state)
        _drop_fallback(node)
    elif tag == "ac:adf-node":
        node.attrs["data-label"] = _adf_label(node)
    if not only_text(node.children):
        _resolve_children(node, state)
    rule = _RULES.get(tag)
    if rule:
        return rule(node, state)
    return _unknown_element(node, state) if tag.startswith("ac:") else [node]


def _drop_fallback(extension: Node) -> None:
    """An ADF extension has its content twice; use the fallback only when there is no other."""
    if _says_something(extension):
        extension.children = [
            child for child in extension.children if not (isinstance(child, Node) and child.tag == "ac:adf-fallback")
        ]


def _says_something(extension: Node) -> bool:
    pending: list[Node | str] = [extension]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            if part.strip():
                return True
        elif part.tag in _SHOWN_WITHOUT_TEXT:
            return True
        elif part.tag not in {"ac:adf-attribute", "ac:adf-fallback"}:
            pending.extend(part.children)
    return False


def _adf_label(node: Node) -> str:
    """The label of a panel of the new editor; storage format has separate elements for all kinds except the note."""
    kinds = (
        child.text()
        for child in node.elements()
        if child.tag == "ac:adf-attribute" and child.get("key") == "panel-type"
    )
    return PANELS.get(next(kinds, "note").strip().lower(), "")


def _unknown_element(node: Node, state: Resolution) -> Replacement:
    if node.tag not in _TRANSPARENT:
        state.count(f"element:{node.tag[3:]}")
    return node.children


#: Elements that stay until the rule of the element around them has read them.
_TRANSPARENT = frozenset({"ac:adf-fallback", "ac:adf-extension"})


def _keep(node: Node, _state: Resolution) -> Replacement:
    return [node]


def _time(node: Node, state: Resolution) -> Replacement:
    state.count("date")
    return [apart([node.get("datetime") or node.text()])]


def _anchor_or_link(node: Node, state: Resolution) -> Replacement:
    """A link. One that is shown as a card is a block of its own."""
    if node.get("href"):
        smart_link(node, state)
        return [Node("div", {}, [node])] if node.get("data-card-appearance") in {"block", "embed"} else [node]
    return node.children


def _emoticon(node: Node, state: Resolution) -> Replacement:
    state.count("emoji")
    return [emoji(node)]


def _layout_part(name: str) -> Callable[[Node, Resolution], Replacement]:
    def rule(node: Node, state: Resolution) -> Replacement:
        state.count(name)
        return [Node("div", {}, node.children)]

    return rule


def _task_list(node: Node, state: Resolution) -> Replacement:
    """``ac:task-list``, where lists of sub-tasks stand beside their parent task, not inside it."""
    state.count("task-list")
    items: Replacement = []
    for child in node.elements():
        if child.tag in {"ul", "ol"} and items and isinstance(items[-1], Node):
            items[-1].children.append(child)
        else:
            items.append(child)
    return [Node("ul", {}, items)]


def _task(node: Node, _state: Resolution) -> Replacement:
    status = node.first("ac:task-status")
    body = node.first("ac:task-body")
    box = Node("input", {"type": "checkbox"})
    if status and status.text().strip() == "complete":
        box.attrs["checked"] = ""
    rest = [child for child in node.elements() if child.tag not in {"ac:task-status", "ac:task-body"}]
    return [Node("li", {}, [box, *(body.children if body else []), *rest])]


def _adf_node(node: Node, state: Resolution) -> Replacement:
    """Panels, decisions and other nodes of the new editor that storage format has no element for."""
    kind = node.get("type")
    state.count(f"adf:{kind}")
    content: Replacement = []
    for child in node.children:
        if isinstance(child, str):
            content.append(child)
        elif child.tag == "ac:adf-content":
            content.extend(child.children)
        else:
            content.append(child)
    if kind == "panel":
        return [Node("blockquote", {"data-label": node.get("data-label")}, content)]
    if kind == "decision-list":
        return [Node("ul", {}, content)]
    if kind == "decision-item":
        return [Node("li", {}, ["Decision: ", *content])]
    return [Node("div", {}, content)]


_RULES: dict[str, Callable[[Node, Resolution], Replacement]] = {
    "ac:structured-macro": resolve_macro,
    "ac:macro": resolve_macro,
    "ac:link": resolve_link,
    "ac:image": resolve_image,
    "ac:emoticon": _emoticon,
    "ac:layout": lambda node, _state: node.children,
    "ac:layout-section": _layout_part("layout-section"),
    "ac:layout-cell": lambda node, _state: [Node("div", {}, node.children)],
    "ac:task-list": _task_list,
    "ac:task": _task,
    "ac:adf-node": _adf_node,
    "ac:inline-comment-marker": lambda node, _state: node.children,
    "a": _anchor_or_link,
    "img": lambda node, state: [html_image(node, state)],
    "time": _time,
} | dict.fromkeys(
    names(
        "ac:rich-text-body ac:plain-text-body ac:link-body ac:plain-text-link-body ac:caption "
        "ac:task-status ac:task-body ac:adf-content"
    ),
    _keep,
)
