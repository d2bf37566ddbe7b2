"""Which scope an endpoint asks of a scoped API token."""

from __future__ import annotations

import re

#: In the order in which they are tried; the path begins after ``/wiki``. From the OpenAPI file of the v2 API
#: (``x-atlassian-oauth2-scopes``) and the v1 reference.
_SCOPES = (
    (r"/rest/api/user/", "read:content-details:confluence"),
    (r"/rest/api/(content/)?search", "read:content-details:confluence"),
    (r"/rest/api/content/[^/]+/restriction", "read:content-details:confluence"),
    (r"/rest/api/content/[^/]+/child/attachment", "read:attachment:confluence"),
    (r"/download/", "read:attachment:confluence"),
    (r"/api/v2/(pages|blogposts)/[^/]+/attachments", "read:attachment:confluence"),
    (r"/api/v2/(.+/)?(footer|inline)-comments", "read:comment:confluence"),
    (r"/api/v2/[^/]+/[^/]+/descendants", "read:hierarchical-content:confluence"),
    (r"/api/v2/spaces/[^/]+/(pages|blogposts)", "read:page:confluence"),
    (r"/api/v2/spaces", "read:space:confluence"),
    (r"/api/v2/(pages|blogposts|labels)", "read:page:confluence"),
    (r"/api/v2/users-bulk", "read:user:confluence"),
    (r"/api/v2/folders", "read:folder:confluence"),
    (r"/api/v2/databases", "read:database:confluence"),
    (r"/api/v2/whiteboards", "read:whiteboard:confluence"),
    (r"/api/v2/embeds", "read:embed:confluence"),
)
#: What a scoped token needs for everything that this project can do.
ALL_SCOPES = tuple(dict.fromkeys(scope for _, scope in _SCOPES))


def scope_of(path: str) -> str | None:
    """The granular scope that a request for ``path`` needs, or ``None`` for a path this project does not use."""
    inside = path.partition("/wiki")[2] or path
    return next((scope for pattern, scope in _SCOPES if re.match(pattern, inside)), None)
