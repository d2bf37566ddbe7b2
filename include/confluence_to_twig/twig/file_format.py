"""The file of a page for Twig: its name, its front matter, its text with the page's address. Pure.

Twig cites an uploaded file by its file name (https://help.twig.so/product/data-integrations/files), and cuts it into
512-token pieces by itself. So the text contains the address of the page, once in each passage that is about as long as
such a piece.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confluence_to_twig.staging.rows import DocumentRow, LoadedRow
    from confluence_to_twig.twig.delta import Package

#: Documented: a file has at most 50 MB.
MAX_FILE_BYTES = 50 * 1024 * 1024
_SLUG_CHARACTERS = 60
_NAME = re.compile(r"(.+?)(?:-[a-z0-9-]*)?\.md")


def file_name(row: DocumentRow | LoadedRow) -> str:
    """``<page id>-<slug of the title>.md``: the same for the same page and title, safe in every store.

    :param row: anything with ``page_id`` and ``title``.
    """
    plain = unicodedata.normalize("NFKD", row["title"]).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_CHARACTERS].rstrip("-")
    return f"{row['page_id']}-{slug}.md" if slug else f"{row['page_id']}.md"


def page_id_of(name: str) -> str | None:
    """The page id in a file name, or None for a file that is not one of ours. Page ids have no hyphen."""
    match = _NAME.fullmatch(name)
    return match[1].partition("-")[0] if match else None


def render(package: Package) -> str:
    """The file's text: front matter, title, and each passage followed by its address."""
    document = package.document
    facts = {
        "title": document["title"],
        "url": document["url"],
        "space": document["space_key"],
        "path": document["ancestors"],
        "labels": document["labels"],
        "version": document["version"],
        "modified": document["modified_at"].isoformat().replace("+00:00", "Z"),
    }
    lines = ["---", *(f"{name}: {_yaml(value)}" for name, value in facts.items()), "---", ""]
    parts = ["\n".join([*lines, f"# {_one_line(document['title'])}"])]
    parts += [f"{chunk['text'].strip()}\n\nSource: <{chunk['url']}>" for chunk in package.chunks]
    if not package.chunks:
        parts.append(f"Source: <{document['url']}>")
    return "\n\n".join(parts) + "\n"


def _yaml(value: Any) -> str:
    """JSON strings and lists are YAML, too, except for characters that YAML requires to be escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
