"""What a person sees in a browser: every space with its page tree, and every page at its own address.

No sign-in: it is a sandbox on loopback, and an address that a search cites should simply open. Scripts in a body are
kept from running by a Content-Security-Policy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotations of endpoints
from starlette.responses import HTMLResponse, Response

from sandbox.confluence import links
from sandbox.confluence.view import OF_THE_API, Addresses, Renderer
from sandbox.serving import CONTROL_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from sandbox.confluence.model import Content, Space
    from sandbox.confluence.sandbox import SandboxConfluence

FILES = f"{CONTROL_PREFIX}/files"
POLICY = "default-src 'none'; img-src 'self' data: https:; style-src 'unsafe-inline'"
#: As the editor of Cloud names headings, so that the fragment of a cited address leads to its heading.
OF_THE_EDITOR = Addresses(
    heading=lambda content, text: re.sub(r"\s", "-", text.strip()),
    file=lambda attachment: f"{FILES}/{links.attachment_id(attachment)}",
)
#: Data Center, and the legacy editor of Cloud, name headings by page title and heading, without blanks.
#: https://confluence.atlassian.com/doc/anchor-macro-139426.html
WITH_TITLE = replace(OF_THE_EDITOR, heading=OF_THE_API.heading)
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Node:
    """A row of the page tree. ``depth`` 0 is the top."""

    title: str
    url: str
    depth: int
    kind: str
    marks: tuple[str, ...]  # "restricted", "archived"


def add_web_pages(app: FastAPI, sandbox: SandboxConfluence) -> None:
    """Add the addresses to ``app``."""
    context = sandbox.site.context
    by_id = "/spaces/{key}/pages/{id}", "/spaces/{key}/pages/{id}/{title:path}", "/spaces/{key}/{kind}/{id}"
    post = "/spaces/{key}/blog/{year}/{month}/{day}/{id}/{title:path}"
    pages: dict[str, Callable[[SandboxConfluence, Request], Response]] = {
        "/": _site,
        context or "/": _site,
        **{context + path: _content for path in (*by_id, post, "/pages/viewpage.action")},
        **{context + path: _home for path in ("/spaces/{key}", "/spaces/{key}/overview", "/display/{key}")},
        f"{context}/display/{{key}}/{{title:path}}": _titled,
        f"{FILES}/{{attachment}}": _file,
    }
    for path, show in pages.items():
        app.add_route(path, _endpoint(sandbox, show), methods=["GET"])


def _endpoint(sandbox: SandboxConfluence, show: Callable[[SandboxConfluence, Request], Response]) -> Any:
    async def endpoint(request: Request) -> Response:
        with sandbox.lock:
            return show(sandbox, request)

    return endpoint


def _site(sandbox: SandboxConfluence, request: Request) -> Response:
    spaces = [(space, list(_tree(sandbox, space))) for space in sandbox.store.spaces.values()]
    return _html("site.html", 200, spaces=spaces, site=sandbox.site)


def _tree(sandbox: SandboxConfluence, space: Space) -> Iterator[Node]:
    """The pages of a space as people see them in its side bar, then its blog posts."""
    contents = [content for content in sandbox.store.contents.values() if content.space_id == space.id]
    stack = [(content, 0) for content in reversed(contents) if content.parent_id is None]
    while stack:
        content, depth = stack.pop()
        if content.status != "trashed":
            yield _node(sandbox, content, depth)
        stack += [(child, depth + 1) for child in reversed(sandbox.store.children(content.id))]


def _node(sandbox: SandboxConfluence, content: Content, depth: int = 0) -> Node:
    marks = tuple(mark for mark in ("archived",) if content.status == mark)
    if content.restricted:
        marks += ("restricted",)
    return Node(content.title, _url(sandbox, content), depth, content.kind, marks)


def _url(sandbox: SandboxConfluence, content: Content) -> str:
    space = sandbox.store.spaces[content.space_id]
    own = links.webui if sandbox.site.is_cloud or not sandbox.site.display_addresses else links.datacenter_webui
    return sandbox.site.context + own(space, content)


def _content(sandbox: SandboxConfluence, request: Request) -> Response:
    if _unknown_form(sandbox, request):
        return _page(sandbox, None)
    text = request.path_params.get("id") or request.query_params.get("pageId", "")
    known = sandbox.store.contents.get(int(text)) if text.isascii() and text.isdigit() else None
    return _page(sandbox, known)


def _unknown_form(sandbox: SandboxConfluence, request: Request) -> bool:
    """Data Center up to 8 knows no addresses below ``/spaces``."""
    below = request.url.path.removeprefix(sandbox.site.context)
    return not sandbox.site.is_cloud and sandbox.site.display_addresses and below.startswith("/spaces/")


def _home(sandbox: SandboxConfluence, request: Request) -> Response:
    space = None if _unknown_form(sandbox, request) else sandbox.store.space_by_key(request.path_params["key"])
    home = sandbox.store.contents.get(space.homepage_id) if space and space.homepage_id else None
    return _page(sandbox, home)


def _titled(sandbox: SandboxConfluence, request: Request) -> Response:
    space = sandbox.store.space_by_key(request.path_params["key"])
    found = sandbox.store.titled(space.id, request.path_params["title"].replace("+", " ")) if space else []
    return _page(sandbox, found[0] if found else None)


def _page(sandbox: SandboxConfluence, content: Content | None) -> Response:
    store = sandbox.store
    if content is None or content.status == "trashed":
        return _html("missing.html", 404, trashed=content is not None)
    comments = [*store.comments_of(content.id, "footer"), *store.comments_of(content.id, "inline")]
    author = store.users.get(content.version.author_id)
    new_editor = sandbox.site.is_cloud and content.editor == "v2"
    addresses = OF_THE_EDITOR if new_editor else WITH_TITLE
    return _html(
        "page.html",
        200,
        content=content,
        space=store.spaces[content.space_id],
        author=author.display_name if author else "",
        body=Renderer(store, content, addresses).body(),
        ancestors=[_node(sandbox, node) for node in store.ancestors(content)],
        children=[_node(sandbox, child) for child in store.children(content.id) if child.status == "current"],
        files=[(file.file_name, addresses.file(file), len(file.content)) for file in store.attachments_of(content.id)],
        comments=[(comment, comment.storage.text()) for comment in comments],
    )


def _file(sandbox: SandboxConfluence, request: Request) -> Response:
    digits = request.path_params["attachment"].removeprefix("att")
    file = sandbox.store.attachments.get(int(digits)) if digits.isascii() and digits.isdigit() else None
    if file is None:
        return _html("missing.html", 404, trashed=False)
    headers = {"Content-Disposition": f"inline; filename*=UTF-8''{quote(file.file_name, safe='')}"}
    policy = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
    return Response(file.content, media_type=file.media_type, headers=headers | policy)


def _html(template: str, status: int, **values: Any) -> Response:
    html = _TEMPLATES.get_template(template).render(**values)
    return HTMLResponse(html, status, {"Content-Security-Policy": POLICY})
