"""Storage format → Markdown, with a report of how it came about."""

from __future__ import annotations

import re

from include.content.appendix import attachments_section, comments_section
from include.content.coverage import coverage
from include.content.macros import SERVER_RENDERED
from include.content.markdown import to_markdown
from include.content.model import Conversion, ConversionReport, PageContext
from include.content.nodes import Node, names
from include.content.parse import parse_storage
from include.content.resolution import Resolution
from include.content.storage_format import resolve
from include.content.view import normalise_view

#: Part of every content hash: a new version makes the next run convert and load every page again.
CONVERTER_VERSION = "1"

_MACRO_NAME = re.compile(r'<ac:(?:structured-)?macro\b[^>]*\bac:name="([^"]+)"')
_COUNTED = names("table ul ol pre blockquote h1 h2 h3 h4 h5 h6 dl hr")


def convert(storage: str, context: PageContext | None = None) -> Conversion:
    """Convert one page's body, and append its comments and files. Raises nothing for what the texts contain.

    :param storage: the body in storage format; any text is accepted.
    :param context: what is known about the page; without it, links by title stay plain text.
    """
    page = context or PageContext()
    state = Resolution(page)
    markdown = _body(storage, state)
    source = storage
    used_view = False
    if page.view and not markdown.strip():
        source, used_view = page.view, True
        markdown = _body(page.view, state, is_view=True)
    report = ConversionReport(
        constructs=dict(sorted(state.constructs.items())),
        unknown_macros=tuple(sorted(state.unknown_macros)),
        tolerant=state.tolerant,
        coverage=coverage(source, markdown),
        includes=tuple(sorted(state.includes)),
        used_view=used_view,
    )
    return Conversion(_with_appendix(markdown, page), report)


def storage_to_markdown(storage: str, context: PageContext | None = None) -> str:
    """The Markdown of one page's body; see :func:`convert` for the report."""
    return convert(storage, context).markdown


def needs_rendered_body(storage: str) -> bool:
    """Whether a body holds nothing to read but macros that the server fills, so that its ``view`` must be fetched."""
    macros = {name.lower() for name in _MACRO_NAME.findall(storage)}
    return bool(macros & SERVER_RENDERED) and not storage_to_markdown(storage)


def _body(text: str, state: Resolution, *, is_view: bool = False) -> str:
    parsed = parse_storage(text)
    root = normalise_view(parsed.root) if is_view else parsed.root
    state.tolerant = state.tolerant or (parsed.tolerant and not is_view)
    resolve(root, state)
    for node in root.walk():
        if node.tag in _COUNTED:
            state.count("heading" if node.tag[0] == "h" and node.tag != "hr" else node.tag)
    return to_markdown(root)


def _with_appendix(markdown: str, page: PageContext) -> str:
    sections = comments_section(page.comments, lambda root: resolve(root, Resolution(page)))
    sections += attachments_section(page, markdown)
    return "\n\n".join(filter(None, [markdown, to_markdown(Node("root", {}, sections))])) if sections else markdown
