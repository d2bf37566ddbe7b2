"""v2 spaces, labels, users, and the type look-up."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call, json_answer
from sandbox.confluence.keyset import Key, Order, arranged, cut
from sandbox.confluence.rows import label_row, space_row, user_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.confluence.model import Content, Label, Space

SPACE_KINDS = ("global", "collaboration", "knowledge_base", "personal")
#: The group whose members may use the site.
EVERYBODY = "group-confluence-users"
_ACCOUNT_ID = re.compile(r"[0-9A-Za-z:_-]{1,128}")
_USER_KEY = re.compile(r"[0-9a-f]{32}")
LABEL_ORDERS = ("created-date", "id", "name")


def spaces(call: Call) -> Answer:
    """``GET /spaces``. An unknown or hidden key is no error: 200 without results.

    https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space/#api-spaces-get
    """
    ids, keys = call.integers("ids", 250), call.texts("keys", 250)
    kind, status = call.choice("type", SPACE_KINDS), call.choice("status", ("current", "archived"))
    labels = set(call.texts("labels"))
    limit, order = call.limit(), call.order(("id", "key", "name"), "id")
    description, icon = call.choice("description-format", ("plain", "view")), call.flag("include-icon")
    last = call.last_key(order)

    def wanted(space: Space) -> bool:
        named = (
            not (ids or keys)
            or space.id in ids
            or space.key in keys
            or (space.alias is not None and space.alias in keys)
        )
        return named and kind in (None, space.kind) and status in (None, space.status) and labels <= set(space.labels)

    def key(space: Space) -> Key:
        values: dict[str, int | str] = {"id": space.id, "key": space.active_key, "name": space.name}
        return values[order.name], space.id

    taken, cursor = cut(arranged(filter(wanted, call.sees.spaces()), key, order, last), limit, key, order)
    return call.page_of([msgspec.json.encode(space_row(space, description, icon)) for space in taken], cursor)


def single_space(call: Call) -> Answer:
    """``GET /spaces/{id}``. A key where the id belongs is a 400 (https://github.com/open-webui/oikb/issues/49)."""
    space = call.visible_space()
    row = space_row(space, call.choice("description-format", ("plain", "view")), call.flag("include-icon"))
    row["_links"]["base"] = call.base
    if call.flag("include-labels"):
        results = [label_row(call.store.labels[name]) for name in space.labels]
        row["labels"] = {"results": results, "meta": {"hasMore": False}, "_links": {"self": f"{call.endpoint}/labels"}}
    return json_answer(row)


def permissions(call: Call) -> Answer:
    """``GET /spaces/{id}/permissions``: who may view the space.

    https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space-permissions/ knows users, groups and
    roles; a space that is open to visitors also has an access class.
    """
    space = call.visible_space()
    if space.viewers is None:
        principals = [("access-class", "all-licensed-users") if call.site.access_classes else ("group", EVERYBODY)]
    else:
        principals = [("user", viewer) for viewer in space.viewers]
        principals += [("group", f"group-{name}") for name in space.viewer_groups]
    if space.viewers is None and call.site.anonymous_access:
        principals.append(("access-class", "anonymous-users"))
    limit, order = call.limit(), Order("id")
    rows = enumerate(principals, start=1)
    last = call.last_key(order)
    behind = (row for row in rows if last is None or row[0] > last[1])
    taken, cursor = cut(behind, limit, lambda row: (row[0], row[0]), order)
    return call.page_of([msgspec.json.encode(_permission_row(number, *row)) for number, row in taken], cursor)


def _permission_row(number: int, kind: str, principal: str) -> dict[str, Any]:
    operation = {"key": "read", "targetType": "space"}
    return {"id": str(number), "principal": {"type": kind, "id": principal}, "operation": operation}


def labels_page(call: Call, labels: Iterable[Label], default: str = "id") -> Answer:
    """One page of labels."""
    limit, order = call.limit(), call.order(LABEL_ORDERS, default)
    prefixes = set(call.texts("prefix"))
    last = call.last_key(order)

    def key(label: Label) -> Key:
        return (label.name if order.name == "name" else label.id), label.id

    chosen = (label for label in labels if not prefixes or label.prefix in prefixes)
    taken, cursor = cut(arranged(chosen, key, order, last), limit, key, order)
    return call.page_of([msgspec.json.encode(label_row(label)) for label in taken], cursor)


def space_labels(call: Call) -> Answer:
    """``GET /spaces/{id}/labels``: labels of the space itself, not of its contents."""
    space = call.visible_space()
    return labels_page(call, [call.store.labels[name] for name in space.labels])


def space_content_labels(call: Call) -> Answer:
    """``GET /spaces/{id}/content/labels``: every label on something in the space that the caller can view."""
    space, sees = call.visible_space(), call.sees

    def on_something_visible(label: Label) -> bool:
        contents = (content for content in call.store.labelled(label.name) if content.space_id == space.id)
        visible = (content for content in contents if content.status != "trashed" and sees.content(content))
        return any(True for _ in islice(visible, 1))

    return labels_page(call, filter(on_something_visible, call.store.labels_in(space.id)))


def content_labels(call: Call, kinds: Iterable[str]) -> Answer:
    """``GET /pages/{id}/labels`` and the like."""
    content = call.visible_content(kinds)
    return labels_page(call, [call.store.labels[name] for name in content.labels])


def labels(call: Call) -> Answer:
    """``GET /labels``."""
    ids = call.integers("label-id", 250)
    return labels_page(call, [label for label in call.store.labels.values() if not ids or label.id in ids])


class _UsersWanted(msgspec.Struct):
    accountIds: list[str]


def users_bulk(call: Call) -> Answer:
    """``POST /users-bulk``: unknown account ids are left out; what is no account id may make the request invalid.

    https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-user/ knows a 400 for an invalid request.
    """
    wanted = _read_body(call, _UsersWanted).accountIds
    if not 1 <= len(wanted) <= 250:
        raise errors.v2_bad_parameter("The list of accountIds must have 1 to 250 entries.")
    if call.site.users_bulk_strict and not all(map(_is_account_id, wanted)):
        raise errors.v2_bad_parameter("Provided value for 'accountIds' is not valid.")
    users = [call.store.users[account_id] for account_id in dict.fromkeys(wanted) if account_id in call.store.users]
    return call.page_of_all(users, user_row)


def _is_account_id(text: str) -> bool:
    """Up to 128 letters, digits, "-", "_" and ":"; the user keys of old pages are 32 hexadecimal digits."""
    return bool(_ACCOUNT_ID.fullmatch(text)) and not _USER_KEY.fullmatch(text)


class _IdsWanted(msgspec.Struct):
    contentIds: list[str | int | float]


def convert_ids(call: Call) -> Answer:
    """``POST /content/convert-ids-to-types``: what the caller cannot see maps to null.

    https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-content/
    """
    wanted = _read_body(call, _IdsWanted).contentIds
    if len(wanted) > 100:
        raise errors.v2_bad_parameter("The list of contentIds must have at most 100 entries.")
    return json_answer({"results": {str(content_id): _type_of(call, str(content_id)) for content_id in wanted}})


def _type_of(call: Call, content_id: str) -> str | None:
    digits = content_id.removeprefix("att")
    if not (digits.isascii() and digits.isdigit()):
        return None
    row_id = int(digits)
    content = call.store.contents.get(row_id)
    if content:
        return _visible_kind(call, content)
    part = call.store.attachments.get(row_id) or call.store.comments.get(row_id)
    if part is None or not call.sees.belonging(part):
        return None
    comment = call.store.comments.get(row_id)
    return f"{comment.kind}-comment" if comment else "attachment"


def _visible_kind(call: Call, content: Content) -> str | None:
    return content.kind if content.status != "trashed" and call.sees.content(content) else None


def _read_body(call: Call, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(call.body, type=shape)
    except msgspec.MsgspecError as error:
        raise errors.v2_bad_parameter("Invalid request body.", str(error)) from error
