"""All records of the site with the indexes that answer a listing without sorting or scanning."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Protocol

from sandbox.confluence.keyset import Key, Order, Ordering, SortValue
from sandbox.confluence.model import Attachment, Comment, Content, Label, Packed, Record, Space, Token, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST_ID = 65_537
CONTENT_ORDERS = ("id", "created-date", "modified-date", "title")


class Journal(Protocol):
    """Hears of every change, to save it."""

    def saved(self, record: Record) -> None: ...
    def removed(self, record: Record) -> None: ...


def millis(content: Content | Attachment | Comment, order: str) -> int:
    """The sort value of a time order, in milliseconds."""
    moment = content.version.created_at if order == "modified-date" else content.created_at
    return round(moment.timestamp() * 1000)


def sort_value(content: Content, order: str) -> SortValue:
    if order == "id":
        return content.id
    return content.title if order == "title" else millis(content, order)


class Store:
    """Records by id. Not thread-safe: the sandbox holds its lock around every use."""

    def __init__(self) -> None:
        self.journal: Journal | None = None  # set once everything saved before is back
        self.revision = 0
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.spaces: dict[int, Space] = {}
        self.contents: dict[int, Content] = {}
        self.attachments: dict[int, Attachment] = {}
        self.comments: dict[int, Comment] = {}
        self.labels: dict[str, Label] = {}
        self.labels_by_id: dict[int, Label] = {}
        self.restricted_ids: set[int] = set()
        #: Serialised v2 rows by content id; a change of the content or its space drops them.
        self.row_cache: dict[int, bytes] = {}
        #: Rendered bodies with the content that they were made from; any change drops them all, as pages include pages.
        self.view_cache: dict[int, tuple[Content, Packed]] = {}
        self._last_id = FIRST_ID - 1
        self._orderings: defaultdict[tuple[int, str], dict[str, Ordering]] = defaultdict(
            lambda: {order: Ordering() for order in CONTENT_ORDERS}
        )
        self._children: defaultdict[int, set[int]] = defaultdict(set)
        self._titles: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
        self._labelled: defaultdict[str, Ordering] = defaultdict(Ordering)
        self._space_labels: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._attachments_of: defaultdict[int, set[int]] = defaultdict(set)
        self._comments_of: defaultdict[int, set[int]] = defaultdict(set)
        self._replies_of: defaultdict[int, set[int]] = defaultdict(set)

    # ---------------------------------------------------------------- writing

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def reserve_ids(self, last_id: int) -> None:
        """Never give an id up to ``last_id`` to a new record."""
        self._last_id = max(self._last_id, last_id)

    def put(self, record: Record) -> None:
        """Add ``record``, or replace the one with the same identity."""
        self._forget(record)
        match record:
            case User():
                self.users[record.account_id] = record
            case Token():
                self.tokens[record.value] = record
            case Label():
                self.labels[record.name] = record
                self.labels_by_id[record.id] = record
            case Space():
                self.spaces[record.id] = record
                self.row_cache.clear()
            case Content():
                self._add_content(record)
            case Attachment():
                self.attachments[record.id] = record
                self._attachments_of[record.content_id].add(record.id)
            case Comment():
                self._add_comment(record)
        self.reserve_ids(getattr(record, "id", 0))
        self._changed()
        if self.journal:
            self.journal.saved(record)

    def remove(self, record: Record) -> None:
        """Remove ``record`` for good."""
        self._forget(record)
        self._changed()
        if self.journal:
            self.journal.removed(record)

    def _changed(self) -> None:
        self.revision += 1
        self.view_cache.clear()

    def _forget(self, record: Record) -> None:
        match record:
            case User():
                self.users.pop(record.account_id, None)
            case Token():
                self.tokens.pop(record.value, None)
            case Space():
                self.spaces.pop(record.id, None)
            case Content() if old := self.contents.pop(record.id, None):
                self._drop_content(old)
            case Attachment() if old_file := self.attachments.pop(record.id, None):
                self._attachments_of[old_file.content_id].discard(old_file.id)
            case Comment() if old_comment := self.comments.pop(record.id, None):
                self._drop_comment(old_comment)

    def _add_content(self, content: Content) -> None:
        self.contents[content.id] = content
        for order, ordering in self._orderings[content.space_id, content.kind].items():
            ordering.add(sort_value(content, order), content.id)
        self._titles[content.space_id, content.title].add(content.id)
        if content.parent_id is not None:
            self._children[content.parent_id].add(content.id)
        if content.restricted:
            self.restricted_ids.add(content.id)
        for name in content.labels:
            self._labelled[name].add(content.id, content.id)
        self._space_labels[content.space_id].update(content.labels)

    def _drop_content(self, content: Content) -> None:
        for order, ordering in self._orderings[content.space_id, content.kind].items():
            ordering.remove(sort_value(content, order), content.id)
        self._titles[content.space_id, content.title].discard(content.id)
        if content.parent_id is not None:
            self._children[content.parent_id].discard(content.id)
        self.restricted_ids.discard(content.id)
        for name in content.labels:
            self._labelled[name].remove(content.id, content.id)
        self._space_labels[content.space_id].subtract(content.labels)
        self.row_cache.pop(content.id, None)

    def _add_comment(self, comment: Comment) -> None:
        self.comments[comment.id] = comment
        if comment.parent_id is None:
            self._comments_of[comment.content_id].add(comment.id)
        else:
            self._replies_of[comment.parent_id].add(comment.id)

    def _drop_comment(self, comment: Comment) -> None:
        self._comments_of[comment.content_id].discard(comment.id)
        if comment.parent_id is not None:
            self._replies_of[comment.parent_id].discard(comment.id)

    # ---------------------------------------------------------------- reading

    def space_by_key(self, key: str) -> Space | None:
        """The space with that key or current alias. Keys are case-sensitive."""
        return next((space for space in self.spaces.values() if key in (space.key, space.alias)), None)

    def walk(self, space_ids: Iterable[int], kind: str, order: Order, last: Key | None) -> Iterator[Content]:
        """The contents of ``kind`` in those spaces behind ``last``, in order, whatever their status."""
        orderings = [self._orderings[space_id, kind][order.name] for space_id in space_ids]
        walks = [ordering.after(last, order.descending) for ordering in orderings]
        keys = walks[0] if len(walks) == 1 else heapq.merge(*walks, reverse=order.descending)
        return (self.contents[row_id] for _, row_id in keys)

    def labelled(self, name: str, last: Key | None = None, descending: bool = False) -> Iterator[Content]:
        """The contents with that label, by id."""
        return (self.contents[row_id] for _, row_id in self._labelled[name].after(last, descending))

    def labels_in(self, space_id: int) -> list[Label]:
        """The labels on contents of the space, by id, whatever the contents' status."""
        names = [name for name, count in self._space_labels[space_id].items() if count > 0]
        return sorted((self.labels[name] for name in names), key=lambda label: label.id)

    def titled(self, space_id: int, title: str) -> list[Content]:
        return [self.contents[row_id] for row_id in sorted(self._titles[space_id, title])]

    def children(self, content_id: int) -> list[Content]:
        """Direct children in the page tree by position, whatever their status."""
        children = (self.contents[row_id] for row_id in self._children[content_id])
        return sorted(children, key=lambda child: (child.position or 0, child.id))

    def ancestors(self, content: Content) -> list[Content]:
        """From the top of the tree down to the parent."""
        chain: list[Content] = []
        parent_id = content.parent_id
        while parent_id is not None and (parent := self.contents.get(parent_id)):
            chain.append(parent)
            parent_id = parent.parent_id
        return chain[::-1]

    def attachments_of(self, content_id: int) -> list[Attachment]:
        return [self.attachments[row_id] for row_id in sorted(self._attachments_of[content_id])]

    def comments_of(self, content_id: int, kind: str) -> list[Comment]:
        """The comments of one kind that are no replies, oldest first."""
        comments = (self.comments[row_id] for row_id in sorted(self._comments_of[content_id]))
        return [comment for comment in comments if comment.kind == kind]

    def all_comments_of(self, content_id: int) -> Iterator[Comment]:
        """The comments of all kinds on a content, with the answers to them."""
        left = sorted(self._comments_of[content_id])
        while left:
            yield self.comments[comment_id := left.pop(0)]
            left += sorted(self._replies_of[comment_id])

    def replies_to(self, comment_id: int) -> list[Comment]:
        return [self.comments[row_id] for row_id in sorted(self._replies_of[comment_id])]
