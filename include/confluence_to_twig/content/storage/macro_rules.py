"""The rules of the macros: what each one becomes."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from confluence_to_twig.content.nodes import MAX_INNER_DEPTH, Node
from confluence_to_twig.content.raw_markdown import open_fence, without_code_sources, without_comments
from confluence_to_twig.content.storage.links import clean_url, jira_url, link, mention
from confluence_to_twig.content.storage.parse import parse_storage
from confluence_to_twig.content.storage.resolution import (
    Replacement,
    Resolution,
    apart,
    parameters,
    plain_body,
    rich_body,
    rich_lines,
)

Rule = Callable[[Node, Resolution], Replacement]

PANELS = {"info": "Info", "note": "Note", "tip": "Tip", "warning": "Warning", "panel": "", "success": "Success", "error": "Error"}  # fmt: skip

_LANGUAGES = {
    "none": "", "plain": "", "plaintext": "", "text": "", "plain text": "", "c#": "csharp", "c++": "cpp", "js": "javascript",
    "py": "python", "html/xml": "xml", "html and xml": "xml", "actionscript3": "actionscript", "objc": "objectivec",
}  # fmt: skip


def transparent(macro: Node, _state: Resolution) -> Replacement:
    """A macro that only arranges its content."""
    return [Node("div", {}, rich_body(macro))]


def panel(macro: Node, _state: Resolution) -> Replacement:
    """A quote with the panel's label."""
    label = PANELS[macro.get("ac:name").strip().lower()]
    title = parameters(macro).get("title", "")
    return [Node("blockquote", {"data-label": ": ".join(filter(None, (label, title)))}, rich_body(macro))]


def message(macro: Node, _state: Resolution) -> Replacement:
    """A panel whose kind is a parameter: ``type`` is ``warning``."""
    values = parameters(macro)
    kind = PANELS.get((values.get("type") or values.get("kind", "")).lower(), "")
    return [
        Node("blockquote", {"data-label": ": ".join(filter(None, (kind, values.get("title", ""))))}, rich_body(macro))
    ]


def fenced(text: str, language: str = "", title: str = "") -> Replacement:
    """A ``pre`` with its language, below its title."""
    block = Node("pre", {"data-language": language}, [text])
    return [Node("p", {}, [Node("strong", {}, [title])]), block] if title else [block]


def code(macro: Node, _state: Resolution) -> Replacement:
    """A code block in its language, below its title."""
    values = parameters(macro)
    language = values.get("language", values.get("", "")).lower()
    language = _LANGUAGES.get(language, language)
    return fenced(_text_of_code(macro), "".join(language.split()), values.get("title", ""))


def _text_of_code(macro: Node) -> str:
    text = plain_body(macro)
    return rich_lines(macro) if text is None else text


def noformat(macro: Node, _state: Resolution) -> Replacement:
    """A code block without a language."""
    return fenced(_text_of_code(macro), title=parameters(macro).get("title", ""))


def expand(macro: Node, _state: Resolution) -> Replacement:
    """The title in bold, then the hidden content."""
    values = parameters(macro)
    title = values.get("title") or values.get("label", "")
    head: Replacement = [Node("p", {}, [Node("strong", {}, [title])])] if title else []
    return [Node("div", {}, [*head, *rich_body(macro)])]


def status(macro: Node, _state: Resolution) -> Replacement:
    """A lozenge: text that stands apart from its neighbours."""
    values = {name.lower(): value for name, value in parameters(macro).items()}
    title = values.get("title") or values.get("status", "")
    return [apart([title])] if title else []


def excerpt(macro: Node, _state: Resolution) -> Replacement:
    """The content, in its place."""
    body = rich_body(macro)
    inline = parameters(macro).get("atlassian-macro-output-type", "").upper() == "INLINE"
    return body if inline else [Node("div", {}, body)]


def jira(macro: Node, state: Resolution) -> Replacement:
    """An issue's key, as a link where its Jira is known; a query as the query."""
    values = parameters(macro)
    key = values.get("key", "")
    if key:
        return [apart(link(jira_url(state.context, key, values.get("server", "")), [key]))]
    query = next((values[name] for name in ("jqlQuery", "jqlquery", "jql") if values.get(name)), "")
    query = query or _query_in(values.get("url", ""))
    return [Node("p", {}, ["Jira issues: ", Node("code", {}, [query])])] if query else []


def _query_in(url: str) -> str:
    """The query in the address that ``jiraissues`` takes; empty where it has none."""
    try:
        return next(iter(parse_qs(urlsplit(url).query).get("jqlQuery", [])), "").strip()
    except ValueError:  # not an address: a bracket without its partner
        return ""


def person(macro: Node, state: Resolution) -> Replacement:
    """The name of the person whose profile is shown."""
    people = (node for node in macro.walk() if node.tag == "ri:user")
    return [apart([mention(user, state.context)]) for user in people]


def math(macro: Node, state: Resolution) -> Replacement:
    """Keep formulas unchanged: a block as fenced ``math``, an inline formula as code between dollar signs."""
    state.count("math")
    values = parameters(macro)
    formula = (plain_body(macro) or values.get("body") or values.get("equation") or values.get("") or "").strip()
    if not formula:
        formula = Node("", {}, rich_body(macro)).text().strip()
    if not formula:
        return []
    if "inline" in macro.get("ac:name") and "\n" not in formula:
        return [Node("code", {}, [f"${formula}$"])]
    return fenced(formula, "math")


def embedded(macro: Node, _state: Resolution) -> Replacement:
    """A link to what an iframe, a widget or a design tool shows."""
    values = parameters(macro)
    reference = next((node.get("ri:value") for node in macro.walk() if node.tag == "ri:url"), "")
    url = reference or next((values[key] for key in ("url", "src", "link", "") if values.get(key)), "")
    return [Node("p", {}, link(url, [values.get("title") or url]))] if clean_url(url) else []


def html(macro: Node, state: Resolution) -> Replacement:
    """The visible part of a piece of HTML."""
    return [
        Node("div", {}, state.resolve(parse_storage(plain_body(macro) or "", MAX_INNER_DEPTH).root, state).children)
    ]


def markdown(macro: Node, _state: Resolution) -> Replacement:
    """The macro's Markdown, unchanged; as code if an open fence would include what follows."""
    text = without_code_sources(without_comments(plain_body(macro) or "").strip("\n"))
    return [Node("pre", {} if open_fence(text) else {"data-markdown": ""}, [text])]
