"""Storage-format elements as the Confluence Cloud editor writes them.

Facts: new-editor pages carry a ``local-id`` on every block, older ones only on tables and macros; text uses named
entities for what HTML 4 names; a code body is CDATA and is split where it contains ``]]>``.
"""

from __future__ import annotations

import hashlib
import html
import uuid
from html.entities import codepoint2name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED = {code: f"&{name};" for code, name in codepoint2name.items() if code > 127}
_PANEL_COLOURS = "background-color: rgb(234,230,255);border-color: rgb(153,141,217);border-width: 1.0px;"


def escape_text(text: str) -> str:
    """Character data with the named entities Confluence writes."""
    return html.escape(text, quote=False).translate(_NAMED)


def escape_attribute(text: str) -> str:
    """An attribute value, without its quotes."""
    return html.escape(text, quote=True).replace("&#x27;", "'")


def cdata(text: str) -> str:
    """``text`` as CDATA; a ``]]>`` inside is divided over two sections, as XML demands."""
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


class Elements:
    """Builds elements of one page; the ids depend on ``seed`` and on the order of calls only."""

    def __init__(self, seed: str, *, local_ids: bool) -> None:
        self._seed = seed
        self._count = 0
        self._local_ids = local_ids

    def uuid(self) -> str:
        """The next identifier in the form of a version 4 UUID."""
        self._count += 1
        digest = hashlib.blake2b(f"{self._seed}/{self._count}".encode(), digest_size=16).digest()
        return str(uuid.UUID(bytes=digest, version=4))

    def block(self, tag: str, content: str, attributes: str = "") -> str:
        """An ordinary HTML block; new-editor pages number it."""
        mark = f' local-id="{self.uuid()[-12:]}"' if self._local_ids else ""
        return f"<{tag}{attributes}{mark}>{content}</{tag}>" if content else f"<{tag}{attributes}{mark} />"

    def parameter(self, name: str, content: str) -> str:
        """A macro parameter; ``content`` is markup already."""
        return f'<ac:parameter ac:name="{escape_attribute(name)}">{content}</ac:parameter>'

    def macro(
        self,
        name: str,
        parameters: Mapping[str, str] | None = None,
        *,
        rich: str | None = None,
        plain: str | None = None,
        markup: str = "",
    ) -> str:
        """A structured macro. ``markup`` holds parameters whose value is markup, such as a link."""
        local = f' ac:local-id="{self.uuid()}"' if self._local_ids else ""
        head = f'<ac:structured-macro ac:name="{name}" ac:schema-version="1"{local} ac:macro-id="{self.uuid()}">'
        inner = "".join(self.parameter(key, escape_text(value)) for key, value in (parameters or {}).items()) + markup
        if rich is not None:
            inner += f"<ac:rich-text-body>{rich}</ac:rich-text-body>"
        if plain is not None:
            inner += f"<ac:plain-text-body>{cdata(plain)}</ac:plain-text-body>"
        return f"{head}{inner}</ac:structured-macro>" if inner else head[:-1] + " />"

    def note_panel(self, content: str) -> str:
        """The editor's purple note: an ADF extension that carries its content twice."""
        box = f'<div class="panel conf-macro output-block" style="{_PANEL_COLOURS}">'
        return (
            '<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute>'
            f"<ac:adf-content>{content}</ac:adf-content></ac:adf-node><ac:adf-fallback>{box}"
            f'<div class="panelContent" style="{_PANEL_COLOURS.split(";", 1)[0]};">{content}</div></div>'
            "</ac:adf-fallback></ac:adf-extension>"
        )

    def decisions(self, items: list[str]) -> str:
        """A decision list, which storage format only knows as an ADF extension."""
        nodes = "".join(
            f'<ac:adf-node type="decision-item"><ac:adf-attribute key="local-id">{self.uuid()}</ac:adf-attribute>'
            '<ac:adf-attribute key="state">DECIDED</ac:adf-attribute>'
            f"<ac:adf-content>{item}</ac:adf-content></ac:adf-node>"
            for item in items
        )
        fallback = "".join(f"<li>{item}</li>" for item in items)
        return (
            f'<ac:adf-extension><ac:adf-node type="decision-list"><ac:adf-attribute key="local-id">{self.uuid()}'
            f"</ac:adf-attribute>{nodes}</ac:adf-node><ac:adf-fallback>"
            f'<ul class="decision-list">{fallback}</ul></ac:adf-fallback></ac:adf-extension>'
        )

    def task_list(self, tasks: list[tuple[bool, str]]) -> str:
        """A task list of (done, inline content)."""
        rows = "".join(
            f"<ac:task><ac:task-id>{number}</ac:task-id><ac:task-uuid>{self.uuid()}</ac:task-uuid>"
            f"<ac:task-status>{'complete' if done else 'incomplete'}</ac:task-status>"
            f'<ac:task-body><span class="placeholder-inline-tasks">{body}</span></ac:task-body></ac:task>'
            for number, (done, body) in enumerate(tasks, start=1)
        )
        return f'<ac:task-list ac:task-list-id="{self.uuid()}">{rows}</ac:task-list>'

    def image(self, target: str, *, alt: str, caption: str, inline: bool = False) -> str:
        """An image: a URL when ``target`` begins with http, else an attachment of the page."""
        alternative = f' ac:alt="{escape_attribute(alt)}"' if alt else ""
        place = ' ac:inline="true"' if inline else ' ac:align="center" ac:layout="center" ac:custom-width="true"'
        name = escape_attribute(target)
        resource = (
            f'<ri:url ri:value="{name}" />'
            if target.startswith("http")
            else f'<ri:attachment ri:filename="{name}" ri:version-at-save="1" />'
        )
        words = f"<ac:caption>{self.block('p', caption)}</ac:caption>" if caption else ""
        size = ' ac:original-height="480" ac:original-width="760" ac:width="760"'
        return f"<ac:image{place}{size}{alternative}>{resource}{words}</ac:image>"
