"""The chunks of each system: ours, and those of other pipelines, made in environments of their own."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from benchmarks.measuring import CACHE, environment
from benchmarks.retrieval_indexes import Piece
from benchmarks.retrieval_questions import Page, normalised
from confluence_to_twig.content import PageContext, chunk_document, convert
from sandbox.confluence import PERSONAL_ACCESS_TOKEN, SandboxConfluence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from benchmarks.retrieval_corpora import Corpus

HERE = Path(__file__).resolve().parent
SPLITTER = ("langchain-text-splitters==1.1.3", "bpe-openai==0.1.4")
BASELINES = (
    *SPLITTER,
    "langchain-community==0.4.2",
    "beautifulsoup4==4.15.0",
    "lxml==6.1.3",
    "html2text==2025.4.15",
)
EXPORTER = (*SPLITTER, "confluence-markdown-exporter==5.5.0")
#: The systems by the names of their columns.
SYSTEMS = {"ours": "ours", "langchain": "(a) LangChain", "html2text": "(b) html2text", "exporter": "(c) exporter"}
#: Where the pages would be: links between them get addresses as a run gives them.
SITE = "https://acme.atlassian.net/wiki"
#: The exporter calls itself for the sandbox's table of contents until Python stops it. A table of contents says nothing itself.
_CONTENTS = re.compile(
    r"<ac:structured-macro\b[^>]*ac:name=\"toc\"(?:[^>]*/>|[^>]*>.*?</ac:structured-macro>)", re.DOTALL
)


def our_pieces(pages: Iterable[Page], changed: Callable[[str], str] = str) -> list[Piece]:
    """Our chunks.

    :param changed: what is done to the Markdown before it is cut, to find out what a part of it is worth.
    """
    known = list(pages)
    addresses = {
        page.title: f"{SITE}/spaces/DOC/pages/{65_538 + n}/{quote_plus(page.title)}" for n, page in enumerate(known)
    }
    pieces = []
    for page in known:
        context = PageContext(
            page.page_id,
            page.title,
            space_key="DOC",
            space_name=page.space,
            url=addresses[page.title],
            site_url=SITE,
            ancestors=page.ancestors,
            resolve_page=lambda _space, title: addresses.get(title),
        )
        chunks = chunk_document(changed(convert(page.storage, context).markdown), context)
        pieces += [Piece(page.page_id, chunk.text, chunk.token_count, normalised(chunk.text)) for chunk in chunks]
    return pieces


def other_pieces(corpus: Corpus) -> dict[str, list[Piece]]:
    """The chunks of the other systems."""
    pieces: dict[str, list[Piece]] = {system: [] for system in SYSTEMS if system != "ours"}
    for row in (*_baselines(corpus.pages), *_exported(corpus)):
        pieces[row["system"]].append(Piece(row["page_id"], row["text"], row["tokens"], normalised(row["text"])))
    return pieces


def _baselines(pages: list[Page]) -> Iterator[dict[str, Any]]:
    lines = "".join(json.dumps({"page_id": p.page_id, "title": p.title, "storage": p.storage}) + "\n" for p in pages)
    command = [environment("retrieval-baselines", BASELINES), HERE / "retrieval_baselines.py"]
    answer = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout
    yield from map(json.loads, answer.splitlines())


def _exported(corpus: Corpus) -> Iterator[dict[str, Any]]:
    """The exporter's chunks, kept for the next run: it asks for each page several times, which takes minutes."""
    script = HERE / "retrieval_exporter.py"
    source = repr((EXPORTER, script.read_text(), corpus.space))
    kept = CACHE / f"exported-{sha256(source.encode()).hexdigest()[:16]}.jsonl"
    if not kept.exists():
        kept.write_text(_export(corpus, [environment("retrieval-exporter", EXPORTER), script]))
    for line in kept.read_text().splitlines():
        row = json.loads(line)
        if "failed" in row:
            print(f"\nThe exporter fails on {len(row['failed'])} pages: {', '.join(row['failed'])}")
        else:
            yield row | {"system": "exporter"}


def _export(corpus: Corpus, command: list[Path]) -> str:
    """The answer of the script, with the pages' names instead of their numbers. The sandbox renders the pages for it."""
    seeds = tuple(replace(page, storage=_CONTENTS.sub("", page.storage)) for page in corpus.space.pages)
    site = SandboxConfluence(replace(corpus.space, pages=seeds), deployment="datacenter")
    with site.serve():
        names = {str(site.id_of(page.page_id)): page.page_id for page in corpus.pages}
        run = [*command, site.site_url, PERSONAL_ACCESS_TOKEN]
        answer = subprocess.run(run, input="\n".join(names), capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in answer.splitlines()]
    for row in rows:
        if "failed" in row:
            row["failed"] = {names[number]: error for number, error in row["failed"].items()}
        else:
            row["page_id"] = names[row["page_id"]]
    return "".join(json.dumps(row) + "\n" for row in rows)
