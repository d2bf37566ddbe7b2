"""Links and images: resolve a reference by title, file name or account id."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from confluence_to_twig.content.anchors import anchor_on
from confluence_to_twig.content.characters import without_invisible
from confluence_to_twig.content.nodes import Node
from confluence_to_twig.content.storage.resolution import Replacement, Resolution, parameters
from confluence_to_twig.sources.cloud_domains import is_cloud_host

if TYPE_CHECKING:
    from confluence_to_twig.content.model import PageContext

#: Characters that end a link's destination in Markdown, or have another meaning there.
_UNSAFE_IN_URL = re.compile(r"[\s()<>\\\"`|*\x00-\x1f]")
_WHOLE_ADDRESS = re.compile(r"https?://[^\s()]+")
_CLOUD_SITE_IN_NAME = re.compile(r"\(([a-z0-9-]+\.atlassian\.net)\)\s*$")
_CODE_SCHEME = re.compile(r"\s*(?:javascript|data|vbscript)\s*:", re.IGNORECASE)


def clean_url(url: str) -> str:
    """A URL that a Markdown link can hold, letters of all scripts left readable; empty for one that would run code."""
    if _CODE_SCHEME.match(url):
        return ""
    return _UNSAFE_IN_URL.sub(lambda match: quote(match[0]), url.strip())


def link(url: str, children: Replacement) -> Replacement:
    """An ``a`` element, or only its content when there is no address."""
    clean = clean_url(url)
    return [Node("a", {"href": clean}, children)] if clean else children


def composed(name: str) -> str:
    """A file name with its accents and syllables composed: Macs upload them decomposed."""
    return unicodedata.normalize("NFC", name)


def page_url(context: PageContext, space_key: str | None, title: str) -> str:
    """Where a page of that title is, or an empty string when the inventory does not know it."""
    if not title or context.resolve_page is None:
        return ""
    return context.resolve_page(space_key or None, title) or ""


def attachment_url(context: PageContext, file_name: str) -> str:
    """Where an attached file is; the bare file name when the page's address is unknown."""
    wanted = composed(file_name)
    for attachment in context.attachments:
        if attachment.url and composed(attachment.title) == wanted:
            return attachment.url
    escaped = file_name.replace("%", "%25").replace("#", "%23").replace("?", "%3F")
    if context.site_url and context.page_id:
        return _below_site(context, f"/download/attachments/{context.page_id}/{escaped}")
    return escaped


def jira_url(context: PageContext, key: str, server: str = "") -> str:
    """The address of a Jira issue; empty where storage does not tell which Jira it is in.

    :param server: the macro's parameter ``server``: mostly the name of an application link. No document describes it.
        Pages of Cloud have ``System Jira`` for the Jira of the same site, and ``JIRA (acme.atlassian.net)`` for another one.
    """
    base = _jira_base(context, server.strip())
    return f"{base}/browse/{quote(key)}" if base else ""


def _jira_base(context: PageContext, server: str) -> str:
    if _WHOLE_ADDRESS.fullmatch(server):
        return server.rstrip("/")
    if named := _CLOUD_SITE_IN_NAME.search(server):
        return f"https://{named[1]}"
    of_the_same_site = server.lower() in {"", "system jira"}
    return _host(context) if of_the_same_site and _is_on_cloud(context) else ""


def _space_url(context: PageContext, key: str) -> str:
    """``/spaces/KEY`` on Cloud. ``/display/KEY`` elsewhere: Data Center before 9 has no other one."""
    return _below_site(context, f"/{'spaces' if _is_on_cloud(context) else 'display'}/{quote(key)}")


def _below_site(context: PageContext, path: str) -> str:
    """``https://acme.atlassian.net/wiki`` and the path; empty when the site is unknown."""
    return f"{context.site_url.rstrip('/')}{path}" if context.site_url else ""


def _host(context: PageContext) -> str:
    """``https://acme.atlassian.net``; empty when the site is unknown."""
    parts = urlsplit(context.site_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _is_on_cloud(context: PageContext) -> bool:
    return is_cloud_host(urlsplit(context.site_url).hostname or "")


def resolve_link(node: Node, state: Resolution) -> Replacement:
    """``ac:link``: to a page, blog post, attachment, user, space, URL, or to an anchor only."""
    target = next((child for child in node.elements() if child.tag.startswith("ri:")), None)
    body = _link_body(node)
    if target is not None and target.tag == "ri:user":
        state.count("mention")
        return body or [mention(target, state.context)]
    state.count("link")
    url, title = _target(target, node.get("ac:anchor"), state.context)
    return link(url, body or [title]) if (body or title) else []


def mention(user: Node, context: PageContext) -> str:
    """``@Display Name`` of a ``ri:user``; Data Center says ``ri:username`` or ``ri:userkey``."""
    ids = [user.get(name) for name in ("ri:account-id", "ri:username", "ri:userkey") if user.get(name)]
    names = [context.users[identity] for identity in ids if identity in context.users]
    if names:
        return f"@{names[0]}"
    return f"@{user.get('ri:username') or 'unknown user'}"


def _link_body(node: Node) -> Replacement:
    for body in node.elements():
        if body.tag in {"ac:link-body", "ac:plain-text-link-body"} and (_has_image(body) or _has_text(body)):
            return body.children
    return []


def _has_text(node: Node) -> bool:
    return bool(without_invisible(node.text()).strip())


def _has_image(node: Node) -> bool:
    return any(child.tag == "img" for child in node.walk())


def _fragment(anchor: str, url: str, title: str) -> str:
    return f"#{anchor_on(unquote(anchor), url, title)}" if anchor else ""  # some are stored encoded


def _target(target: Node | None, anchor: str, context: PageContext) -> tuple[str, str]:
    """URL and title of what a link points at; the URL is empty when it cannot be known."""
    if target is None:
        return (f"{context.url}{_fragment(anchor, context.url, context.title)}" if anchor else ""), anchor
    if target.tag in {"ri:page", "ri:blog-post"}:
        title = target.get("ri:content-title")
        url = page_url(context, target.get("ri:space-key"), title)
        return (f"{url}{_fragment(anchor, url, title)}" if url else ""), title or anchor
    if target.tag == "ri:attachment":
        name = target.get("ri:filename")
        return attachment_url(context, name), composed(name)
    if target.tag == "ri:space":
        key = target.get("ri:space-key")
        return _space_url(context, key), key
    if target.tag == "ri:content-entity":
        return _below_site(context, f"/pages/viewpage.action?pageId={quote(target.get('ri:content-id'))}"), ""
    if target.tag == "ri:shortcut":
        return "", target.get("ri:parameter")  # where it leads is in the site's settings
    url = target.get("ri:value")
    return url, url or anchor


def resolve_image(node: Node, state: Resolution) -> Replacement:
    """``ac:image`` as ``img`` with its alt text, caption or file name, followed by the caption if that says more."""
    state.count("image")
    source = node.first("ri:attachment", "ri:url")
    name = source.get("ri:filename") if source else ""
    if source is not None and source.tag == "ri:url":
        url = source.get("ri:value")
    else:
        url = attachment_url(state.context, name) if name else ""
    caption_node = node.first("ac:caption")
    caption = " ".join(caption_node.text().split()) if caption_node else ""
    alt = node.get("ac:alt").strip()
    described = alt if alt and alt != name else ""
    label = composed(described or caption or alt or name or node.get("ac:title"))
    image: Replacement = [Node("img", {"src": clean_url(url), "alt": label})]
    if node.get("ac:href"):
        image = link(node.get("ac:href"), image)
    if caption_node is not None and caption and caption != label:
        return [Node("figure", {}, [*image, Node("figcaption", {}, caption_node.children)])]
    return image


def smart_link(node: Node, state: Resolution) -> None:
    """``<a data-card-appearance>``: a smart link. Without text it shows its address."""
    node.attrs["href"] = clean_url(_absolute(node.get("href").strip(), state.context))
    if node.get("data-card-appearance"):
        state.count("smart-link")
    if not _has_text(node) and not _has_image(node):
        node.children = [node.get("href")] if node.get("href") else []


def _absolute(url: str, context: PageContext) -> str:
    """A link within the site or page as its whole address, because a chunk is read elsewhere."""
    if url.startswith("#"):
        return f"{context.url}{url}"
    if url.startswith("/") and not url.startswith("//"):
        return f"{_host(context)}{url}"
    return url


def file_reference(macro: Node, state: Resolution) -> Replacement:
    """``view-file``, ``viewpdf`` and the like: the file by name, as a link."""
    reference = next((node for node in macro.walk() if node.tag == "ri:attachment"), None)
    values = parameters(macro)
    name = reference.get("ri:filename") if reference else values.get("name", "")
    return [Node("p", {}, link(attachment_url(state.context, name), [composed(name)]))] if name else []
