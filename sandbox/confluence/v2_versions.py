"""v2 versions of pages and blog posts.

https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-version/
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call, json_answer
from sandbox.confluence.keyset import Key, arranged, cut
from sandbox.confluence.rendering import BULK_FORMATS, representation
from sandbox.confluence.rows import Row, version_row

if TYPE_CHECKING:
    from sandbox.confluence.model import Content
    from sandbox.confluence.site import Site


def versions_of(content: Content) -> list[Content]:
    """The content as it was in every version that the sandbox saw, newest first."""
    past = [
        replace(content, status="historical", title=old.title, storage=old.storage, version=old.version, view=None)
        for old in content.history
    ]
    return [content, *reversed(past)]


def at_version(site: Site, content: Content, number: int | None) -> Content:
    """The content as it was in that version.

    :raises ApiError: 404 for a version that never was, or that the sandbox did not see being made.
    """
    if number is None or number == content.version.number:
        return content
    if reads_empty(site, content) and number == content.version.number - 1:
        return replace(content, status="historical", version=replace(content.version, number=number))
    for old in versions_of(content)[1:]:
        if old.version.number == number:
            return old
    raise errors.v2_not_found()


def reads_empty(site: Site, content: Content) -> bool:
    """Whether the content is a live doc whose text is read from the version before.

    https://github.com/atlassian/atlassian-mcp-server/issues/192
    """
    live = content.subtype == "live" and content.status != "historical"
    return site.live_reads_empty and live and content.version.number > 1


def versions(call: Call, kind: str) -> Answer:
    """``GET /pages/{id}/versions``: with ``body-format`` at most 50 rows since 1 June 2026, silently.

    https://developer.atlassian.com/cloud/confluence/changelog/
    """
    content = call.visible_content([kind])
    body_format = call.choice("body-format", BULK_FORMATS)
    order, limit = call.order(("modified-date",), "-modified-date"), call.limit()
    if body_format and call.site.versions_cap:
        limit = min(limit, call.site.versions_cap)
    last = call.last_key(order)

    def key(shown: Content) -> Key:
        return round(shown.version.created_at.timestamp() * 1000), shown.version.number

    taken, cursor = cut(arranged(versions_of(content), key, order, last), limit, key, order)
    return call.page_of([msgspec.json.encode(_row(call, shown, body_format)) for shown in taken], cursor)


def _row(call: Call, shown: Content, body_format: str | None) -> Row:
    row = version_row(shown.version)
    if body_format:
        text = "" if reads_empty(call.site, shown) else representation(call.store, shown, body_format).text()
        body = {body_format: {"representation": body_format, "value": text}}
        row[shown.kind] = {"title": shown.title, "id": str(shown.id), "body": body}
    return row


def single_version(call: Call, kind: str) -> Answer:
    """``GET /pages/{page-id}/versions/{version-number}``: who made it, and its neighbours; no body."""
    content = call.visible_content([kind])
    number = call.path_id("number")
    shown = at_version(call.site, content, number)
    numbers = sorted(version.version.number for version in versions_of(content))
    before = [other for other in numbers if other < number]
    after = [other for other in numbers if other > number]
    row = version_row(shown.version)
    del row["ncsStepVersion"]
    neighbours = {"prevVersion": before[-1] if before else None, "nextVersion": after[0] if after else None}
    return json_answer(row | {"contentTypeModified": False, "collaborators": []} | neighbours)
