"""``include``, ``excerpt-include`` and ``multiexcerpt-include``: the text of another page replaces the macro."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from confluence_to_twig.content.nodes import MAX_INNER_DEPTH, Node
from confluence_to_twig.content.storage.links import editor_of, link, page_url
from confluence_to_twig.content.storage.lookup import space_and_title
from confluence_to_twig.content.storage.parse import parse_storage
from confluence_to_twig.content.storage.resolution import (
    INCLUDE_LIMIT_CHARS,
    INCLUDE_LIMIT_LEVELS,
    INCLUDE_LIMIT_PAGES,
    Replacement,
    Resolution,
    parameters,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confluence_to_twig.content.model import IncludedPage, PageContext

#: Parameters that name a page as text.
_PAGE_AS_TEXT = ("", "pageTitle", "PageWithExcerpt", "page")
_EXCERPT_NAMES = frozenset({"excerpt", "multiexcerpt", "multiexcerpt-macro"})


def resolve_include(macro: Node, state: Resolution) -> Replacement:
    """The whole body of the included page, or a link to the page when its body is not available."""
    page, fallback = _find(macro, state)
    if page is None:
        return fallback
    return _converted(page, state, lambda root: root.children)


def resolve_excerpt_include(macro: Node, state: Resolution) -> Replacement:
    """The excerpt of the included page, the named one if the macro names one, in a quote below the page's title.

    ``nopanel`` leaves quote and title out, as Confluence does.
    """
    page, fallback = _find(macro, state)
    if page is None:
        return fallback
    values = parameters(macro)
    body = _converted(page, state, lambda root: _excerpt_of(root, values.get("name", "")))
    return body if _is_true(values, "nopanel") else _panel(page, body)


def resolve_multiexcerpt_include(macro: Node, state: Resolution) -> Replacement:
    """The same of the app MultiExcerpt, which has a panel only with ``addpanel``.

    Its Data Center edition names page and excerpt ``PageWithExcerpt`` and ``MultiExcerptName``, its Cloud edition ``page``
    and ``name``.
    """
    page, fallback = _find(macro, state)
    if page is None:
        return fallback
    values = parameters(macro)
    name = values.get("MultiExcerptName") or values.get("name", "")
    body = _converted(page, state, lambda root: _excerpt_of(root, name))
    return _panel(page, body) if _is_true(values, "addpanel") else body


def _panel(page: IncludedPage, body: Replacement) -> Replacement:
    return [Node("blockquote", {"data-label": page.title}, body)] if body else body


def _is_true(values: Mapping[str, str], name: str) -> bool:
    return values.get(name, "").lower() == "true"


def _find(macro: Node, state: Resolution) -> tuple[IncludedPage | None, Replacement]:
    """The included page, or None and what to show instead."""
    space_key, title = _reference(macro)
    resolver = state.context.resolve_body
    page = resolver(space_key, title) if resolver and title else None
    if page is None:
        state.count("include-unresolved")
        return None, [Node("p", {}, link(page_url(state.context, space_key, title), [title]))] if title else []
    if page.page_id in (state.context.page_id, *state.include_path):
        state.count("include-cycle")
        return None, []
    state.included_pages += 1
    state.included_chars += len(page.storage)
    if _too_much(state):
        state.count("include-too-large")
        return None, [Node("p", {}, link(page.url, [page.title]))]
    return page, []


def _too_much(state: Resolution) -> bool:
    return (
        state.included_chars > INCLUDE_LIMIT_CHARS
        or state.included_pages > INCLUDE_LIMIT_PAGES
        or len(state.include_path) >= INCLUDE_LIMIT_LEVELS
    )


def _reference(macro: Node) -> tuple[str | None, str]:
    """Space key and title of the page: a ``ri:page`` in a parameter, in old pages as text."""
    space = next((node.get("ri:space-key") for node in macro.walk() if node.tag == "ri:space"), "")
    for node in macro.walk():
        if node.tag in {"ri:page", "ri:blog-post"}:
            return node.get("ri:space-key") or space or None, node.get("ri:content-title")
    values = parameters(macro)
    key, title = space_and_title(next(filter(None, (values.get(name, "") for name in _PAGE_AS_TEXT)), ""))
    return key or space or None, title


def _converted(page: IncludedPage, state: Resolution, select: Callable[[Node], Replacement]) -> Replacement:
    """Part of an included page, its own files and anchors resolved as that page's."""
    parsed = parse_storage(page.storage, MAX_INNER_DEPTH)
    state.tolerant = state.tolerant or parsed.tolerant
    state.includes.add(f"{page.page_id}@{page.version}")
    including = state.context
    state.include_path.append(including.page_id)
    state.context = replace(
        _in_space(including, page.space_key),
        page_id=page.page_id,
        title=page.title,
        url=page.url,
        editor=editor_of(including, page.page_id),
        attachments=(),
    )
    try:
        return state.resolve(Node("div", {}, select(parsed.root)), state).children
    finally:
        state.include_path.pop()
        state.context = including


def _in_space(context: PageContext, space_key: str) -> PageContext:
    """The context of a page of another space: what it refers to without a space key is in that space."""
    if space_key in ("", context.space_key):
        return context
    resolve_page, resolve_body = context.resolve_page, context.resolve_body
    return replace(
        context,
        space_key=space_key,
        resolve_page=resolve_page and (lambda key, title: resolve_page(key or space_key, title)),
        resolve_body=resolve_body and (lambda key, title: resolve_body(key or space_key, title)),
    )


def _excerpt_of(root: Node, name: str) -> Replacement:
    """The body of the excerpt macro of that name, or of the first one."""
    for node in root.walk():
        if node.tag == "ac:structured-macro" and node.get("ac:name") in _EXCERPT_NAMES:
            values = parameters(node)
            if not name or name in (values.get("name"), values.get("MultiExcerptName")):
                body = node.first("ac:rich-text-body")
                return body.children if body else []
    return []
