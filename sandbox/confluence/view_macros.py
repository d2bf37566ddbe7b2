"""Macros in rendered HTML. What the server gathers (include, excerpt-include, children, toc) comes from the store."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Protocol

from sandbox.confluence import storage_xml
from sandbox.confluence.storage_xml import Element, attribute, find, name, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.confluence.model import Content
    from sandbox.confluence.store import Store
    from sandbox.confluence.view import Addresses

INCLUDE_DEPTH = 3
PANELS = {"info": "information", "note": "note", "tip": "tip", "warning": "warning", "panel": "panel"}


class View(Protocol):
    """The renderer of one content, as far as macros need it."""

    store: Store
    content: Content
    addresses: Addresses
    depth: int

    def anchor(self, text: str) -> str: ...
    def body(self) -> str: ...
    def inside(self, element: Element | None) -> str: ...
    def page(self, title: str, space_key: str) -> Content | None: ...
    def page_link(self, title: str, space_key: str, text: str) -> str: ...
    def of(self, content: Content) -> View: ...


def render_macro(view: View, macro: Element) -> str:
    """The HTML of an ``ac:structured-macro``; an unknown one shows its body."""
    kind = attribute(macro, "ac:name")
    if kind in MACROS:
        return MACROS[kind](view, macro)
    body = view.inside(find(macro, "ac:rich-text-body")) or escape(text_of(find(macro, "ac:plain-text-body")))
    if kind in PANELS:
        title = _parameter(macro, "title")
        heading = f'<p class="title">{escape(title)}</p>' if title else ""
        return (
            f'<div class="confluence-information-macro confluence-information-macro-{PANELS[kind]}" '
            f'data-macro-name="{kind}">{heading}<div class="confluence-information-macro-body">{body}</div></div>'
        )
    return f'<div data-macro-name="{escape(kind)}">{body}</div>'


def _code(view: View, macro: Element) -> str:
    brush = escape(_parameter(macro, "language") or "none")
    code = escape(text_of(find(macro, "ac:plain-text-body")), quote=False)
    return (
        '<div class="code panel pdl"><div class="codeContent panelContent pdl">'
        f'<pre class="syntaxhighlighter-pre" data-syntaxhighlighter-params="brush: {brush}; gutter: false">{code}</pre>'
        "</div></div>"
    )


def _expand(view: View, macro: Element) -> str:
    title = escape(_parameter(macro, "title") or "Click here to expand...")
    return (
        f'<div class="expand-container"><div class="expand-control"><span class="expand-control-text">{title}</span>'
        f'</div><div class="expand-content">{view.inside(find(macro, "ac:rich-text-body"))}</div></div>'
    )


def _status(view: View, macro: Element) -> str:
    colour = escape(_parameter(macro, "colour").lower() or "default")
    return f'<span class="status-macro aui-lozenge aui-lozenge-{colour}">{escape(_parameter(macro, "title"))}</span>'


def _toc(view: View, macro: Element) -> str:
    headings = storage_xml.parse(view.content.storage.text()).iter("h1", "h2", "h3", "h4", "h5", "h6")
    items = "".join(
        f'<li><a href="#{escape(view.anchor(text_of(heading)))}">{escape(text_of(heading))}</a></li>'
        for heading in headings
    )
    return f'<div class="toc-macro" data-macro-name="toc"><ul>{items}</ul></div>'


def _children(view: View, macro: Element) -> str:
    children = (child for child in view.store.children(view.content.id) if child.status == "current")
    items = "".join(f"<li>{view.page_link(child.title, '', '')}</li>" for child in children if child.kind == "page")
    return f'<ul class="childpages-macro">{items}</ul>'


def _attachments(view: View, macro: Element) -> str:
    files = view.store.attachments_of(view.content.id)
    items = "".join(
        f'<li><a href="{escape(view.addresses.file(file))}">{escape(file.file_name)}</a></li>' for file in files
    )
    return f'<ul class="attachments-macro">{items}</ul>'


def _include(view: View, macro: Element) -> str:
    page = _referred(view, macro)
    return "" if page is None else view.of(page).body()


def _excerpt_include(view: View, macro: Element) -> str:
    """The excerpt of the other page, inside a panel with its title unless ``nopanel`` says otherwise."""
    page = _referred(view, macro)
    if page is None:
        return ""
    wanted = _parameter(macro, "name")
    for found in storage_xml.parse(page.storage.text()).iter("{*}structured-macro"):
        if attribute(found, "ac:name") == "excerpt" and _parameter(found, "name") == wanted:
            text = view.of(page).inside(find(found, "ac:rich-text-body"))
            if _parameter(macro, "nopanel") == "true":
                return text
            return f'<div class="panel"><div class="panelHeader">{escape(page.title)}</div><div class="panelContent">{text}</div></div>'
    return ""


def _jira(view: View, macro: Element) -> str:
    key = escape(_parameter(macro, "key"))
    return f'<a href="/browse/{key}">{key}</a>'


def _referred(view: View, macro: Element) -> Content | None:
    """The page that an include names, unless includes are nested too deep."""
    target = macro.find(".//{*}page")
    if target is None or view.depth >= INCLUDE_DEPTH:
        return None
    return view.page(attribute(target, "ri:content-title"), attribute(target, "ri:space-key"))


def _parameter(macro: Element, wanted: str) -> str:
    for child in macro:
        if name(child) == "ac:parameter" and attribute(child, "ac:name") == wanted:
            return text_of(child)
    return ""


MACROS: dict[str, Callable[[View, Element], str]] = {
    "anchor": lambda view, macro: f'<span id="{escape(_parameter(macro, ""))}"></span>',
    "attachments": _attachments,
    "children": _children,
    "code": _code,
    "excerpt-include": _excerpt_include,
    "expand": _expand,
    "include": _include,
    "jira": _jira,
    "noformat": _code,
    "status": _status,
    "toc": _toc,
}
