"""The table of endpoints: address, handler and the scopes of which a scoped token needs one.

Granular scopes are those of Atlassian's OpenAPI file; v1 endpoints take a classic scope as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.confluence import (
    dc_scan,
    downloads,
    v1_contents,
    v1_reads,
    v1_search,
    v2_contents,
    v2_spaces,
    v2_tree,
    v2_versions,
)
from sandbox.confluence import v2_decorations as v2_parts
from sandbox.confluence.calls import Answer, Call
from sandbox.confluence.model import CONTAINER_KINDS, TREE_KINDS
from sandbox.confluence.v2_contents import BLOGPOST, PAGE, Kind

if TYPE_CHECKING:
    from sandbox.confluence.v1_search import SearchIndex

Handler = Callable[[Call], Answer]

PAGES = ("read:page:confluence",)
SPACES = ("read:space:confluence",)
#: The OpenAPI file names the first for the permissions, an older text the second.
SPACE_PERMISSIONS = (*SPACES, "read:space.permission:confluence")
COMMENTS = ("read:comment:confluence",)
FILES = ("read:attachment:confluence",)
TREE = ("read:content.metadata:confluence",)
BELOW = ("read:hierarchical-content:confluence",)
LABELS = ("read:label:confluence",)
USERS = ("read:user:confluence",)
GROUPS = ("read:confluence-groups", "read:group:confluence")
SEARCH = ("search:confluence", "read:content-details:confluence")
IDENTITY = ("read:confluence-user", "read:content-details:confluence")
RESTRICTIONS = ("read:confluence-content.all", "read:content-details:confluence")
DOWNLOADS = ("readonly:content.attachment:confluence", *FILES)


@dataclass(frozen=True)
class Route:
    """One endpoint. ``path`` stands below the site's context; ``removed``: the gateway answers 410."""

    path: str
    handle: Handler
    scopes: tuple[str, ...] = ()
    method: str = "GET"
    removed: bool = False

    @property
    def api_v2(self) -> bool:
        return self.path.startswith("/api/v2/")


def v2_routes() -> list[Route]:
    """Everything below ``/wiki/api/v2``. The busiest first: they are matched in order."""
    return [
        Route("/api/v2/pages", lambda call: v2_contents.site_contents(call, PAGE), PAGES),
        Route("/api/v2/spaces/{id}/pages", lambda call: v2_contents.space_contents(call, PAGE), PAGES),
        Route("/api/v2/blogposts", lambda call: v2_contents.site_contents(call, BLOGPOST), PAGES),
        Route("/api/v2/spaces/{id}/blogposts", lambda call: v2_contents.space_contents(call, BLOGPOST), PAGES),
        *_content_routes("pages", PAGE),
        *_content_routes("blogposts", BLOGPOST),
        *_comment_routes("footer"),
        *_comment_routes("inline"),
        Route("/api/v2/spaces", v2_spaces.spaces, SPACES),
        Route("/api/v2/spaces/{id}", v2_spaces.single_space, SPACES),
        Route("/api/v2/spaces/{id}/permissions", v2_spaces.permissions, SPACE_PERMISSIONS),
        Route("/api/v2/spaces/{id}/labels", v2_spaces.space_labels, SPACES),
        Route("/api/v2/spaces/{id}/content/labels", v2_spaces.space_content_labels, SPACES),
        Route("/api/v2/labels", v2_spaces.labels, LABELS),
        Route("/api/v2/labels/{id}/pages", lambda call: v2_contents.labelled_contents(call, PAGE), PAGES),
        Route("/api/v2/labels/{id}/blogposts", lambda call: v2_contents.labelled_contents(call, BLOGPOST), PAGES),
        Route("/api/v2/attachments", v2_parts.site_attachments, FILES),
        Route("/api/v2/attachments/{id}", v2_parts.single_attachment, FILES),
        Route("/api/v2/users-bulk", v2_spaces.users_bulk, USERS, method="POST"),
        Route("/api/v2/content/convert-ids-to-types", v2_spaces.convert_ids, TREE, method="POST"),
        *_tree_routes(),
    ]


def _content_routes(name: str, kind: Kind) -> list[Route]:
    root = f"/api/v2/{name}/{{id}}"
    return [
        Route(root, lambda call: v2_contents.single_content(call, kind), PAGES),
        Route(f"{root}/versions", lambda call: v2_versions.versions(call, kind.name), PAGES),
        Route(f"{root}/versions/{{number}}", lambda call: v2_versions.single_version(call, kind.name), PAGES),
        Route(f"{root}/labels", lambda call: v2_spaces.content_labels(call, [kind.name]), PAGES),
        Route(f"{root}/attachments", lambda call: v2_parts.content_attachments(call, kind.name), FILES),
        Route(f"{root}/footer-comments", lambda call: v2_parts.content_comments(call, kind.name, "footer"), COMMENTS),
        Route(f"{root}/inline-comments", lambda call: v2_parts.content_comments(call, kind.name, "inline"), COMMENTS),
    ]


def _comment_routes(kind: str) -> list[Route]:
    root = f"/api/v2/{kind}-comments"
    return [
        Route(root, lambda call: v2_parts.site_comments(call, kind), COMMENTS),
        Route(f"{root}/{{comment_id}}", lambda call: v2_parts.single_comment(call, kind), COMMENTS),
        Route(f"{root}/{{id}}/children", lambda call: v2_parts.comment_replies(call, kind), COMMENTS),
    ]


def _tree_routes() -> list[Route]:
    routes = [
        Route("/api/v2/pages/{id}/children", v2_tree.children, PAGES),
    ]
    for kind in TREE_KINDS:
        root = f"/api/v2/{kind}s/{{id}}"
        routes += [
            Route(f"{root}/ancestors", lambda call, kind=kind: v2_tree.ancestors(call, [kind]), TREE),  # type: ignore[misc]
            Route(f"{root}/direct-children", lambda call, kind=kind: v2_tree.direct_children(call, kind), BELOW),  # type: ignore[misc]
            Route(f"{root}/descendants", lambda call, kind=kind: v2_tree.descendants(call, kind), BELOW),  # type: ignore[misc]
        ]
        if kind in CONTAINER_KINDS:
            scopes = (f"read:{kind}:confluence",)
            routes.append(Route(root, lambda call, kind=kind: v2_tree.container(call, kind), scopes))  # type: ignore[misc]
    return routes


def v1_routes(index: SearchIndex) -> list[Route]:
    """What is left of v1 on Cloud, and all the same on Data Center."""
    root = "/rest/api/content/{id}"
    restriction = f"{root}/restriction/byOperation"
    return [
        Route("/rest/api/user/current", v1_reads.current_user, IDENTITY),
        Route("/rest/api/user/bulk", v1_reads.users_bulk, IDENTITY),
        Route("/rest/api/group/by-id", v1_reads.group_by_id, GROUPS),
        Route("/rest/api/content/search", lambda call: v1_search.content_search(call, index), SEARCH),
        Route("/rest/api/search", lambda call: v1_search.site_search(call, index), SEARCH),
        Route(f"{root}/restriction", v1_reads.all_restrictions, RESTRICTIONS),
        Route(restriction, v1_reads.restrictions, RESTRICTIONS),
        Route(f"{restriction}/{{operation}}", v1_reads.restriction, RESTRICTIONS),
        Route(f"{root}/restriction/relevantViewRestrictions", v1_reads.relevant_restrictions, RESTRICTIONS),
        Route(f"{root}/child/attachment/{{attachment_id}}/download", downloads.by_id, DOWNLOADS),
    ]


def classic_routes() -> list[Route]:
    """The v1 reads that Cloud no longer documents: the site host still answers them, the gateway says 410."""
    root = "/rest/api/content/{id}"
    handlers: dict[str, Handler] = {
        "/rest/api/content": v1_contents.contents,
        root: v1_contents.single_content,
        f"{root}/history": v1_contents.history,
        f"{root}/label": v1_contents.labels,
        f"{root}/child/attachment": v1_contents.attachments,
        f"{root}/child/comment": v1_contents.comments,
        f"{root}/child/page": v1_contents.child_pages,
        f"{root}/descendant/page": v1_contents.descendant_pages,
        "/rest/api/space": v1_contents.spaces,
        "/rest/api/space/{key}": v1_contents.single_space,
        "/rest/api/space/{key}/content/{type}": v1_contents.space_contents,
        "/rest/api/user": v1_contents.single_user,
    }
    return [Route(path, handle, removed=True) for path, handle in handlers.items()]


def data_center_routes() -> list[Route]:
    """What only Data Center has. The site's switches say which versions; before the classic routes, for they match first."""
    return [
        Route("/rest/api/content/scan", dc_scan.scan),
        Route("/rest/api/server-information", v1_reads.server_information),
    ]


def file_routes() -> list[Route]:
    """Addresses of files, on the site host only."""
    return [Route("/download/attachments/{content_id}/{file_name}", downloads.by_name)]
