"""Smart links: what stands behind an address, in words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote_plus, urlsplit

from confluence_to_twig.content.nodes import Node

if TYPE_CHECKING:
    from confluence_to_twig.content.model import PageContext
    from confluence_to_twig.content.storage.resolution import Replacement

_PAGE = re.compile(r"/(?:spaces/[^/]+/(?:pages|blog)|pages)/(?:\d{4}/\d{2}/\d{2}/)?(?:edit-v2/)?(\d+)(?:/([^/]+))?/?\Z")
_DISPLAY = re.compile(r"/display/[^/]+/(?:\d{4}/\d{2}/\d{2}/)?([^/]+)/?\Z")
_ISSUE = re.compile(r"/browse/([A-Z][A-Z0-9_]+-\d+)/?\Z")
_ISSUE_LIST = re.compile(r"/issues/?\Z")


def smart_words(url: str, datasource: str, context: PageContext) -> Replacement:
    """What a smart link shows: a page's title, an issue's key, a Jira query; nothing when the address does not tell."""
    try:
        parts = urlsplit(url)
    except ValueError:  # not an address: a bracket without its partner
        return []
    query = _query(datasource) or (
        next(iter(parse_qs(parts.query).get("jql", [])), "") if _ISSUE_LIST.search(parts.path) else ""
    )
    if query:
        return ["Jira issues: ", Node("code", {}, [query])]
    if issue := _ISSUE.search(parts.path):
        return [issue[1]]
    return _page_title(parts.netloc, parts.path, context)


def _query(datasource: str) -> str:
    """The JQL in ``{"parameters": {"jql": …}}``, which the new editor keeps beside the address of a table of issues."""
    if "jql" not in datasource:
        return ""
    try:
        parameters = json.loads(datasource).get("parameters")
    except (ValueError, AttributeError, RecursionError):
        return ""
    query = parameters.get("jql") if isinstance(parameters, dict) else None
    return query.strip() if isinstance(query, str) else ""


def _page_title(host: str, path: str, context: PageContext) -> Replacement:
    """The title of a page: as the sweep knows it, or else as the address of the same site has it."""
    page = _PAGE.search(path)
    if page and context.resolve_title and (title := context.resolve_title(page[1])):
        return [title]
    display = _DISPLAY.search(path)
    slug = (page and page[2]) or (display and display[1]) or ""
    of_this_site = bool(host) and host == urlsplit(context.site_url).netloc
    return [unquote_plus(slug)] if slug and of_this_site else []
