"""Blocks that only Confluence has: ``:::name arguments`` … ``:::`` with a body, ``{{name key=value}}`` without one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sandbox.sample_space.elements import escape_attribute
from sandbox.sample_space.inline import JIRA_SERVER_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.sample_space.elements import Elements
    from sandbox.sample_space.markup import Renderer

_NAVIGATION = frozenset(
    {"toc", "children", "pagetree", "recently-updated", "blog-posts", "contentbylabel", "attachments", "livesearch"}
)


def arguments(text: str) -> dict[str, str]:
    """``key=value`` words; a value with blanks stands in double quotes."""
    return {key: value for key, _, value in (word.partition("=") for word in shlex.split(text))}


def render_directive(renderer: Renderer, name: str, text: str, lines: list[str]) -> str:
    """A block with a body. Raises ``ValueError`` for a name that none has."""
    if name in _DIRECTIVES:
        return _DIRECTIVES[name](renderer, text, lines)
    if name.startswith("macro-"):
        parameters = arguments(text)
        return renderer.make.macro(name.removeprefix("macro-"), parameters, rich=renderer.blocks(lines))
    raise ValueError(f"there is no block called {name!r}")


def _titled(macro: str) -> Callable[[Renderer, str, list[str]], str]:
    def render(renderer: Renderer, text: str, lines: list[str]) -> str:
        parameters = {"title": text} if text else {}
        return renderer.make.macro(macro, parameters, rich=renderer.blocks(lines))

    return render


def _panel(renderer: Renderer, text: str, lines: list[str]) -> str:
    return renderer.make.macro("panel", arguments(text), rich=renderer.blocks(lines))


def _adf_note(renderer: Renderer, text: str, lines: list[str]) -> str:
    return renderer.make.note_panel(renderer.blocks(lines))


def _excerpt(renderer: Renderer, text: str, lines: list[str]) -> str:
    parameters = {"name": text} if text else {}
    return renderer.make.macro("excerpt", parameters, rich=renderer.blocks(lines))


def _details(renderer: Renderer, text: str, lines: list[str]) -> str:
    rows = [line.partition(":") for line in lines if line.strip()]
    cells = [(key.strip(), renderer.inline(value.strip())) for key, _, value in rows]
    renderer.properties.extend(cells)
    make = renderer.make
    body = "".join(
        f"<tr><th>{make.block('p', f'<strong>{key}</strong>')}</th><td>{make.block('p', value)}</td></tr>"
        for key, value in cells
    )
    table = (
        f'<table data-table-width="760" data-layout="default" ac:local-id="{make.uuid()}"><tbody>{body}</tbody></table>'
    )
    return make.macro("details", {"id": text} if text else {}, rich=table)


def _plain(macro: str) -> Callable[[Renderer, str, list[str]], str]:
    def render(renderer: Renderer, text: str, lines: list[str]) -> str:
        return renderer.make.macro(macro, arguments(text), plain="\n".join(lines))

    return render


def _layout(renderer: Renderer, text: str, lines: list[str]) -> str:
    return f"<ac:layout>{renderer.blocks(lines)}</ac:layout>"


def _section(renderer: Renderer, text: str, lines: list[str]) -> str:
    inner = renderer.blocks(lines)
    return f'<ac:layout-section ac:type="{text}" ac:breakout-mode="default">{inner}</ac:layout-section>'


def _cell(renderer: Renderer, text: str, lines: list[str]) -> str:
    return f"<ac:layout-cell>{renderer.blocks(lines)}</ac:layout-cell>"


def _decisions(renderer: Renderer, text: str, lines: list[str]) -> str:
    return renderer.make.decisions([renderer.inline(line.removeprefix("- ")) for line in lines if line.strip()])


def _raw(renderer: Renderer, text: str, lines: list[str]) -> str:
    return "\n".join(lines)


_DIRECTIVES: dict[str, Callable[[Renderer, str, list[str]], str]] = {
    **{name: _titled(name) for name in ("info", "note", "tip", "warning", "expand")},
    "panel": _panel,
    "adf-note": _adf_note,
    "excerpt": _excerpt,
    "details": _details,
    "noformat": _plain("noformat"),
    "mathblock": _plain("mathblock"),
    "layout": _layout,
    "section": _section,
    "cell": _cell,
    "decisions": _decisions,
    "raw": _raw,
}


def render_macro(name: str, text: str, make: Elements) -> str:
    """A macro without a body. Raises ``ValueError`` for a name that none has."""
    parameters = arguments(text)
    if name in _NAVIGATION:
        return make.macro(name, parameters)
    if name in _BODILESS:
        return _BODILESS[name](parameters, make)
    raise ValueError(f"there is no macro called {name!r}")


def _page_reference(parameters: dict[str, str]) -> str:
    return f'<ac:link><ri:page ri:content-title="{escape_attribute(parameters.pop("page"))}" /></ac:link>'


def _include(name: str) -> Callable[[dict[str, str], Elements], str]:
    def render(parameters: dict[str, str], make: Elements) -> str:
        reference = make.parameter("", _page_reference(parameters))
        return make.macro(name, parameters, markup=reference)

    return render


def _address(name: str, key: str) -> Callable[[dict[str, str], Elements], str]:
    def render(parameters: dict[str, str], make: Elements) -> str:
        address = escape_attribute(parameters.pop("url"))
        return make.macro(name, parameters, markup=make.parameter(key, f'<ri:url ri:value="{address}" />'))

    return render


def _file(name: str) -> Callable[[dict[str, str], Elements], str]:
    def render(parameters: dict[str, str], make: Elements) -> str:
        reference = f'<ri:attachment ri:filename="{escape_attribute(parameters.pop("file"))}" ri:version-at-save="1" />'
        return make.macro(name, parameters, markup=make.parameter("name", reference))

    return render


def _drawio(parameters: dict[str, str], make: Elements) -> str:
    fixed = {"zoom": "1", "simple": "0", "inComment": "0", "lbox": "1", "width": "721", "height": "402"}
    return make.macro("drawio", {"diagramName": parameters["name"], "revision": "4", **fixed})


def _jira_table(parameters: dict[str, str], make: Elements) -> str:
    fixed = {"columns": "key,summary,status,updated", "maximumIssues": "20"}
    return make.macro("jira", {"server": "System Jira", **fixed, **parameters, "serverId": JIRA_SERVER_ID})


_BODILESS: dict[str, Callable[[dict[str, str], Elements], str]] = {
    "include": _include("include"),
    "excerpt-include": _include("excerpt-include"),
    "iframe": _address("iframe", "src"),
    "widget": _address("widget", "url"),
    "view-file": _file("view-file"),
    "viewpdf": _file("viewpdf"),
    "drawio": _drawio,
    "jira": _jira_table,
    "detailssummary": lambda parameters, make: make.macro("detailssummary", parameters),
}
