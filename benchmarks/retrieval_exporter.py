"""What confluence-markdown-exporter makes of pages. Runs in an environment of its own.

Arguments: the address of a Data Center sandbox (the exporter takes no other for Cloud's) and a token for it. Standard
input: ids of pages, one a line. Standard output: JSON lines, the chunks of each page: its Markdown as the command
writes it into files, cut at the headings by ``MarkdownHeaderTextSplitter``, and what is longer than 512 tokens by
``RecursiveCharacterTextSplitter`` with 50 overlap. The last line names the pages that it could not convert.

The command itself is not called: for each page that it cannot convert it paints its local variables for minutes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from typing import TYPE_CHECKING

from bpe_openai import _bindings
from exporter_settings import point_exporter_at
from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

if TYPE_CHECKING:
    from collections.abc import Callable

_count = _bindings.tokenizer_for_encoding("cl100k_base").count


def _converter(url: str, token: str, folder: str) -> Callable[[int], str]:
    point_exporter_at(url, token, folder)
    from confluence_markdown_exporter.confluence import Page

    return lambda page_id: Page.from_id(page_id, url).markdown


def main() -> None:
    """Convert and cut every page of standard input."""
    headings = MarkdownHeaderTextSplitter([("#" * level, str(level)) for level in range(1, 7)], strip_headers=False)
    splitter = RecursiveCharacterTextSplitter(chunk_size=512, chunk_overlap=50, length_function=_count)
    url, token = sys.argv[1:]
    answers, sys.stdout = sys.stdout, sys.stderr
    failed = {}
    with tempfile.TemporaryDirectory() as folder:
        converted = _converter(url, token, folder)
        for page_id in sys.stdin.read().split():
            try:
                markdown = converted(int(page_id))
            except Exception as error:  # whatever it fails with, the page is missing from its export
                failed[page_id] = f"{type(error).__name__}: {error}"
                continue
            for chunk in splitter.split_documents(headings.split_text(markdown)):
                text = chunk.page_content
                answers.write(json.dumps({"page_id": page_id, "text": text, "tokens": _count(text)}) + "\n")
    answers.write(json.dumps({"failed": failed}) + "\n")


if __name__ == "__main__":
    main()
