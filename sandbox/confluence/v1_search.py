"""v1 ``content/search`` and ``search``: CQL, a cursor instead of an offset, and ``expand``."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sandbox.confluence import errors
from sandbox.confluence.calls import Answer, Call, json_answer
from sandbox.confluence.cql import Query, parse
from sandbox.confluence.cql_terms import CqlError, Subject
from sandbox.confluence.keyset import BadCursor, Key, Order, decode_cursor, encode_cursor
from sandbox.confluence.model import CONTAINER_KINDS, Attachment, Comment, Content, iso
from sandbox.confluence.store import millis
from sandbox.confluence.v1_decoration_shapes import attachment_row, comment_row
from sandbox.confluence.v1_shapes import Expand, Row, content_row, expand_of, number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sandbox.confluence.cql_terms import Clause
    from sandbox.confluence.store import Store

DEFAULT_LIMIT = 25
MAX_LIMIT = 250
#: Server-side limits with rendered or other bodies; a higher ``limit`` is cut without a word.
#: 25 is documented (https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-search/), 100 was seen
#: (https://github.com/langchain-ai/langchain/pull/3300).
MAX_WITH_BODY = 100
MAX_WITH_RENDERED_BODY = 25
REMEMBERED_QUERIES = 32

Found = Content | Attachment | Comment


class SearchIndex:
    """Remembers the result of recent queries until the store changes, so that walking the pages costs no new search."""

    def __init__(self) -> None:
        self._results: OrderedDict[tuple[Any, ...], list[Key]] = OrderedDict()

    def keys(self, name: tuple[Any, ...], search: Callable[[], list[Key]]) -> list[Key]:
        if name not in self._results:
            self._results[name] = search()
            while len(self._results) > REMEMBERED_QUERIES:
                self._results.popitem(last=False)
        self._results.move_to_end(name)
        return self._results[name]


def content_search(call: Call, index: SearchIndex) -> Answer:
    """``GET /rest/api/content/search``: contents in the shape of v1 content.

    Documented as a ContentArray: results, start, limit, size, ``_links``, and no parameter for archived spaces.
    https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content/#api-wiki-rest-api-content-search-get
    """
    if call.site.search_gone:
        raise errors.v1_gone()
    expand = expand_of(call)
    found = _search(call, index, False, lambda found: found_row(call, found, expand))
    extra = found.extra if call.site.search_total else {"start": found.start}
    return _page(call, found, extra)


def site_search(call: Call, index: SearchIndex) -> Answer:
    """``GET /rest/api/search``: the same hits inside search results, with their total."""
    expand = expand_of(call).below("content")
    archived_spaces = call.one("includeArchivedSpaces") == "true"
    found = _search(call, index, archived_spaces, lambda found: _search_row(call, found, expand))
    return _page(call, found, found.extra)


def found_row(call: Call, found: Found, expand: Expand) -> Row:
    """A hit, with no more labels than search gives (CONFCLOUD-71415)."""
    row = _whole_row(call, found, expand)
    labels = row.get("metadata", {}).get("labels")
    if labels and call.site.label_cap is not None:
        labels["results"] = labels["results"][: call.site.label_cap]
        labels["size"] = len(labels["results"])
    return row


def _whole_row(call: Call, found: Found, expand: Expand) -> Row:
    match found:
        case Content():
            return content_row(call, found, expand)
        case Attachment():
            return attachment_row(call, found, expand)
        case Comment():
            return comment_row(call, found, expand)


def limit_of(call: Call) -> int:
    """The page size after the server's silent cuts.

    :raises ApiError: 400 in the v1 envelope for a value that is no number.
    """
    text = call.one("limit") or str(DEFAULT_LIMIT)
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise errors.v1_bad_request(f"limit must be a number of at least 0 instead of {text!r}")
    names = [name for value in call.query.get("expand", ()) for name in value.split(",")]
    most = MAX_LIMIT
    if any("body." in name for name in names):
        most = MAX_WITH_BODY
    if any(name.endswith(("body.export_view", "body.styled_view")) for name in names):
        most = MAX_WITH_RENDERED_BODY
    return min(int(text), most)


@dataclass(frozen=True)
class Page:
    """One page of hits."""

    rows: list[Row]
    start: int
    limit: int
    total: int
    cursor: str | None
    cql: str

    @property
    def extra(self) -> Row:
        """What search results say beside the rows."""
        return {"totalSize": self.total, "cqlQuery": self.cql, "searchDuration": 1}


def _search(call: Call, index: SearchIndex, archived_spaces: bool, render: Callable[[Found], Row]) -> Page:
    if call.site.search_index == "rebuilding":
        raise errors.search_unavailable()
    text = call.one("cql")
    if not text:
        raise errors.v1_bad_request("Could not parse cql : null")
    query = _parsed(call, text)
    _require_known_spaces(call, query)
    order = Order(query.order_field or "id", query.descending)
    who = call.caller.user.account_id if call.caller.user else None
    # now() moves on: a result is remembered for the rest of the minute at most.
    minute = call.site.now().replace(second=0, microsecond=0)
    containers = call.site.search_finds_containers
    name = (text, who, archived_spaces, containers, call.store.revision, minute, call.site.time_zone)
    keys = index.keys(name, lambda: _found_keys(call, query, order, archived_spaces))
    limit = limit_of(call)
    start = _start(call, keys, order)
    taken = keys[start : start + limit]
    cursor = encode_cursor(order, taken[-1]) if taken and start + limit < len(keys) else None
    rows = [render(_record(call.store, key[1])) for key in taken]
    return Page(rows, start, limit, len(keys), cursor, text)


def _require_known_spaces(call: Call, query: Query) -> None:
    """Some versions of Data Center refuse a search for a space that does not exist (CONFSERVER-101465)."""
    status = call.site.unknown_space_search
    keys = query.clause.space_keys
    if status != 200 and keys and not any(call.store.space_by_key(key) for key in keys):
        raise errors.v1_error(status, "parameters should not be empty", reason=HTTPStatus(status).phrase)


def _parsed(call: Call, text: str) -> Query:
    try:
        return parse(text, call.site.now(), ZoneInfo(call.site.time_zone))
    except CqlError as error:
        message = f"Could not parse cql : {text} ({error})"
        if call.site.bad_cql_status == 404:
            raise errors.v1_not_found(message) from error
        raise errors.v1_bad_request(message) from error


def _start(call: Call, keys: list[Key], order: Order) -> int:
    """Where the page begins: behind the cursor on Cloud, which ignores ``start``; at ``start`` on Data Center."""
    if not call.site.is_cloud:
        return number_of(call, "start")
    cursor = call.one("cursor")
    if cursor is None:
        return 0
    try:
        last = decode_cursor(order, cursor.removeprefix("_sa_"))
    except BadCursor as error:
        raise errors.v1_bad_request("Invalid cursor") from error
    behind = (index for index, key in enumerate(keys) if (key < last if order.descending else key > last))
    return next(behind, len(keys))


def _found_keys(call: Call, query: Query, order: Order, archived_spaces: bool) -> list[Key]:
    clause, store = query.clause, call.store
    searchable = (found for found in _candidates(call, query.clause) if _searchable(call, found, archived_spaces))
    found = (it for it in searchable if clause.is_told or clause.matches(_subject(store, it)))
    return sorted((_key(store, it, order) for it in found), reverse=order.descending)


def _candidates(call: Call, clause: Clause) -> Iterator[Found]:
    """As few records as the clause allows: those with given ids, those on given contents, or those of given types and spaces."""
    store = call.store
    if clause.ids is not None:
        some: Iterable[Found] = filter(None, (_find(store, row_id) for row_id in sorted(clause.ids)))
    elif clause.containers is not None:
        some = _hanging_on(store, clause.containers)
    else:
        some = _of_kinds(store, clause)
    if clause.space_keys is not None:
        spaces = _spaces(store, clause.space_keys)
        some = (record for record in some if _home(store, record).space_id in spaces)
    return (record for record in some if clause.kinds is None or _kind(record) in clause.kinds)


def _spaces(store: Store, keys: Iterable[str]) -> set[int]:
    return {space.id for key in keys if (space := store.space_by_key(key))}


def _of_kinds(store: Store, clause: Clause) -> Iterator[Found]:
    spaces = store.spaces if clause.space_keys is None else _spaces(store, clause.space_keys)
    for kind in ("page", "blogpost", *CONTAINER_KINDS):
        if clause.kinds is None or kind in clause.kinds:
            yield from store.walk(spaces, kind, Order("id"), None)
    if clause.kinds is None or "attachment" in clause.kinds:
        yield from store.attachments.values()
    if clause.kinds is None or "comment" in clause.kinds:
        yield from store.comments.values()


def _hanging_on(store: Store, ids: Iterable[int]) -> Iterator[Found]:
    for content_id in ids:
        yield from store.attachments_of(content_id)
        yield from store.all_comments_of(content_id)


def _kind(record: Found) -> str:
    return record.kind if isinstance(record, Content) else type(record).__name__.lower()


def _find(store: Store, row_id: int) -> Found | None:
    return store.contents.get(row_id) or store.attachments.get(row_id) or store.comments.get(row_id)


def _record(store: Store, row_id: int) -> Found:
    record = _find(store, row_id)
    if record is None:
        raise KeyError(row_id)
    return record


def _home(store: Store, record: Found) -> Content:
    return record if isinstance(record, Content) else store.contents[record.content_id]


def _searchable(call: Call, record: Found, archived_spaces: bool) -> bool:
    """Search finds current things in current spaces only."""
    home = _home(call.store, record)
    space = call.store.spaces[home.space_id]
    if home.kind in CONTAINER_KINDS and not call.site.search_finds_containers:
        return False
    current = record.status == "current" and home.status == "current"
    return current and (archived_spaces or space.status == "current") and call.sees.content(home)


def _subject(store: Store, record: Found) -> Subject:
    home = _home(store, record)
    space = store.spaces[home.space_id]
    is_content = isinstance(record, Content)
    parent = home.parent_id if is_content else None
    return Subject(
        id=record.id,
        kind=_kind(record),
        space_keys=(space.key, space.active_key),
        title=_title(store, record),
        labels=record.labels if isinstance(record, Content) else (),
        creator=record.author_id,
        created=record.created_at,
        modified=record.version.created_at,
        parent_id=parent,
        ancestor_ids=lambda: tuple(node.id for node in store.ancestors(home)) if is_content else (),
        container_id=None if is_content else home.id,
        text=lambda: "" if isinstance(record, Attachment) else record.storage.text(),
    )


def _title(store: Store, record: Found) -> str:
    if isinstance(record, Content):
        return record.title
    return record.file_name if isinstance(record, Attachment) else f"Re: {_home(store, record).title}"


def _key(store: Store, record: Found, order: Order) -> Key:
    match order.name:
        case "title":
            return _title(store, record), record.id
        case "created" | "lastmodified":
            return millis(record, "modified-date" if order.name == "lastmodified" else order.name), record.id
        case _:
            return record.id, record.id


def _search_row(call: Call, found: Found, expand: Expand) -> Row:
    home = _home(call.store, found)
    space = call.store.spaces[home.space_id]
    row = found_row(call, found, expand)
    return {
        "content": row,
        "title": row["title"],
        "excerpt": "",
        "url": row["_links"]["webui"],
        "resultGlobalContainer": {"title": space.name, "displayUrl": f"/spaces/{space.active_key}"},
        "breadcrumbs": [],
        "entityType": "content",
        "iconCssClass": f"aui-icon content-type-{row['type']}",
        "lastModified": iso(found.version.created_at),
        "friendlyLastModified": f"{found.version.created_at:%b %d, %Y}",
        "score": 0.0,
    }


def _page(call: Call, page: Page, extra: Row) -> Answer:
    """The v1 envelope. ``next`` begins with ``/rest``: the caller must put base and context before it."""
    own: dict[str, str] = {"base": call.base, "context": call.site.context}
    query = [(name, value) for name, values in call.query.items() for value in values]
    path = call.endpoint.removeprefix(call.site.context)
    own["self"] = f"{call.base}{path}?{urlencode(query)}"
    size, limit = len(page.rows), page.limit
    envelope: Row = {"results": page.rows, "limit": limit, "size": size, **extra}
    if page.cursor is not None and call.site.is_cloud:
        kept = [(name, value) for name, value in query if name != "cursor"]
        own["next"] = f"{path}?{urlencode([*kept, ('cursor', f'_sa_{page.cursor}')])}"
    elif not call.site.is_cloud:
        envelope["start"] = page.start
        if page.start + size < page.total:
            kept = [(name, value) for name, value in query if name not in ("start", "limit")]
            own["next"] = f"{path}?{urlencode([*kept, ('limit', limit), ('start', page.start + limit)])}"
    return json_answer(envelope | {"_links": own})
