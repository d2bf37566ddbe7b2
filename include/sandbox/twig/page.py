"""The page at ``/``: what a person sees of the sandbox Twig. No script, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse

from include.sandbox.twig.keys import DEFAULT_ORG

router = APIRouter()

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape(), trim_blocks=True
)
_RESULTS = 8


@router.get("/", include_in_schema=False)
def home(request: Request, q: Annotated[str, Query(max_length=4000)] = "", source: str = "") -> HTMLResponse:
    """Data sources with their status and counts, and a search over all of them or one."""
    twig = request.app.state.twig
    specs: list[dict[str, Any]] = twig.data_specs()
    chosen = [source] if source else None
    html = _TEMPLATES.get_template("home.html").render(
        specs=specs,
        names={spec["id"]: spec["name"] for spec in specs},
        org=DEFAULT_ORG,
        query=q,
        source=source,
        results=twig.search(q, chosen, _RESULTS) if q else [],
        busy=any(spec["status"] == "processing" for spec in specs),
    )
    return HTMLResponse(html)
