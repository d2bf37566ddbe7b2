"""Hashes of what the converter makes of known pages: ``python -m tests.content.golden`` writes them to golden.json.

The sample space and the examples of docs/content.md are converted and chunked. Each document has two hashes: of what goes in (its body, its
title, the bodies it includes) and of what comes out (Markdown and chunks). The same input with another output is another converter.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from confluence_to_twig.content import (
    CONVERTER_VERSION,
    Attachment,
    Comment,
    IncludedPage,
    PageContext,
    chunk_document,
    convert,
)
from sandbox.sample_space import load
from tests.content.constructs.example import CONTEXT
from tests.content.constructs.examples import EXAMPLES

FILE = Path(__file__).with_name("golden.json")
COMMAND = "python -m tests.content.golden"
SITE = "https://acme.example/wiki"


@dataclass(frozen=True)
class Golden:
    """``documents`` has name → (hash of the input, hash of the output)."""

    converter_version: str
    documents: dict[str, tuple[str, str]]

    def changed_by_the_converter(self, now: Golden) -> list[str]:
        """The documents that come out differently although the same goes in."""
        both = self.documents.keys() & now.documents.keys()
        pairs = ((name, self.documents[name], now.documents[name]) for name in sorted(both))
        return [name for name, old, new in pairs if old[0] == new[0] and old[1] != new[1]]

    def complaint(self, now: Golden) -> str:
        """What is wrong when the output changed and the version did not; empty when nothing is."""
        changed = self.changed_by_the_converter(now)
        if not changed or now.converter_version != self.converter_version:
            return ""
        shown = ", ".join(changed[:5]) + (", …" if len(changed) > 5 else "")
        return (
            f"The converter's output changed for {len(changed)} of {len(now.documents)} documents ({shown}), and its version is still "
            f'"{now.converter_version}": pages that Twig holds would keep the old output. Raise CONVERTER_VERSION in '
            f"include/confluence_to_twig/content/version.py, then run: {COMMAND}"
        )


def read() -> Golden:
    held = json.loads(FILE.read_text(encoding="utf-8"))
    return Golden(held["converter_version"], {name: (given, made) for name, (given, made) in held["documents"].items()})


def measure() -> Golden:
    """The hashes of the converter as it is."""
    return Golden(CONVERTER_VERSION, {name: _hashes(storage, context) for name, storage, context in _documents()})


def write(golden: Golden) -> None:
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(pair)}" for name, pair in sorted(golden.documents.items()))
    head = f'{{\n "converter_version": {json.dumps(golden.converter_version)},\n "documents": {{\n'
    FILE.write_text(f"{head}{lines}\n }}\n}}\n", encoding="utf-8")


def _documents() -> Iterator[tuple[str, str, PageContext]]:
    for number, example in enumerate(EXAMPLES):
        yield f"example/{number:03d} {example.construct}", example.storage, CONTEXT
    space = load()
    url = {page.title: f"{SITE}/spaces/{space.key}/pages/{page.ref}" for page in space.pages}
    body = {
        page.title: IncludedPage(page.ref, page.title, page.storage, url[page.title], space.key, page.version)
        for page in space.pages
    }
    for page in space.pages:
        yield (
            f"sample/{page.ref}",
            page.storage,
            PageContext(
                page_id=page.ref,
                title=page.title,
                space_key=space.key,
                space_name=space.name,
                url=url[page.title],
                site_url=SITE,
                view=page.view,
                users={user.account_id: user.display_name for user in space.users},
                attachments=tuple(
                    Attachment(file.file_name, f"{url[page.title]}/{file.file_name}") for file in page.attachments
                ),
                comments=tuple(Comment(comment.storage, "", comment.created_at) for comment in page.comments),
                resolve_page=lambda _space, title: url.get(title),
                resolve_body=lambda _space, title: body.get(title),
            ),
        )


def _hashes(storage: str, context: PageContext) -> tuple[str, str]:
    included: list[IncludedPage | None] = []

    def resolve_body(space: str | None, title: str) -> IncludedPage | None:
        found = context.resolve_body(space, title) if context.resolve_body else None
        included.append(found)
        return found

    conversion = convert(storage, replace(context, resolve_body=resolve_body))
    markdown = conversion.markdown
    chunks = [
        (chunk.chunk_id, chunk.text, chunk.heading_path, chunk.url, chunk.token_count, chunk.language)
        for chunk in chunk_document(markdown, context, conversion.headings)
    ]
    added = [comment.storage for comment in context.comments] + [file.title for file in context.attachments]
    given = (storage, context.view, context.title, added, [page and page.storage for page in included])
    return _hash(given), _hash((markdown, chunks))


def _hash(value: Any) -> str:
    return sha256(repr(value).encode(errors="surrogatepass")).hexdigest()[:16]


def main() -> None:
    """Write golden.json, unless the version has to be raised first."""
    now = measure()
    if FILE.exists() and (complaint := read().complaint(now)):
        sys.exit(complaint)
    write(now)
    sys.stdout.write(f"{FILE.name}: {len(now.documents)} documents, converter version {now.converter_version}\n")


if __name__ == "__main__":
    main()
