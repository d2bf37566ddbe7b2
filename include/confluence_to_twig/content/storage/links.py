"""Links and images: resolve a reference by title, file name or account id."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote, urlsplit

from confluence_to_twig.content.anchors import anchor_on, has_titled_anchors
from confluence_to_twig.content.characters import without_invisible
from confluence_to_twig.content.nodes import Node
from confluence_to_twig.content.storage.resolution import Replacement, Resolution, apart, parameters
from confluence_to_twig.content.storage.smart_links import smart_words
from confluence_to_twig.sources.cloud_domains import is_cloud_host

if TYPE_CHECKING:
    from confluence_to_twig.content.model import PageContext

#: Characters that end a link's destination in Markdown, or have another meaning there.
_UNSAFE_IN_URL = re.compile(r"[\s()<>\\\"`|*\x00-\x1f]")
_WHOLE_ADDRESS = re.compile(r"https?://[^\s()]+")
_CLOUD_SITE_IN_NAME = re.compile(r"\(([a-z0-9-]+\.atlassian\.net)\)\s*$")
_CODE_SCHEME = re.compile(r"(?:javascript|data|vbscript|blob):", re.IGNORECASE)
#: Browsers leave these out of a scheme: ``java\tscript:`` runs, too.
_IGNORED_IN_SCHEME = re.compile(r"[\x00-\x20]+")
_PAGE_ID = re.compile(r"/pages/(?:edit-v2/)?(\d+)|[?&]pageId=(\d+)")
_TITLED_PAGE = re.compile(r"(https?://[^/?#]+/wiki/spaces/[^/?#]+/pages/\d+)/[^/?#]+\Z")
_FILE_NAME = re.compile(r"[^\W_].*\.[A-Za-z0-9]{2,5}\Z")
_IMAGE_NAME = re.compile(r".*\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?|heic|avif)", re.IGNORECASE | re.DOTALL)
#: Titles that Data Center does not put into ``/display/KEY/Title``.
_NOT_IN_PATH = re.compile(r"[/\\?+&;%\"]|^\.")


def clean_url(url: str) -> str:
    """A URL that a Markdown link can hold, letters of all scripts left readable; empty for one that would run code."""
    if _CODE_SCHEME.match(_IGNORED_IN_SCHEME.sub("", url[:100])):
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
    """Where a page of that title is; in another space by the title itself; empty for an unknown page of this space."""
    if not title:
        return ""
    known = context.resolve_page(space_key or None, title) if context.resolve_page else None
    if known or not space_key or space_key == context.space_key:
        return without_title(known or "")
    return _url_by_title(context, space_key, title)


def without_title(url: str) -> str:
    """The address of a page of Cloud without the page's title, which Cloud appends by itself.

    It is a third of the address and more, says again what the link's text says, and changes when the page is renamed.
    """
    return _TITLED_PAGE.sub(r"\1", url)


def _url_by_title(context: PageContext, space_key: str, title: str) -> str:
    """``/display/KEY/Title`` of Data Center, which Cloud redirects. With some characters a title is a parameter instead."""
    if _NOT_IN_PATH.search(title):
        return _below_site(context, f"/pages/viewpage.action?spaceKey={quote(space_key)}&title={quote_plus(title)}")
    return _below_site(context, f"/display/{quote(space_key)}/{quote_plus(title)}")


def _url_of_id(context: PageContext, page_id: str) -> str:
    return _below_site(context, f"/pages/viewpage.action?pageId={quote(page_id)}") if page_id else ""


def _url_of(target: Node, context: PageContext) -> str:
    """Where the page, blog post or other content is that an ``ri:`` element names."""
    by_title = page_url(context, target.get("ri:space-key"), target.get("ri:content-title"))
    return by_title or _url_of_id(context, target.get("ri:content-id"))


def attachment_url(context: PageContext, file_name: str) -> str:
    """Where a file of the page is; the bare file name when the page's address is unknown."""
    wanted = composed(file_name)
    for attachment in context.attachments:
        if attachment.url and composed(attachment.title) == wanted:
            return attachment.url
    if context.site_url and context.page_id:
        return _file_of_page(context, context.page_id, file_name)
    return escaped(file_name)


def _file_of_page(context: PageContext, page_id: str, file_name: str) -> str:
    return _below_site(context, f"/download/attachments/{page_id}/{escaped(file_name)}")


def escaped(file_name: str) -> str:
    """A file name as part of an address, as far as :func:`clean_url` does not see to it."""
    return file_name.replace("%", "%25").replace("#", "%23").replace("?", "%3F")


def file_urls(reference: Node, context: PageContext) -> tuple[str, str]:
    """The address of the file that an ``ri:attachment`` names, and that of the page it hangs on if it is another one.

    The first is empty when that page's id is not known.
    """
    name = reference.get("ri:filename")
    holder = reference.first("ri:page", "ri:blog-post", "ri:content-entity")
    if holder is None:
        return attachment_url(context, name), ""
    page = _url_of(holder, context)
    page_id = holder.get("ri:content-id") or _id_in(page)
    if page_id and page_id == context.page_id:
        return attachment_url(context, name), ""
    return (_file_of_page(context, page_id, name) if page_id else ""), page


def _id_in(url: str) -> str:
    """The id of the page at an address; empty where the address has none."""
    found = _PAGE_ID.search(url)
    return (found[1] or found[2]) if found else ""


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
        return body or [apart([mention(target, state.context)])]
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


def editor_of(context: PageContext, page_id: str) -> str:
    """The property ``editor`` of a page; empty when nobody knows it: as is usual on the site."""
    if page_id == context.page_id:
        return context.editor
    return (context.resolve_editor(page_id) if context.resolve_editor and page_id else None) or ""


def _fragment(anchor: str, url: str, title: str, editor: str, context: PageContext) -> str:
    """Where an anchor is on a page. The address of the page with the link tells the kind of site best: it came from there."""
    site = context.url or url
    if not anchor or (not title and has_titled_anchors(site, editor)):
        return ""
    return f"#{anchor_on(unquote(anchor), site, title, editor)}"  # some are stored encoded


def _target(target: Node | None, anchor: str, context: PageContext) -> tuple[str, str]:
    """URL and title of what a link points at; the URL is empty when it cannot be known."""
    if target is None:
        own = _fragment(anchor, context.url, context.title, context.editor, context)
        return (f"{context.url}{own}" if anchor else ""), anchor
    if target.tag in {"ri:page", "ri:blog-post", "ri:content-entity"}:
        url, title = _url_of(target, context), _title_of(target, context)
        editor = editor_of(context, target.get("ri:content-id") or _id_in(url))
        return (f"{url}{_fragment(anchor, url, title, editor, context)}" if url else ""), title or anchor or url
    if target.tag == "ri:attachment":
        file, page = file_urls(target, context)
        return file or page, composed(target.get("ri:filename"))
    if target.tag == "ri:space":
        key = target.get("ri:space-key")
        return _space_url(context, key), key
    if target.tag == "ri:shortcut":
        return "", target.get("ri:parameter")  # where it leads is in the site's settings
    url = target.get("ri:value")
    return url, url or anchor


def _title_of(target: Node, context: PageContext) -> str:
    page_id = target.get("ri:content-id")
    named = context.resolve_title(page_id) if context.resolve_title and page_id else None
    return target.get("ri:content-title") or named or ""


def resolve_image(node: Node, state: Resolution) -> Replacement:
    """``ac:image`` as ``img`` with its alt text, caption or file name, followed by the caption if that says more."""
    state.count("image")
    source = node.first("ri:attachment", "ri:url")
    name = source.get("ri:filename") if source else ""
    page = ""
    if source is not None and source.tag == "ri:url":
        url = clean_url(source.get("ri:value"))
        name = _file_name(url)
    else:
        url, page = file_urls(source, state.context) if source else ("", "")
    caption_node = node.first("ac:caption")
    caption = " ".join(caption_node.text().split()) if caption_node else ""
    alt, title = node.get("ac:alt").strip(), node.get("ac:title").strip()
    described = [text for text in (alt, title) if text != name and _describes(text)]
    label = composed(" – ".join(dict.fromkeys(described)) or caption or name or alt or title)
    named = label if not name or composed(name) in label else f"{label} ({composed(name)})"
    image: Replacement = [Node("img", {"src": clean_url(url), "alt": label})] if url else link(page, [named])
    if node.get("ac:href"):
        image = link(node.get("ac:href"), image)
    if caption_node is not None and caption and caption != label:
        return [Node("figure", {}, [*image, Node("figcaption", {}, caption_node.children)])]
    return image if url or label else []


def html_image(node: Node, state: Resolution) -> Node:
    """An ``img`` of HTML with its whole address; only its words when the image itself stands in the address."""
    url = clean_url(absolute(node.get("src").strip(), state.context))
    alt, title = node.get("alt").strip(), node.get("title").strip()
    words = list(dict.fromkeys(filter(_describes, (alt, title))))
    label = " – ".join(words) or _file_name(url) or alt or title
    return Node("img", {"src": url, "alt": label}) if url else apart([label])


def _describes(text: str) -> bool:
    """Whether the text of an image says what it shows: editors put in the name that the file had when it was uploaded."""
    return bool(text) and not _IMAGE_NAME.fullmatch(text)


def _file_name(url: str) -> str:
    """The last part of an address's path, where that is a file name."""
    name = unquote(url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2])
    return name if _FILE_NAME.search(name) else ""


def smart_link(node: Node, state: Resolution) -> None:
    """An ``a``. A smart link without words of its own shows the title behind it, or else its address."""
    address = node.get("href").strip()
    node.attrs["href"] = clean_url(absolute(address, state.context))
    smart = bool(node.get("data-card-appearance") or node.get("data-datasource"))
    if smart:
        state.count("smart-link")
    bare = not _has_text(node) and not _has_image(node)
    if smart and (bare or node.text().strip() in {address, unquote(address)}):
        words = smart_words(node.get("href"), node.get("data-datasource"), state.context)
        node.children = words or node.children
        bare = bare and not words
    if bare:
        node.children = [node.get("href")] if node.get("href") else []


def absolute(url: str, context: PageContext) -> str:
    """A link within the site or page as its whole address, because a chunk is read elsewhere."""
    if url.startswith("#"):
        return f"{context.url}{url}"
    if url.startswith("/") and not url.startswith("//"):
        return f"{_host(context)}{url}"
    return url


def file_reference(macro: Node, state: Resolution) -> Replacement:
    """``view-file``, ``viewpdf`` and the like: the file by name, as a link."""
    reference = next((node for node in macro.walk() if node.tag == "ri:attachment"), None)
    if reference is not None:
        name = reference.get("ri:filename")
        file, page = file_urls(reference, state.context)
        return [Node("p", {}, link(file or page, [composed(name)]))] if name else []
    name = parameters(macro).get("name", "")
    return [Node("p", {}, link(attachment_url(state.context, name), [composed(name)]))] if name else []
