"""The file formats for Twig: the names of the files, and their content. Pure, and the same for the same pages.

Which of Twig's connectors reads which format: docs/file-delivery.md.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.staging.rows import DocumentRow, LoadedRow
    from confluence_to_twig.twig.file_page import FilePage

Suffix = Literal["docx", "txt", "md"]
#: Documented: a file has at most 50 MB (https://help.twig.so/product/data-integrations/files).
MAX_FILE_BYTES = 50 * 1024 * 1024
_SLUG_CHARACTERS = 60
_NAME = re.compile(r"((?:att)?\d+)(?:-[a-z0-9-]*)?\.(?:md|docx|txt)")


def slug(title: str) -> str:
    """A title in letters that are safe in every store, with a hyphen before it; empty when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    short = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_CHARACTERS].rstrip("-")
    return f"-{short}" if short else ""


def file_name(row: DocumentRow | LoadedRow, suffix: Suffix = "md") -> str:
    """``<page id>-<slug of the title>.<suffix>``: the same for the same page and title, safe in every store. Of a file that is a
    document of its own ``att…-…``.

    :param row: anything with ``page_id`` and ``title``.
    """
    return f"{row['page_id']}{slug(row['title'])}.{suffix}"


def page_id_of(name: str) -> str | None:
    """The page id in the name of a page's file of any format; None for other files."""
    match = _NAME.fullmatch(name)
    return match[1] if match else None


def render(pages: Sequence[FilePage], suffix: Suffix, title: str) -> bytes:
    """The content of a file.

    :param pages: one page, or all pages of a bundle. :param title: of the file, where the format has a place for it.
    """
    if suffix == "docx":
        from confluence_to_twig.twig.docx_file import docx_of

        return docx_of(pages, title)
    if suffix == "txt":
        from confluence_to_twig.twig.text_file import text_of

        return "\n\n".join(map(text_of, pages)).encode()
    return (_with_front_matter(pages[0]) if len(pages) == 1 else "\n\n".join(map(_as_section, pages))).encode()


def _with_front_matter(page: FilePage) -> str:
    facts = {
        "title": page.title,
        "url": page.url,
        "space": page.space_key,
        "path": list(page.ancestors),
        "labels": list(page.labels),
        "version": page.version,
        "modified": page.modified,
    }
    front = ["---", *(f"{name}: {_yaml(value)}" for name, value in facts.items()), "---"]
    return "\n".join(front) + f"\n\n# {page.name}\n\n{_passages(page)}\n"


def _as_section(page: FilePage) -> str:
    facts = (f"* {name}: {f'<{fact}>' if name == 'Address' else fact}" for name, fact in page.facts.items())
    return f"# {page.name}\n\n" + "\n".join(facts) + f"\n\n{_passages(page)}\n"


def _passages(page: FilePage) -> str:
    return "\n\n".join(f"{text.strip()}\n\nSource: <{url}>" for text, url in page.texts or (("", page.url),)).lstrip()


def _yaml(value: Any) -> str:
    """JSON strings and lists are YAML, too, except for characters that YAML requires to be escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in text)
