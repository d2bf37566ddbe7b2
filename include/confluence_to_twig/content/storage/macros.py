"""Which rule each macro follows. A macro without a rule keeps its visible text and is named in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.nodes import Node, names
from confluence_to_twig.content.storage import macro_rules as rules
from confluence_to_twig.content.storage.includes import resolve_excerpt_include, resolve_include
from confluence_to_twig.content.storage.links import file_reference
from confluence_to_twig.content.storage.resolution import Replacement, Resolution, plain_body, rich_body

if TYPE_CHECKING:
    from confluence_to_twig.content.storage.macro_rules import Rule

#: Macros for navigation only; the server fills them when a page is shown.
NAVIGATION = names(
    "toc children pagetree pagetreesearch recently-updated recently-updated-dashboard blog-posts livesearch search "
    "contentbylabel contentbyuser create-from-template create-space-button popular-labels related-labels "
    "listlabels navmap space-details space-attachments attachments gallery favpages index spaces spacejump "
    "network userlister contributors contributors-summary change-history anchor "
    "tasks-report-macro global-reports detailssummary jirachart"
)

#: Macros whose content only the server knows. A page that has nothing else is converted from its rendered body.
SERVER_RENDERED = names(
    "detailssummary contentbylabel tasks-report-macro jira jirachart jiraissues rss attachments blog-posts"
)

_RULES: dict[str, Rule] = {
    name: rule
    for rule, followers in (
        (rules.panel, " ".join(rules.PANELS)),
        (rules.code, "code code-block codeblock paste-code-macro"),
        (rules.noformat, "noformat"),
        (rules.expand, "expand ui-expand ui-tab tab localtab auitabspage card"),
        (rules.status, "status status-handy"),
        (rules.excerpt, "excerpt multiexcerpt multiexcerpt-macro"),
        (
            rules.transparent,
            "details section column div span ui-tabs ui-children tabs localtabgroup auitabs deck toc-zone center align",
        ),
        (rules.math, "mathblock mathinline latex latex-formatting mathjax-block-macro mathjax-inline-macro"),
        (rules.math, "easy-math-block eazy-math-inline easy-math-inline math-block math-inline"),
        (rules.embedded, "iframe html-iframe widget figma-for-confluence loom-for-confluence youtube"),
        (rules.embedded, "google-drive-docs google-drive-sheets lref-gdrive-file miro-macro-resizing"),
        (file_reference, "view-file viewpdf viewdoc viewxls viewppt multimedia preview pdf"),
        (rules.diagram, "drawio inc-drawio drawio-sketch gliffy lucidchart balsamiq plantumlcloud"),
        (rules.diagram_source("plantuml"), "plantuml"),
        (rules.diagram_source("mermaid"), "mermaid mermaid-cloud mermaid-macro"),
        (rules.diagram_source("dot"), "graphviz flowchart"),
        (rules.html, "html"),
        (rules.markdown, "markdown markdown-macro"),
        (rules.jira, "jira jiraissues"),
        (rules.person, "profile profile-picture"),
        (resolve_include, "include include-page"),
        (resolve_excerpt_include, "excerpt-include"),
    )
    for name in names(followers)
}


def resolve_macro(macro: Node, state: Resolution) -> Replacement:
    """The nodes that replace an ``ac:structured-macro``."""
    name = macro.get("ac:name").strip().lower()
    state.count(f"macro:{name}")
    if name in NAVIGATION:
        return []
    rule = _RULES.get(name)
    return rule(macro, state) if rule else _unknown(macro, state)


def _unknown(macro: Node, state: Resolution) -> Replacement:
    """Keep rich text and plain text bodies, which people wrote, and drop parameters."""
    state.unknown_macros.add(macro.get("ac:name") or "(no name)")
    text = plain_body(macro)
    if text is not None and text.strip():
        return [Node("pre", {}, [text])]
    body = rich_body(macro)
    return [Node("div", {}, body)] if body else []
