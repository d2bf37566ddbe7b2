"""The comments and files of a page, with the text extracted from the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.attachments.as_markdown import file_markdown
from confluence_to_twig.content.nodes import Node
from confluence_to_twig.content.storage.links import attachment_url, clean_url
from confluence_to_twig.content.storage.parse import parse_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from confluence_to_twig.content.model import Comment, PageContext

#: Headings of a file stand below its name, which is one of level 3.
_TOP = 4


def comments_section(comments: Sequence[Comment], resolve: Callable[[Node], Node]) -> list[Node | str]:
    """A section with each comment below the name of its author.

    :param resolve: turns storage nodes into plain HTML nodes, as for the body.
    """
    section: list[Node | str] = []
    for comment in comments:
        body = resolve(parse_storage(comment.storage).root)
        if not body.text().strip():
            continue
        said = [comment.author or "Comment", comment.created_at.date().isoformat() if comment.created_at else ""]
        about = [f" on “{comment.anchor_text}”"] if comment.anchor_text else []
        head = Node("p", {}, [Node("strong", {}, [", ".join(filter(None, said))]), *about, ":"])
        section += [head, Node("blockquote", {}, body.children)]
    return [Node("h2", {}, ["Comments"]), *section] if section else []


def attachments_section(context: PageContext, markdown: str, drawn: Collection[str]) -> list[Node | str]:
    """A section with the files that the body does not link to, and the extracted text of each.

    :param drawn: files whose text stands in the body already, where the page shows their diagram.
    """
    listed: list[Node | str] = []
    texts: list[Node | str] = []
    for attachment in context.attachments:
        url = clean_url(attachment_url(context, attachment.title))
        if url not in markdown and attachment.title not in drawn:
            listed.append(Node("li", {}, [Node("a", {"href": url}, [attachment.title])]))
        if attachment.text and attachment.text.strip() and attachment.title not in drawn:
            text = file_markdown(attachment.title, attachment.media_type, attachment.text, _TOP)
            texts += [Node("h3", {}, [attachment.title]), Node("pre", {"data-markdown": ""}, [text])]
    if not listed and not texts:
        return []
    return [Node("h2", {}, ["Attachments"]), Node("ul", {}, listed), *texts]
