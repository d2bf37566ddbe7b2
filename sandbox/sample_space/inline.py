"""The authoring format's inline markup → storage format.

``**bold**``, ``*italic*``, ``~~struck~~``, `` `code` ``, ``[text](https://…)``, a backslash before a sign to keep it, and
``[[Title]]``, ``[[Title|text]]``, ``[[Title#anchor|text]]``, ``[[KEY::Title|text]]`` (another space),
``[[#anchor|text]]`` (this page), ``[[^file|text]]`` (attachment), ``[[Title|=text]]`` (plain-text link body),
``{status:green|GA}``, ``{date:2026-05-01}``, ``{@name}``, ``{emoji:rocket}``, ``{jira:KEL-1}``, ``{math:x^2}``,
``{anchor:name}``, ``{card:https://…}``, ``{comment:marked text}``, ``{hint:placeholder}``, ``{sub:2}``, ``{sup:2}``,
``{icon:file|alt}``, ``{colour:#ff5630|text}``, ``{br}``. A brace that names none of these stays a brace.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.sample_space.elements import cdata, escape_attribute, escape_text
from sandbox.sample_space.people import ACCOUNT_IDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.sample_space.elements import Elements

JIRA_SERVER_ID = "5c1d3f7a-9a0e-3c41-b7f2-6d20c8a4e915"

_EMOJI = {
    "rocket": ("1f680", "🚀"),
    "snowflake": ("2744", "❄️"),
    "warning": ("atlassian-warning", ":warning:"),
    "check_mark": ("atlassian-check_mark", ":check_mark:"),
    "thermometer": ("1f321", "🌡️"),
    "truck": ("1f69a", "🚚"),
    "bulb": ("1f4a1", "💡"),
    "tada": ("1f389", "🎉"),
    "lock": ("1f512", "🔒"),
    "wave": ("1f44b", "👋"),
}
_COLOURS = {"green": "Green", "yellow": "Yellow", "red": "Red", "blue": "Blue", "purple": "Purple", "grey": None}
_NAMES = "status|date|emoji|jira|math|anchor|card|comment|hint|sub|sup|icon|colour"
_TOKEN = re.compile(
    r"\\(?P<escape>[\\`*\[\]{}|~_#-])"
    r"|`(?P<code>[^`]+)`"
    r"|\*\*(?P<bold>.+?)\*\*(?!\*)"
    r"|\*(?P<italic>[^\s*](?:[^*]*[^\s*])?)\*"
    r"|~~(?P<struck>.+?)~~"
    r"|\[\[(?P<link>.+?)\]\]"
    r"|\[(?P<text>[^\]]+)\]\((?P<href>[^)\s]+)\)"
    r"|\{@(?P<person>\w+)\}"
    r"|(?P<br>\{br\})"
    rf"|\{{(?P<name>{_NAMES}):(?P<value>(?:[^{{}}]|\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}})*)\}}"
)


def render_inline(text: str, make: Elements) -> str:
    """Storage markup of one run of text.

    Raises:
        KeyError: a person, colour or emoji that the sample space does not have.
    """
    out: list[str] = []
    position = 0
    for match in _TOKEN.finditer(text):
        out.append(escape_text(text[position : match.start()]))
        out.append(_token(match, make))
        position = match.end()
    out.append(escape_text(text[position:]))
    return "".join(out)


def _token(match: re.Match[str], make: Elements) -> str:
    kind = match.lastgroup or ""
    if kind == "value":
        return _named(match["name"], match["value"], make)
    if kind == "href":
        return f'<a href="{escape_attribute(match["href"])}">{render_inline(match["text"], make)}</a>'
    return _SIMPLE[kind](match[kind], make)


def _mention(name: str, make: Elements) -> str:
    return f'<ac:link><ri:user ri:account-id="{ACCOUNT_IDS[name]}" ri:local-id="{make.uuid()}" /></ac:link>'


_SIMPLE: dict[str, Callable[[str, Elements], str]] = {
    "escape": lambda value, make: escape_text(value),
    "code": lambda value, make: f"<code>{escape_text(value)}</code>",
    "bold": lambda value, make: f"<strong>{render_inline(value, make)}</strong>",
    "italic": lambda value, make: f"<em>{render_inline(value, make)}</em>",
    "struck": lambda value, make: f"<del>{render_inline(value, make)}</del>",
    "link": lambda value, make: render_link(value, make),
    "person": _mention,
    "br": lambda value, make: "<br />",
}


def render_link(spec: str, make: Elements) -> str:
    """A Confluence link from the inside of ``[[…]]``."""
    target, _, body = spec.partition("|")
    if target.startswith("^"):
        name = escape_attribute(target[1:])
        return _link("", f'<ri:attachment ri:filename="{name}" ri:version-at-save="1" />', body, make)
    target, _, anchor = target.partition("#")
    space, _, title = target.rpartition("::")
    mark = f' ac:anchor="{escape_attribute(anchor)}"' if anchor else ""
    if not title:
        return _link(mark, "", body, make)
    key = f'ri:space-key="{escape_attribute(space)}" ' if space else ""
    page = f'<ri:page {key}ri:content-title="{escape_attribute(title)}" ri:version-at-save="3" />'
    return _link(mark, page, body, make)


def _link(attributes: str, resource: str, body: str, make: Elements) -> str:
    if body.startswith("="):
        words = f"<ac:plain-text-link-body>{cdata(body[1:])}</ac:plain-text-link-body>"
    elif body == "card":
        title = re.search(r'ri:content-title="([^"]*)"', resource)
        attributes += f' ac:card-appearance="inline" ac:local-id="{make.uuid()}"'
        words = f"<ac:link-body>{title[1] if title else ''}</ac:link-body>"
    else:
        words = f"<ac:link-body>{render_inline(body, make)}</ac:link-body>" if body else ""
    return f"<ac:link{attributes}>{resource}{words}</ac:link>"


def _named(name: str, value: str, make: Elements) -> str:
    return _NAMED[name](value, make)


def _status(value: str, make: Elements) -> str:
    colour, _, title = value.partition("|")
    shown = _COLOURS[colour]
    return make.macro("status", {"title": title} | ({"colour": shown} if shown else {}))


def _emoji(value: str, make: Elements) -> str:
    code, fallback = _EMOJI[value]
    name = "warning" if value == "warning" else "tick" if value == "check_mark" else "blue-star"
    return (
        f'<ac:emoticon ac:name="{name}" ac:emoji-shortname=":{value}:" ac:emoji-id="{code}" '
        f'ac:emoji-fallback="{fallback}" />'
    )


def _jira(value: str, make: Elements) -> str:
    return make.macro("jira", {"key": value, "serverId": JIRA_SERVER_ID, "server": "System Jira"})


def _card(value: str, make: Elements) -> str:
    address = escape_attribute(value)
    return f'<a href="{address}" data-card-appearance="inline" local-id="{make.uuid()}">{address}</a>'


def _comment(value: str, make: Elements) -> str:
    marked = render_inline(value, make)
    return f'<ac:inline-comment-marker ac:ref="{make.uuid()}">{marked}</ac:inline-comment-marker>'


def _icon(value: str, make: Elements) -> str:
    target, _, alt = value.partition("|")
    return make.image(target, alt=alt, caption="", inline=True)


def _coloured(value: str, make: Elements) -> str:
    colour, _, text = value.partition("|")
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f'<span style="color: rgb({red},{green},{blue});">{render_inline(text, make)}</span>'


_NAMED: dict[str, Callable[[str, Elements], str]] = {
    "status": _status,
    "date": lambda value, make: f'<time datetime="{value}" />',
    "emoji": _emoji,
    "jira": _jira,
    "math": lambda value, make: make.macro("mathinline", {"body": value}),
    "anchor": lambda value, make: make.macro("anchor", {"": value}),
    "card": _card,
    "comment": _comment,
    "hint": lambda value, make: f"<ac:placeholder>{escape_text(value)}</ac:placeholder>",
    "sub": lambda value, make: f"<sub>{escape_text(value)}</sub>",
    "sup": lambda value, make: f"<sup>{escape_text(value)}</sup>",
    "icon": _icon,
    "colour": _coloured,
}
