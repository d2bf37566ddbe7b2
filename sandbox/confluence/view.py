"""Storage format rendered as HTML, with the classes and attributes of the real one where an exporter looks for them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.confluence import links, storage_xml
from sandbox.confluence.storage_xml import Element, attribute, find, name, text_of
from sandbox.confluence.view_macros import render_macro

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.confluence.model import Attachment, Content
    from sandbox.confluence.store import Store

VOID = frozenset({"br", "hr", "img", "col"})
_HEADING = re.compile(r"h[1-6]")


@dataclass(frozen=True)
class Addresses:
    """How rendered HTML names headings and files."""

    heading: Callable[[Content, str], str]
    file: Callable[[Attachment], str]


#: As the API renders: page title and heading without spaces, files below the site.
OF_THE_API = Addresses(
    heading=lambda content, text: re.sub(r"\s", "", f"{content.title}-{text}"),
    file=lambda attachment: f"/wiki{links.attachment_download(attachment)}",
)


class Renderer:
    """Renders one content. A body that is not well-formed is shown as it is."""

    def __init__(self, store: Store, content: Content, addresses: Addresses = OF_THE_API, depth: int = 0) -> None:
        self.store = store
        self.content = content
        self.space = store.spaces[content.space_id]
        self.addresses = addresses
        self.depth = depth
        self._headings: Counter[str] = Counter()
        self._elements: dict[str, Callable[[Element], str]] = {
            "ac:structured-macro": lambda element: render_macro(self, element),
            "ac:link": self._link,
            "ac:image": self._image,
            "ac:emoticon": lambda element: attribute(element, "ac:emoji-fallback"),
            "ac:task-list": lambda element: f'<ul class="inline-task-list">{self.inside(element)}</ul>',
            "ac:task": self._task,
            "ac:layout": lambda element: f'<div class="contentLayout2">{self.inside(element)}</div>',
            "ac:layout-section": lambda element: f'<div class="columnLayout">{self.inside(element)}</div>',
            "ac:layout-cell": lambda element: (
                f'<div class="cell"><div class="innerCell">{self.inside(element)}</div></div>'
            ),
            "ac:adf-extension": self._adf_extension,
            "ac:placeholder": lambda element: "",
            "time": lambda element: (
                f'<time datetime="{attribute(element, "datetime")}" class="date-past">{escape(attribute(element, "datetime"))}</time>'
            ),
        }

    def body(self) -> str:
        storage = self.content.storage.text()
        try:
            return self.inside(storage_xml.parse(storage))
        except etree.XMLSyntaxError:
            return storage

    def inside(self, element: Element | None) -> str:
        if element is None:
            return ""
        parts = [escape(element.text or "", quote=False)]
        for child in element:
            parts.append(self._element(child))
            parts.append(escape(child.tail or "", quote=False))
        return "".join(parts)

    def _element(self, element: Element) -> str:
        tag = name(element)
        if tag in self._elements:
            return self._elements[tag](element)
        if ":" in tag:
            return self.inside(element)
        classes = {"table": "confluenceTable", "td": "confluenceTd", "th": "confluenceTh"}
        attributes = {str(key): str(value) for key, value in element.attrib.items() if "{" not in str(key)}
        if tag in classes:
            attributes["class"] = classes[tag]
        if _HEADING.fullmatch(tag):
            attributes["id"] = self._heading_id(text_of(element))
        opening = tag + "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
        return f"<{opening}/>" if tag in VOID else f"<{opening}>{self.inside(element)}</{tag}>"

    def anchor(self, text: str) -> str:
        """The id of the first heading with that text."""
        return self.addresses.heading(self.content, text)

    def _heading_id(self, text: str) -> str:
        """Unique within the page: the second of two equal headings ends in ``.1``."""
        anchor = self.anchor(text)
        repeated = self._headings[anchor]
        self._headings[anchor] += 1
        return f"{anchor}.{repeated}" if repeated else anchor

    # ------------------------------------------------------------------ inline

    def _link(self, link: Element) -> str:
        target = find(link, "ri:page", "ri:blog-post", "ri:user", "ri:attachment", "ri:url")
        shown = find(link, "ac:link-body", "ac:plain-text-link-body")
        text = self.inside(shown)
        if target is None:
            anchor = attribute(link, "ac:anchor")
            return f'<a href="#{escape(self.anchor(anchor))}">{text or escape(anchor)}</a>'
        match name(target):
            case "ri:user":
                return self._user(attribute(target, "ri:account-id"))
            case "ri:attachment":
                title = attribute(target, "ri:filename")
                return f'<a href="{escape(self._file_address(title))}">{text or escape(title)}</a>'
            case "ri:url":
                return f'<a href="{escape(attribute(target, "ri:value"))}">{text}</a>'
            case _:
                return self.page_link(attribute(target, "ri:content-title"), attribute(target, "ri:space-key"), text)

    def page_link(self, title: str, space_key: str, text: str) -> str:
        page = self.page(title, space_key)
        address = f"/wiki{links.webui(self.store.spaces[page.space_id], page)}" if page else "#"
        known = f' data-linked-resource-id="{page.id}" data-linked-resource-type="{page.kind}"' if page else ""
        return f'<a href="{escape(address)}"{known}>{text or escape(title)}</a>'

    def _user(self, account_id: str) -> str:
        user = self.store.users.get(account_id)
        shown = escape(user.display_name if user else "Former user")
        return f'<a class="confluence-userlink user-mention" data-account-id="{escape(account_id)}" href="/wiki/people/{escape(account_id)}">{shown}</a>'

    def _image(self, image: Element) -> str:
        file, address = find(image, "ri:attachment"), find(image, "ri:url")
        alt = escape(attribute(image, "ac:alt"))
        if file is not None:
            title = attribute(file, "ri:filename")
            source = f'data-linked-resource-default-alias="{escape(title)}" src="{escape(self._file_address(title))}"'
        else:
            source = f'src="{escape(attribute(address, "ri:value"))}"' if address is not None else ""
        caption = self.inside(find(image, "ac:caption"))
        return f'<span class="confluence-embedded-file-wrapper"><img class="confluence-embedded-image" alt="{alt}" {source}/>{caption}</span>'

    def _file_address(self, file_name: str) -> str:
        for attachment in self.store.attachments_of(self.content.id):
            if attachment.file_name == file_name:
                return self.addresses.file(attachment)
        return "#"

    def _task(self, task: Element) -> str:
        checked = ' class="checked"' if text_of(find(task, "ac:task-status")) == "complete" else ""
        task_id = escape(text_of(find(task, "ac:task-id")))
        return f'<li{checked} data-inline-task-id="{task_id}">{self.inside(find(task, "ac:task-body"))}</li>'

    def _adf_extension(self, extension: Element) -> str:
        content = extension.find(".//{*}adf-content")
        return f'<div class="panel" data-macro-name="note"><div class="panelContent">{self.inside(content)}</div></div>'

    def of(self, content: Content) -> Renderer:
        """The renderer of a content inside this one."""
        return Renderer(self.store, content, self.addresses, self.depth + 1)

    def page(self, title: str, space_key: str) -> Content | None:
        space = self.store.space_by_key(space_key) if space_key else self.space
        found = self.store.titled(space.id, title) if space else []
        return next((page for page in found if page.status == "current"), None)
