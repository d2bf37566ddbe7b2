"""The v1 shapes, where ``expand`` decides what an answer contains. The same on Cloud and Data Center but for users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.confluence import links
from sandbox.confluence.model import Content, Label, Space, User, Version, iso
from sandbox.confluence.rendering import representation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.confluence.calls import Call

Row = dict[str, Any]
#: How many users and how many groups a restriction names at once: asked for by operation, and expanded.
DEFAULT_READERS = 100
MOST_READERS = 200
BODY_FORMATS = (
    "storage",
    "view",
    "export_view",
    "styled_view",
    "anonymous_export_view",
    "editor",
    "editor2",
    "atlas_doc_format",
)


class Expand:
    """The ``expand`` parameter: ``body.storage,version`` asks for ``body``, ``body.storage`` and ``version``."""

    def __init__(self, names: Iterable[str]) -> None:
        self._paths = {name.strip() for name in names if name.strip()}
        # Found once and not for each row: that took half of the time of a search.
        self._asked = {name[:end] for name in self._paths for end, sign in enumerate(f"{name}.") if sign == "."}
        self._below: dict[str, Expand] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._asked

    def below(self, path: str) -> Expand:
        """What is asked for inside ``path``: ``children.page`` of ``children.page.version``."""
        if path not in self._below:
            inside = (name[len(path) + 1 :] for name in self._paths if name.startswith(f"{path}."))
            self._below[path] = Expand(inside)
        return self._below[path]


def expand_of(call: Call) -> Expand:
    return Expand(part for value in call.query.get("expand", ()) for part in value.split(","))


def user_row(call: Call, user: User | None) -> Row:
    """A known user, or the anonymous one."""
    picture = {"path": f"{call.site.context}/aa-avatar/default", "width": 48, "height": 48, "isDefault": True}
    if user is None:
        return {"type": "anonymous", "profilePicture": picture, "displayName": "Anonymous"}
    row: Row = {"type": "known", "displayName": user.display_name, "profilePicture": picture}
    if call.site.is_cloud:
        row |= {
            "accountId": user.account_id,
            "accountType": user.account_type,
            "email": user.email,
            "publicName": user.display_name,
            "isExternalCollaborator": False,
        }
        own = f"/user?accountId={user.account_id}"
    else:
        row |= {"username": user.email.partition("@")[0], "userKey": user.account_id, "status": "current"}
        own = f"/user?key={user.account_id}"
    return row | {"_expandable": {"operations": "", "personalSpace": ""}, "_links": {"self": rest(call, own)}}


def author_row(call: Call, account_id: str) -> Row:
    """A user as the author of something; unknown ids keep their id."""
    user = call.store.users.get(account_id)
    if user:
        return user_row(call, user)
    id_field = "accountId" if call.site.is_cloud else "userKey"
    return {"type": "unknown", id_field: account_id, "displayName": "Former user", "_links": {}}


def version_row(call: Call, version: Version) -> Row:
    return {
        "by": author_row(call, version.author_id),
        "when": iso(version.created_at),
        "friendlyWhen": f"{version.created_at:%b %d, %Y}",
        "message": version.message,
        "number": version.number,
        "minorEdit": version.minor_edit,
        "hidden": False,
        "contentTypeModified": False,
    }


def space_row(call: Call, space: Space, expand: Expand) -> Row:
    row: Row = {
        "id": space.id,
        "key": space.active_key,
        "name": space.name,
        "type": space.kind,
        "status": space.status,
        "_expandable": {"homepage": f"/rest/api/content/{space.homepage_id}"},
        "_links": {"self": rest(call, f"/space/{space.key}"), "webui": f"/display/{space.key}"},
    }
    if call.site.is_cloud:
        row["alias"] = space.active_key
    if call.site.is_cloud or not call.site.display_addresses:
        row["_links"]["webui"] = f"/spaces/{space.active_key}"
    if "homepage" in expand and space.homepage_id is not None:
        row["homepage"] = content_row(call, call.store.contents[space.homepage_id], expand.below("homepage"))
    if "description" in expand:
        text = {"value": space.description, "representation": "plain", "embeddedContent": []}
        row["description"] = {"plain": text, "view": text | {"representation": "view"}}
    return row


def label_rows(labels: Iterable[Label]) -> Row:
    rows = [{"prefix": label.prefix, "name": label.name, "id": str(label.id), "label": label.name} for label in labels]
    return {"results": rows, "start": 0, "limit": 200, "size": len(rows)}


def body_row(call: Call, content: Content, expand: Expand) -> Row:
    body: Row = {}
    for name in BODY_FORMATS:
        if name in expand:
            value = representation(call.store, content, name).text()
            body[name] = {"value": value, "representation": name, "embeddedContent": [], "_expandable": {}}
    return body | {"_expandable": {name: "" for name in BODY_FORMATS if name not in body}}


@dataclass(frozen=True)
class Window:
    """The users and the groups of a restriction that one answer holds."""

    start: int = 0
    limit: int = MOST_READERS


def restriction_row(call: Call, content: Content, operation: str = "read", *, window: Window = Window()) -> Row:
    """Own-level restrictions only: an empty list means that this level restricts nothing."""
    users = [author_row(call, account_id) for account_id in content.read_users] if operation == "read" else []
    names = content.read_groups if operation == "read" else ()
    groups = [{"type": "group", "name": name, "id": f"group-{name}", "_links": {}} for name in names]
    own = rest(call, f"/content/{content.id}/restriction/byOperation/{operation}")
    return {
        "operation": operation,
        "restrictions": {"user": _result_list(users, window), "group": _result_list(groups, window)},
        "_expandable": {"content": f"/rest/api/content/{content.id}"},
        "_links": {"self": own},
    }


def restrictions_row(call: Call, content: Content, expand: Expand) -> Row:
    """The expansion ``restrictions``, as far as it is asked for: ``restrictions.read.restrictions.user``.

    https://developer.atlassian.com/server/confluence/confluence-rest-api-examples/ shows the unexpanded form.
    """
    own = rest(call, f"/content/{content.id}/restriction/byOperation")
    row: Row = {"_links": {"self": own}, "_expandable": {name: "" for name in ("read", "update") if name not in expand}}
    for operation in ("read", "update"):
        if operation in expand:
            row[operation] = _operation_row(call, content, operation, expand.below(f"{operation}.restrictions"))
    return row


def _operation_row(call: Call, content: Content, operation: str, expand: Expand) -> Row:
    row = restriction_row(call, content, operation)
    unasked = {name: "" for name in ("user", "group") if name not in expand}
    for name in unasked:
        del row["restrictions"][name]
    if unasked:
        row["restrictions"]["_expandable"] = unasked
    return row


def number_of(call: Call, name: str, default: int = 0) -> int:
    """A number in the query; anything else counts as absent, as in Confluence."""
    text = call.one(name) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else default


def _result_list(rows: list[Row], window: Window) -> Row:
    taken = rows[window.start : window.start + window.limit]
    return {"results": taken, "start": window.start, "limit": window.limit, "size": len(taken)}


def history_row(call: Call, content: Content, expand: Expand) -> Row:
    history: Row = {
        "latest": content.status != "historical",
        "createdBy": author_row(call, content.author_id),
        "createdDate": iso(content.created_at),
        "_expandable": {"lastUpdated": "", "contributors": "", "previousVersion": "", "nextVersion": ""},
        "_links": {"self": rest(call, f"/content/{content.id}/history")},
    }
    if "lastUpdated" in expand:
        history["lastUpdated"] = version_row(call, content.version)
    return history


def content_row(call: Call, content: Content, expand: Expand) -> Row:
    """A page, blog post or container with what ``expand`` asks for."""
    store, space = call.store, call.store.spaces[content.space_id]
    expanders: dict[str, Callable[[], Any]] = {
        "space": lambda: space_row(call, space, expand.below("space")),
        "version": lambda: version_row(call, content.version),
        "history": lambda: history_row(call, content, expand.below("history")),
        "ancestors": lambda: [content_row(call, node, expand.below("ancestors")) for node in store.ancestors(content)],
        "body": lambda: body_row(call, content, expand.below("body")),
        "metadata": lambda: _metadata(call, content, expand.below("metadata")),
        "restrictions": lambda: restrictions_row(call, content, expand.below("restrictions")),
        "children": lambda: _children_row(call, content, expand.below("children")),
    }
    row: Row = {
        "id": str(content.id),
        "type": content.kind,
        "status": content.status,
        "title": content.title,
        "macroRenderedOutput": {},
        "_links": {
            "self": rest(call, f"/content/{content.id}"),
            "webui": webui(call, content),
            "tinyui": links.tinyui(content.id),
            "editui": links.editui(content),
        },
    }
    row |= _position(call, content)
    row |= {name: make() for name, make in expanders.items() if name in expand}
    row["_expandable"] = {name: link for name, link in _expandable(content, space).items() if name not in expand}
    return row


def _position(call: Call, content: Content) -> Row:
    """Up to Data Center 8 and on Cloud in ``extensions``; later in the content itself, -1 when it has none."""
    if call.site.position_in_extensions:
        return {"extensions": {"position": content.position if content.position is not None else "none"}}
    return {"position": content.position if content.position is not None else -1}


def _expandable(content: Content, space: Space) -> dict[str, str]:
    """What could be expanded, with its address where it has one; clients read the space key out of these."""
    own = f"/rest/api/content/{content.id}"
    return {
        "container": f"/rest/api/space/{space.key}",
        "metadata": "",
        "restrictions": f"{own}/restriction/byOperation",
        "history": f"{own}/history",
        "body": "",
        "version": "",
        "ancestors": "",
        "descendants": f"{own}/descendant",
        "space": f"/rest/api/space/{space.key}",
        "children": f"{own}/child",
    }


def _metadata(call: Call, content: Content, expand: Expand) -> Row:
    metadata: Row = {"_expandable": {name: "" for name in ("labels", "properties") if name not in expand}}
    if "labels" in expand:
        metadata["labels"] = label_rows(call.store.labels[name] for name in content.labels)
    if "properties" in expand:
        metadata["properties"] = _properties(call, content, expand.below("properties"))
    return metadata


def _properties(call: Call, content: Content, expand: Expand) -> Row:
    """The properties that are asked for by key. Data Center has no second editor to tell apart."""
    if not call.site.is_cloud or "editor" not in expand:
        return {
            "_expandable": {"editor": f"/rest/api/content/{content.id}/property/editor"} if call.site.is_cloud else {}
        }
    own = {"self": rest(call, f"/content/{content.id}/property/editor")}
    return {"editor": {"key": "editor", "value": content.editor, "_links": own}, "_expandable": {}}


def _children_row(call: Call, content: Content, expand: Expand) -> Row:
    if "page" not in expand:
        return {"_expandable": {"page": f"/rest/api/content/{content.id}/child/page"}}
    pages = [child for child in call.store.children(content.id) if child.kind == "page" and call.sees.content(child)]
    rows = [content_row(call, page, expand.below("page")) for page in pages if page.status == "current"]
    return {"page": _result_list(rows, Window())}


def webui(call: Call, content: Content) -> str:
    """The page's address in a browser, below the site's base."""
    space = call.store.spaces[content.space_id]
    by_title = not call.site.is_cloud and call.site.display_addresses
    return links.datacenter_webui(space, content) if by_title else links.webui(space, content)


def rest(call: Call, path: str) -> str:
    """The absolute address of a v1 endpoint."""
    return f"{call.base}/rest/api{path}"
