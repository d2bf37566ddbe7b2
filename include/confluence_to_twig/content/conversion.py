"""Storage format → Markdown, with a report of the conversion."""

from __future__ import annotations

from confluence_to_twig.content.appendix import attachments_section, comments_section
from confluence_to_twig.content.characters import replace_illegal
from confluence_to_twig.content.coverage import coverage
from confluence_to_twig.content.markdown.writer import to_markdown
from confluence_to_twig.content.model import Conversion, ConversionReport, Heading, LeftOut, PageContext
from confluence_to_twig.content.nodes import Node
from confluence_to_twig.content.storage.parse import parse_legal
from confluence_to_twig.content.storage.resolution import Resolution
from confluence_to_twig.content.storage.storage_format import resolve
from confluence_to_twig.content.storage.view import normalise_view


def convert(storage: str, context: PageContext | None = None) -> Conversion:
    """Convert one page's body, and append its comments and files. Never raises for the content of the texts.

    :param storage: the body in storage format; any text is accepted.
    :param context: what is known about the page; without it, links by title stay plain text.
    """
    page = context or PageContext()
    state = Resolution(page, resolve)
    headings: list[Heading] = []
    source = replace_illegal(storage)
    markdown, used_view = _body(source, state, headings), False
    if page.view:
        of_view: list[Heading] = []
        view = replace_illegal(page.view)
        rendered = _body(view, state, of_view, is_view=True)
        if len(rendered.split()) > len(markdown.split()):
            markdown, source, headings, used_view = rendered, view, of_view, True
    covered = coverage(source, markdown)
    missing = (LeftOut(text, "not found again in the Markdown") for text in covered.missing)
    nothing = not markdown and any(left.seen for left in state.left_out)
    report = ConversionReport(
        constructs=dict(sorted(state.constructs.items())),
        unknown_macros=tuple(sorted(state.unknown_macros)),
        tolerant=state.tolerant,
        coverage=0.0 if nothing else covered.share,
        includes=tuple(sorted(state.includes)),
        used_view=used_view,
        left_out=(*state.left_out, *missing),
    )
    return Conversion(_with_appendix(markdown, page, headings, state.drawn), report, tuple(headings))


def storage_to_markdown(storage: str, context: PageContext | None = None) -> str:
    """The Markdown of one page's body; see :func:`convert` for the report.

    >>> storage_to_markdown("<p>Ports: <strong>80</strong> &amp; 443</p>")
    'Ports: **80** & 443'

    Links by title need to know where the pages are:

    >>> link = '<p><ac:link><ri:page ri:content-title="Install" /></ac:link></p>'
    >>> storage_to_markdown(link)
    'Install'
    >>> storage_to_markdown(link, PageContext(resolve_page=lambda space_key, title: f"https://acme.example/{title}"))
    '[Install](https://acme.example/Install)'
    """
    return convert(storage, context).markdown


def _body(text: str, state: Resolution, headings: list[Heading], *, is_view: bool = False) -> str:
    parsed = parse_legal(text)
    root = normalise_view(parsed.root) if is_view else parsed.root
    state.tolerant = state.tolerant or (parsed.tolerant and not is_view)
    resolve(root, state)
    return to_markdown(root, headings)


def _with_appendix(markdown: str, page: PageContext, headings: list[Heading], drawn: set[str]) -> str:
    sections = comments_section(page.comments, lambda root: resolve(root, Resolution(page, resolve)))
    sections += attachments_section(page, markdown, drawn)
    appendix = to_markdown(Node("root", {}, sections), headings) if sections else ""
    return "\n\n".join(filter(None, [markdown, appendix]))
