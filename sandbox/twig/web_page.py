"""The page at ``/``: what a person sees of the sandbox Twig. No script, nothing from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse

from sandbox.twig.keys import DEFAULT_ORG, connection

if TYPE_CHECKING:
    from sandbox.twig.server import SandboxTwig

router = APIRouter()

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)
_RESULTS = 8
_SHOWN_CHARACTERS = 500
_BEFORE_HIT = 120


@dataclass(frozen=True)
class Hit:
    """A found chunk as the page shows it. ``parts`` is the text cut into (words, whether the query has them)."""

    title: str
    url: str | None  # None: not an address that a browser should open
    source: str
    similarity: float
    chunk_id: str
    parts: tuple[tuple[str, bool], ...]


@router.get("/", include_in_schema=False)
def home(request: Request, q: Annotated[str, Query(max_length=4000)] = "", source: str = "") -> HTMLResponse:
    """Data sources with their status and counts, and a search over all of them or one."""
    twig: SandboxTwig = request.app.state.twig
    specs = twig.data_specs()
    names = {spec["id"]: spec["name"] for spec in specs}
    found = twig.search(q, [source] if source else None, _RESULTS)
    html = _TEMPLATES.get_template("home.html").render(
        specs=specs,
        org=DEFAULT_ORG,
        query=q,
        source=source,
        hits=[hit_of(result, q, names.get(result["data_source_id"], "")) for result in found],
        busy=any(spec["status"] == "processing" for spec in specs),
        stats=twig.log.stats(),
        connection=json.dumps(connection(str(request.base_url).rstrip("/"))),
    )
    return HTMLResponse(html)


def hit_of(result: dict[str, Any], query: str, source: str) -> Hit:
    """A search result made ready to show."""
    url = result["document_url"]
    return Hit(
        title=result["document_title"] or result["document_id"],
        url=url if url.startswith(("https://", "http://")) else None,
        source=source,
        similarity=result["similarity"],
        chunk_id=result["chunk_id"],
        parts=marked(excerpt(result["text"], query), query),
    )


def excerpt(text: str, query: str) -> str:
    """The part of ``text`` around the first word of the query, with an ellipsis where it was cut, at white space."""
    text = re.sub(r"\n{3,}", "\n\n", text.strip())
    pattern = _words_of(query)
    hit = pattern.search(text) if pattern else None
    start = 0
    if hit and hit.start() > _BEFORE_HIT and len(text) > _SHOWN_CHARACTERS:
        gap = re.search(r"\s", text[hit.start() - _BEFORE_HIT : hit.start()])
        start = hit.start() - _BEFORE_HIT + gap.end() if gap else hit.start()
    end = start + _SHOWN_CHARACTERS
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"


def marked(text: str, query: str) -> tuple[tuple[str, bool], ...]:
    """``text`` in pieces, each with whether it is a word of the query; joined they are ``text`` again."""
    pattern = _words_of(query)
    if pattern is None:
        return ((text, False),)
    pieces = pattern.split(text)  # one group: every second piece is a hit
    return tuple((piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece)


def _words_of(query: str) -> re.Pattern[str] | None:
    words = sorted(set(re.findall(r"\w+", query)), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(map(re.escape, words))})", re.IGNORECASE) if words else None
