"""Which rule each macro follows. A macro without a rule keeps its visible text and is named in the report."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from confluence_to_twig.content.nodes import Node, names
from confluence_to_twig.content.storage import diagrams
from confluence_to_twig.content.storage import macro_rules as rules
from confluence_to_twig.content.storage.includes import (
    resolve_excerpt_include,
    resolve_include,
    resolve_multiexcerpt_include,
)
from confluence_to_twig.content.storage.links import file_reference
from confluence_to_twig.content.storage.resolution import IN_SENTENCE, Replacement, Resolution, plain_body, rich_body
from confluence_to_twig.content.storage.shown import (
    Shown,
    as_blocks,
    as_sentence,
    beside,
    missing_in,
    shown_parameters,
)

if TYPE_CHECKING:
    from confluence_to_twig.content.storage.macro_rules import Rule

#: Macros for navigation only; the server fills them when a page is shown.
NAVIGATION = names(
    "toc children pagetree pagetreesearch recently-updated recently-updated-dashboard blog-posts livesearch search "
    "contentbylabel contentbyuser create-from-template create-space-button popular-labels related-labels "
    "listlabels navmap space-details space-attachments attachments gallery favpages index spaces spacejump "
    "network userlister contributors contributors-summary change-history anchor "
    "tasks-report-macro global-reports detailssummary content-report-table decisionreport spaces-list recently-used-labels"
)

#: Macros whose content only the server knows. A page that has nothing else is converted from its rendered body.
SERVER_RENDERED = names(
    "detailssummary contentbylabel tasks-report-macro jira jirachart jiraissues rss attachments blog-posts "
    "content-report-table decisionreport"
)

_RULES: dict[str, Rule] = {
    name: rule
    for rule, followers in (
        (rules.panel, " ".join(rules.PANELS)),
        (rules.message, "alert auimessage aui-message message messagebox message-box callout alertbox"),
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
        (diagrams.drawing, "drawio inc-drawio drawio-sketch gliffy lucidchart balsamiq"),
        (diagrams.plantuml, "plantuml plantumlcloud"),
        (diagrams.mermaid, "mermaid mermaid-cloud mermaid-macro"),
        (diagrams.graphviz, "graphviz flowchart"),
        (rules.html, "html"),
        (rules.markdown, "markdown markdown-macro"),
        (rules.jira, "jira jiraissues jirachart"),
        (rules.person, "profile profile-picture"),
        (resolve_include, "include include-page"),
        (resolve_excerpt_include, "excerpt-include"),
        (resolve_multiexcerpt_include, "multiexcerpt-include multiexcerpt-include-macro"),
    )
    for name in names(followers)
}


#: Macros of the same family have many names, because many vendors write them: ``mohamicorp-markdown``.
_FAMILIES: tuple[tuple[str, Rule], ...] = (
    ("plantuml", diagrams.plantuml),
    ("mermaid", diagrams.mermaid),
    ("graphviz", diagrams.graphviz),
    ("drawio", diagrams.drawing),
    ("gliffy", diagrams.drawing),
    ("markdown", rules.markdown),
)
_SOURCE_RULES = (diagrams.plantuml, diagrams.mermaid, diagrams.graphviz)


def has_rule(name: str) -> bool:
    """Whether a macro of that name, in lower case, has a rule or is navigation."""
    return name in NAVIGATION or _rule(name) is not None


def has_source(name: str) -> bool:
    """Whether the body of a macro of that name is the source of a diagram."""
    return _rule(name) in _SOURCE_RULES


@cache
def _rule(name: str) -> Rule | None:
    return _RULES.get(name) or next((rule for family, rule in _FAMILIES if family in name), None)


def resolve_macro(macro: Node, state: Resolution) -> Replacement:
    """The nodes that replace an ``ac:structured-macro``, with every parameter that a reader sees."""
    name = macro.get("ac:name").strip().lower()
    state.count(f"macro:{name}")
    if name in NAVIGATION:
        return _of_navigation(macro, state)
    rule = _rule(name)
    if rule is None:
        return _unknown(macro, state)
    made = rule(macro, state)
    missing = missing_in(made, shown_parameters(macro, state, guess=False))
    if IN_SENTENCE in macro.attrs and (words := inline_content(made)) is not None:
        return as_sentence(missing, words)
    return as_blocks(missing, made)


def _of_navigation(macro: Node, state: Resolution) -> Replacement:
    """Only the title above it: the server fills in the rest when the page is shown."""
    name = macro.get("ac:name").strip().lower()
    if name in SERVER_RENDERED and not state.context.view:
        state.leave_out(name, "only Confluence knows what the macro shows")
    titles = shown_parameters(macro, state, guess=False).titles
    return as_blocks(Shown(titles=titles), []) if titles else []


def _unknown(macro: Node, state: Resolution) -> Replacement:
    """Rich text and plain text bodies, which people wrote, with the parameters that a reader sees."""
    name = macro.get("ac:name") or "(no name)"
    state.unknown_macros.add(name)
    text = plain_body(macro)
    body: Replacement = [Node("pre", {}, [text])] if text is not None and text.strip() else rich_body(macro)
    shown = shown_parameters(macro, state)
    if any(kind in name.lower() for kind in ("footnote", "tooltip")):
        shown = beside(shown)
    words = inline_content(body) if IN_SENTENCE in macro.attrs else None
    if words and "footnote" in name.lower():
        words = ["(", *words, ")"]
    made = as_blocks(shown, body) if words is None else as_sentence(shown, words)
    if not made:
        state.leave_out(name, "a macro without text")
    return [Node("div", {}, made)] if made and words is None else made


_BLOCKS = names("p div ul ol dl pre blockquote table hr h1 h2 h3 h4 h5 h6 figure section")


def inline_content(nodes: Replacement) -> Replacement | None:
    """Nodes as content of a sentence, without a paragraph around all of it; None when they are more than that."""
    while len(nodes) == 1 and isinstance(nodes[0], Node) and nodes[0].tag in {"p", "div"}:
        nodes = nodes[0].children
    if len(nodes) == 1 and isinstance(nodes[0], Node) and nodes[0].tag == "pre" and "\n" not in nodes[0].text():
        return [Node("code", {}, [nodes[0].text()])] if not nodes[0].attrs else None
    parts = Node("", {}, nodes)
    return None if any(node.tag in _BLOCKS for node in parts.walk()) else nodes
