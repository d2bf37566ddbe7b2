"""The comments and files of a page, with the text extracted from the files."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from confluence_to_twig.content.attachments.kinds import is_drawing
from confluence_to_twig.content.nodes import Node
from confluence_to_twig.content.storage.diagrams import drawn_nodes
from confluence_to_twig.content.storage.links import attachment_url, clean_url
from confluence_to_twig.content.storage.parse import parse_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from confluence_to_twig.content.model import Attachment, Comment, PageContext

_MAX_COLUMNS = 100


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
            texts += [Node("h3", {}, [attachment.title]), *_file_text(attachment)]
    if not listed and not texts:
        return []
    return [Node("h2", {}, ["Attachments"]), Node("ul", {}, listed), *texts]


def _file_text(attachment: Attachment) -> list[Node | str]:
    text = (attachment.text or "").replace("\r\n", "\n")
    if attachment.media_type == "text/csv" or attachment.title.lower().endswith(".csv"):
        table = _csv_table(text)
        if table:
            return [table]
    if is_drawing(attachment.title, attachment.media_type):
        return drawn_nodes(text)
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    return [Node("p", {}, _lines(paragraph)) for paragraph in paragraphs]


def _lines(paragraph: str) -> list[Node | str]:
    children: list[Node | str] = []
    for line in paragraph.split("\n"):
        children += [line, Node("br")]
    return children[:-1]


def _csv_table(text: str) -> Node | None:
    """The file as a table whose first row is the header; None when the text is not CSV."""
    try:
        dialect = csv.Sniffer().sniff(text[:4_000], delimiters=",;\t|")
        rows = [row[:_MAX_COLUMNS] for row in csv.reader(io.StringIO(text), dialect) if row]
    except csv.Error:
        return None
    tags = ["th", *["td"] * (len(rows) - 1)]
    body = [Node("tr", {}, [Node(tag, {}, [cell]) for cell in row]) for tag, row in zip(tags, rows, strict=False)]
    return Node("table", {}, list(body))
