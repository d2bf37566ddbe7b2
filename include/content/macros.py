"""What each macro becomes. A macro without a rule keeps its visible text and is named in the report."""

from __future__ import annotations

import re
from collections.abc import Callable

from include.content.includes import resolve_excerpt_include, resolve_include
from include.content.links import clean_url, file_reference, jira_url, link
from include.content.nodes import Node, names
from include.content.resolution import Replacement, Resolution, parameters, plain_body, rich_body

Rule = Callable[[Node, Resolution], Replacement]

#: Macros that only help to find one's way; the server fills them when a page is shown.
NAVIGATION = names("toc toc-zone-index children pagetree pagetreesearch recently-updated recently-updated-dashboard blog-posts livesearch "
    "contentbylabel content-by-user create-from-template create-space-button popular-labels related-labels "
    "listlabels navmap space-details space-attachments attachments gallery favpages breadcrumbs index spaces "
    "profile profile-picture network userlister contributors contributors-summary change-history tasks-report-macro "
    "task-report roadmap-empty spacejump search-results recently-used-labels global-reports anchor page-index "
    "livesearch-macro children-display loremipsum float")  # fmt: skip

#: Macros whose content only the server knows: a page that has nothing else is converted from its rendered body.
SERVER_RENDERED = names(
    "detailssummary contentbylabel excerpt-include-report report-table tasks-report-macro task-report jira "
    "jirachart jiraissues table-joiner table-filter rss sql-query content-report-table attachments"
)

_PANELS = {"info": "Info", "note": "Note", "tip": "Tip", "warning": "Warning", "panel": "", "success": "Success", "error": "Error"}  # fmt: skip

_LANGUAGES = {
    "none": "", "plain": "", "plaintext": "", "text": "", "plain text": "", "c#": "csharp", "c++": "cpp", "js": "javascript",
    "py": "python", "html/xml": "xml", "html and xml": "xml", "actionscript3": "actionscript", "objc": "objectivec",
}  # fmt: skip


def resolve_macro(macro: Node, state: Resolution) -> Replacement:
    """What stands on the page in place of an ``ac:structured-macro``."""
    name = macro.get("ac:name").strip().lower()
    state.count(f"macro:{name}")
    if name in NAVIGATION:
        return []
    rule = _RULES.get(name)
    return rule(macro, state) if rule else _unknown(macro, state)


def _unknown(macro: Node, state: Resolution) -> Replacement:
    """Rich text and plain text bodies are text that people wrote; parameters are not."""
    state.unknown_macros.add(macro.get("ac:name") or "(no name)")
    text = plain_body(macro)
    if text is not None and text.strip():
        return [Node("pre", {}, [text])]
    body = rich_body(macro)
    return [Node("div", {}, body)] if body else []


def _transparent(macro: Node, _state: Resolution) -> Replacement:
    return [Node("div", {}, rich_body(macro))]


def _panel(macro: Node, _state: Resolution) -> Replacement:
    label = _PANELS[macro.get("ac:name").strip().lower()]
    title = parameters(macro).get("title", "")
    return [Node("blockquote", {"data-label": ": ".join(filter(None, (label, title)))}, rich_body(macro))]


def code_block(text: str, language: str = "", title: str = "") -> Replacement:
    """A ``pre`` with its language, below its title."""
    block = Node("pre", {"data-language": language}, [text])
    return [Node("p", {}, [Node("strong", {}, [title])]), block] if title else [block]


def _code(macro: Node, _state: Resolution) -> Replacement:
    values = parameters(macro)
    language = values.get("language", values.get("", "")).lower()
    language = _LANGUAGES.get(language, language)
    return code_block(_text_of_code(macro), "".join(language.split()), values.get("title", ""))


def _text_of_code(macro: Node) -> str:
    text = plain_body(macro)
    return Node("", {}, rich_body(macro)).text() if text is None else text


def _noformat(macro: Node, _state: Resolution) -> Replacement:
    return code_block(_text_of_code(macro), title=parameters(macro).get("title", ""))


def _diagram_source(language: str) -> Rule:
    def rule(macro: Node, state: Resolution) -> Replacement:
        text = plain_body(macro)
        return code_block(text, language) if text and text.strip() else _diagram(macro, state)

    return rule


def _diagram(macro: Node, state: Resolution) -> Replacement:
    """A drawing has no text in storage but its name."""
    values = parameters(macro)
    name = next(
        (values[key] for key in ("diagramDisplayName", "diagramName", "name", "filename") if values.get(key)), ""
    )
    if not name:
        return file_reference(macro, state)
    return [Node("p", {}, [f"Diagram: {name}"])]


def _expand(macro: Node, _state: Resolution) -> Replacement:
    title = parameters(macro).get("title", "")
    head: Replacement = [Node("p", {}, [Node("strong", {}, [title])])] if title else []
    return [Node("div", {}, [*head, *rich_body(macro)])]


def _status(macro: Node, _state: Resolution) -> Replacement:
    title = parameters(macro).get("title", "")
    return [Node("span", {"data-lozenge": ""}, [title])] if title else []


def _excerpt(macro: Node, _state: Resolution) -> Replacement:
    body = rich_body(macro)
    inline = parameters(macro).get("atlassian-macro-output-type", "").upper() == "INLINE"
    return body if inline else [Node("div", {}, body)]


def _jira(macro: Node, state: Resolution) -> Replacement:
    values = parameters(macro)
    key = values.get("key", "")
    if key:
        return link(jira_url(state.context, key), [key])
    query = values.get("jqlQuery", values.get("jqlquery", ""))
    return [Node("p", {}, ["Jira issues: ", Node("code", {}, [query])])] if query else []


def _math(macro: Node, state: Resolution) -> Replacement:
    """Formulas are kept letter by letter: a block as fenced ``math``, an inline one as code between dollar signs."""
    state.count("math")
    values = parameters(macro)
    formula = (plain_body(macro) or values.get("body") or values.get("equation") or values.get("") or "").strip()
    if not formula:
        formula = Node("", {}, rich_body(macro)).text().strip()
    if not formula:
        return []
    if "inline" in macro.get("ac:name") and "\n" not in formula:
        return [Node("code", {}, [f"${formula}$"])]
    return code_block(formula, "math")


def _embedded(macro: Node, _state: Resolution) -> Replacement:
    """An iframe, a widget, a design tool: a link to what it shows."""
    values = parameters(macro)
    reference = next((node.get("ri:value") for node in macro.walk() if node.tag == "ri:url"), "")
    url = reference or next((values[key] for key in ("url", "src", "link", "") if values.get(key)), "")
    return [Node("p", {}, link(url, [url]))] if clean_url(url) else []


def _html(macro: Node, state: Resolution) -> Replacement:
    text = plain_body(macro) or ""
    state.count("html-macro")
    return code_block(text, "html") if re.search(r"\w", text) else []


_RULES: dict[str, Rule] = (
    dict.fromkeys(_PANELS, _panel)
    | dict.fromkeys(("code", "code-block", "paste-code-macro", "codeblock", "snippet"), _code)
    | dict.fromkeys(("noformat", "preformatted"), _noformat)
    | dict.fromkeys(("expand", "ui-expand", "ui-tab", "tab", "localtab"), _expand)
    | dict.fromkeys(("status", "status-handy"), _status)
    | dict.fromkeys(("excerpt", "multiexcerpt", "multiexcerpt-macro"), _excerpt)
    | dict.fromkeys(names("details section column div span ui-tabs ui-children tabs localtabgroup tabs-page toc-zone center align "
            "table-plus table-excerpt cloak"), _transparent)
    | dict.fromkeys(("mathblock", "mathinline", "latex", "latex-formatting", "mathjax-block-macro", "mathjax-inline-macro",
                     "easy-math-block", "eazy-math-inline", "easy-math-inline", "math", "math-block", "math-inline"), _math)
    | dict.fromkeys(("iframe", "widget", "figma-for-confluence", "loom-for-confluence", "miro-macro-resizing", "html-iframe",
                     "google-drive-docs", "google-drive-sheets", "lref-gdrive-file", "youtube", "video-file"), _embedded)
    | dict.fromkeys(("view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "multimedia", "preview", "pdf"), file_reference)
    | dict.fromkeys(("drawio", "inc-drawio", "drawio-sketch", "gliffy", "lucidchart", "balsamiq", "plantumlcloud"), _diagram)
    | {
        "plantuml": _diagram_source("plantuml"),
        "mermaid": _diagram_source("mermaid"),
        "mermaid-cloud": _diagram_source("mermaid"),
        "mermaid-macro": _diagram_source("mermaid"),
        "graphviz": _diagram_source("dot"),
        "flowchart": _diagram_source("dot"),
        "html": _html,
        "jira": _jira,
        "jiraissues": _jira,
        "include": resolve_include,
        "include-page": resolve_include,
        "excerpt-include": resolve_excerpt_include,
        "detailssummary": lambda _macro, _state: [],
        "jirachart": lambda _macro, _state: [],
    }
)  # fmt: skip
