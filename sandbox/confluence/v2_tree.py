"""The v2 page tree: ancestors, children, descendants, and the containers that live in it beside pages.

https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-ancestors/ and api-group-children, -descendants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call, json_answer
from sandbox.confluence.keyset import Key, Order, arranged, cut
from sandbox.confluence.model import CONTAINER_KINDS, TREE_KINDS, Content
from sandbox.confluence.rows import Row, content_row, text_id
from sandbox.confluence.store import millis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TIME_ORDERS = ("created-date", "modified-date")
CHILD_ORDERS = (*TIME_ORDERS, "id", "child-position")
DIRECT_CHILD_ORDERS = (*CHILD_ORDERS, "title")
#: The documented default and maximum of ``depth``.
DEFAULT_DEPTH = 2
MAX_DEPTH = 10


def ancestors(call: Call, kinds: Iterable[str] = TREE_KINDS) -> Answer:
    """``GET /pages/{id}/ancestors``: ids and types, from the top down; the nearest ``limit`` of them."""
    content = call.visible_content(kinds)
    limit = call.limit()
    chain = call.store.ancestors(content)[-limit:]
    return call.page_of_all(chain, lambda node: {"id": str(node.id), "type": node.kind})


def children(call: Call) -> Answer:
    """``GET /pages/{id}/children``: child pages. An unknown page is no error here: the file knows no 404."""
    nodes = call.store.children(call.path_id())
    pages = (node for node in nodes if node.kind == "page" and node.status in ("current", "archived"))
    return _children_page(call, pages, CHILD_ORDERS, _child_row)


def direct_children(call: Call, kind: str) -> Answer:
    """``GET /{kind}/{id}/direct-children``: current children of every kind, in pages."""
    nodes = call.store.children(call.visible_content([kind]).id)
    current = (node for node in nodes if node.status == "current")
    return _children_page(call, current, DIRECT_CHILD_ORDERS, lambda node: _child_row(node) | {"type": node.kind})


def _children_page(
    call: Call, nodes: Iterable[Content], orders: Iterable[str], render: Callable[[Content], Row]
) -> Answer:
    limit, order = call.limit(), call.order(orders, "child-position")
    last, sees = call.last_key(order), call.sees

    def key(node: Content) -> Key:
        return _place(node, order)

    taken, cursor = cut(arranged(filter(sees.content, nodes), key, order, last), limit, key, order)
    return call.page_of([msgspec.json.encode(render(node)) for node in taken], cursor)


def _place(child: Content, order: Order) -> Key:
    match order.name:
        case "child-position":
            return child.position or 0, child.id
        case "title":
            return child.title, child.id
        case "id":
            return child.id, child.id
        case _:
            return millis(child, order.name), child.id


def _child_row(child: Content) -> Row:
    return {
        "id": str(child.id),
        "status": child.status,
        "title": child.title,
        "spaceId": str(child.space_id),
        "childPosition": child.position,
    }


def descendants(call: Call, kind: str) -> Answer:
    """``GET /{kind}/{id}/descendants?depth=``: current contents of every kind, level by level, in pages."""
    content = call.visible_content([kind])
    limit, sees, order = call.limit(), call.sees, Order("id")
    depth = DEFAULT_DEPTH if call.number("depth") is None else call.number("depth") or 0
    if not 1 <= depth <= MAX_DEPTH:
        raise errors.v2_bad_parameter(f"Provided value for 'depth' must be between 1 and {MAX_DEPTH}.")
    last = call.last_key(order)
    found: list[tuple[int, Content]] = []
    level = [content]
    for number in range(1, depth + 1):
        level = [child for node in level for child in call.store.children(node.id)]
        found += [(number, node) for node in level if node.status == "current" and sees.content(node)]
    ids = [node.id for _, node in found]
    if last and last[1] not in ids:
        raise errors.v2_bad_cursor()
    behind = ids.index(last[1]) + 1 if last else 0
    taken, cursor = cut(found[behind:], limit, lambda pair: (pair[1].id, pair[1].id), order)
    return call.page_of([msgspec.json.encode(_descendant_row(node, number)) for number, node in taken], cursor)


def _descendant_row(node: Content, depth: int) -> Row:
    row = _child_row(node)
    del row["spaceId"]
    return row | {"type": node.kind, "parentId": text_id(node.parent_id), "depth": depth}


def container(call: Call, kind: str) -> Answer:
    """``GET /folders/{id}``, ``/databases/{id}``, ``/whiteboards/{id}``, ``/embeds/{id}``."""
    if kind not in CONTAINER_KINDS:
        raise ValueError(kind)
    content = call.visible_content([kind])
    if content.status == "trashed":
        raise errors.v2_not_found()
    row = content_row(call.store, content)
    row["_links"]["base"] = call.base
    return json_answer(row)
