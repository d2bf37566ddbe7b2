"""What other pipelines make of pages. Runs in an environment of its own: JSON lines in, JSON lines out.

``langchain``: the text that ``ConfluenceLoader.process_page`` makes of a storage body, by that very method, cut by
``RecursiveCharacterTextSplitter`` at 512 tokens with 50 overlap, both counted in cl100k.
``html2text``: html2text's Markdown of the storage body, cut by the same splitter.
"""

from __future__ import annotations

import json
import sys
import warnings

import html2text
from bpe_openai import _bindings
from langchain_community.document_loaders.confluence import ConfluenceLoader, ContentFormat
from langchain_text_splitters import RecursiveCharacterTextSplitter

_count = _bindings.tokenizer_for_encoding("cl100k_base").count


def _langchain_text(loader: ConfluenceLoader, page: dict[str, str]) -> str:
    answer = {
        "id": page["page_id"],
        "title": page["title"],
        "body": {"storage": {"value": page["storage"]}},
        "_links": {"webui": ""},
    }
    return loader.process_page(answer, False, False, False, ContentFormat.STORAGE).page_content


def _html2text(page: dict[str, str]) -> str:
    writer = html2text.HTML2Text(bodywidth=0)
    writer.unicode_snob = True
    return writer.handle(page["storage"])


def main() -> None:
    """Convert and cut every page of standard input."""
    warnings.simplefilter("ignore")
    loader = ConfluenceLoader.__new__(ConfluenceLoader)  # its constructor wants a site to talk to
    loader.base_url = ""
    splitter = RecursiveCharacterTextSplitter(chunk_size=512, chunk_overlap=50, length_function=_count)
    for line in sys.stdin:
        page = json.loads(line)
        for system, text in (("langchain", _langchain_text(loader, page)), ("html2text", _html2text(page))):
            for chunk in splitter.split_text(text):
                row = {"system": system, "page_id": page["page_id"], "text": chunk, "tokens": _count(chunk)}
                sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
