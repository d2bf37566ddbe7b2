"""Decision: what happens to one page, and why, from its row of the inventory, its row of the manifest, and the scope of the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from confluence_to_twig.planning.audience import EVERYBODY, Audience, may_include
from confluence_to_twig.planning.files import page_of
from confluence_to_twig.planning.selection import AGED, LABELS_UNKNOWN, TOO_OLD, Selection
from confluence_to_twig.staging.rows import InventoryRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from confluence_to_twig.planning.window import Window
    from confluence_to_twig.staging.rows import HeldRow, LevelRow

Action = Literal["fetch", "delete", "leave", "skip"]

#: What :attr:`Scope.missing` says of a page that is there after all: the sweep must have lost it.
STILL_THERE = "still there"
#: What it says of a page of which Confluence gave no answer.
UNTOLD = "untold"
#: What it says of a page that the account cannot see: nobody tells whether it was purged or hidden.
GONE = "gone or no longer visible"

KEPT_INCOMPLETE = "kept: the sweep was not complete"
OUTSIDE = "outside the window"
RESTRICTED, RESTRICTED_ABOVE = "restricted", "restricted by a page above it"
RESTRICTION_UNKNOWN = "its restriction cannot be read"
RESTRICTED_FURTHER = "restricted further than the data source it is in"
KEPT_OUT = "its audience has no data source: there are max_audiences already"
RESTRICTION_REASONS = frozenset({RESTRICTED, RESTRICTED_ABOVE, RESTRICTED_FURTHER, KEPT_OUT})
#: Deletions that are no mistakes, and do not wait for anybody: a restriction that Confluence told, and age.
UNDISPUTED_REASONS = RESTRICTION_REASONS | {AGED}
MOVED = "moved to another audience"

#: How an entry of ``includes`` ends that names what the page was loaded without.
MISSING = "@missing"
LOADED_WITHOUT = "loaded without"
UNCHANGED = "unchanged"


class MarkedRow(InventoryRow):
    """A row of the inventory with what :func:`confluence_to_twig.planning.selection.marked` says of it.

    :param belongs_to: the page itself, or that of a file. :param dated_at: the modification time of that page, which windows
        and ages go by.
    """

    left_out: str | None
    in_doubt: str | None
    belongs_to: str
    dated_at: datetime


class Decision(NamedTuple):
    """What happens to a page, and why.

    :param target: the audience whose data source takes the page, if one does.
    :param leaves: audiences whose data source it has to go from before it is sent anywhere.
    """

    action: Action
    reason: str
    target: str | None = None
    leaves: tuple[str, ...] = ()


class Included(NamedTuple):
    """A page that others include.

    :param levels: who may read it; None: that is not known.
    """

    version: int
    levels: Sequence[LevelRow] | None = None


@dataclass(frozen=True)
class Scope:
    """Everything besides the two tables that a plan depends on.

    :param window: which modification times are in scope.
    :param sweep_complete: whether the inventory provably holds every page; if not, nothing is deleted.
    :param unproven: ids of spaces of which that cannot be said: nothing of them is deleted.
    :param converter_version: pages loaded by another one are converted again.
    :param kinds: kinds of content the source syncs.
    :param restricted_pages: ``skip`` keeps pages with a read restriction out of Twig, ``include`` lets them in,
        ``audiences`` sends each page to the data source of those who may read it.
    :param routed: with ``audiences``: those that have a data source.
    :param audiences: by key, those whose data source may hold pages.
    :param doubted: pages of Twig whose restriction was unknown in so many full sweeps, over so long, that they go.
    :param selection: which of the pages the source wants.
    :param page_ids: when not empty, the run is about these pages and their files only, or about these files.
    :param force: fetch pages in scope even when nothing about them changed.
    :param left_outside: pages, without files, that an earlier run saw and left because they were modified before its window; ``None``
        if no run has planned yet. Every other page that Twig does not hold is in scope, whenever it was modified.
    :param missing: for pages of the manifest that the sweep did not see: why (see
        :func:`confluence_to_twig.confluence.sweep.inventory.explain_missing`).
    :param shard_size: pages a shard.
    :param decorations: ``attachments`` and ``comments``: digests by page id of what the documents in Twig were made with;
        a page that had none is left out. A kind of which nothing is known is left out.
    :param to_render: pages whose rendered macros are too old.
    :param run_id: decides which pages are tried again when there are more than one run takes.
    """

    window: Window
    sweep_complete: bool
    converter_version: str
    kinds: tuple[str, ...] = ("page", "blogpost")
    restricted_pages: str = "skip"
    selection: Selection = field(default_factory=Selection)
    page_ids: frozenset[str] = frozenset()
    force: bool = False
    doubted: frozenset[str] = frozenset()
    left_outside: Collection[str] | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    shard_size: int = 5_000
    decorations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    to_render: Collection[str] = frozenset()
    run_id: str = ""
    unproven: frozenset[str] = frozenset()
    routed: Collection[str] = frozenset({EVERYBODY})
    audiences: Mapping[str, Audience] = field(default_factory=dict)

    def proves(self, space_id: str | None) -> bool:
        """Whether all of a space was seen. :param space_id: None: not known, as of pages that early releases loaded."""
        if not self.sweep_complete:
            return False
        return not self.unproven if space_id is None else space_id not in self.unproven

    def asks_for(self, page_id: str, home: str) -> bool:
        """Whether the run is about a page, or a file. :param home: the page itself, or that of the file."""
        return not self.page_ids or not self.page_ids.isdisjoint((page_id, home))

    def levels_of(self, audience: str | None) -> Sequence[LevelRow] | None:
        """The levels behind a key; None where that is not known."""
        if audience is None or (audience != EVERYBODY and audience not in self.audiences):
            return None
        return self.audiences.get(audience, Audience()).to_rows()

    def target(self, page: InventoryRow) -> str | None:
        """The audience whose data source a page belongs in; None: it is not known who may read it."""
        return page["audience"] if self.restricted_pages == "audiences" else EVERYBODY


def decide(page: MarkedRow | None, known: HeldRow | None, scope: Scope, versions: Mapping[str, Included]) -> Decision:
    """What happens to a page that the inventory, the manifest or both know.

    :param versions: the pages that others may include, by id; those that are not there are hidden or gone.
    """
    if page is not None:
        decision, target = _decide(page, known, scope, versions), scope.target(page)
        if decision.action != "fetch" and decision.reason != UNCHANGED:
            return decision
        return decision._replace(target=target, leaves=tuple(key for key in _places(known) if key != target))
    assert known is not None  # noqa: S101 - each id comes from one of the tables
    return _decide_missing(known, scope)


def _places(known: HeldRow | None) -> Sequence[str]:
    """The audiences whose data sources hold a page."""
    return known["held_in"] if known else ()


def _decide(page: MarkedRow, known: HeldRow | None, scope: Scope, versions: Mapping[str, Included]) -> Decision:
    if not scope.asks_for(page["page_id"], page["belongs_to"]):
        return Decision("leave", "not asked for")
    if unwanted := _unwanted(page, scope):
        return Decision("skip", unwanted) if known is None else _delete(_by_itself(unwanted, page, scope), page, scope)
    if doubt := _doubt(page, known, scope):
        return doubt
    in_window = bool(scope.page_ids) or scope.window.contains(page["dated_at"])
    if known is None:
        return _decide_new(page["belongs_to"], in_window, scope)
    if scope.window.strict and not in_window:
        return Decision("leave", OUTSIDE)
    if _is_misplaced(page, known, scope):
        return Decision("fetch", MOVED)
    if page["version"] < known["version"]:
        return Decision("leave", f"Twig holds the newer version {known['version']}")
    if difference := _difference(page, known, scope, versions):
        return Decision("fetch", difference)
    if scope.force and in_window:
        return Decision("fetch", "forced")
    return Decision("leave", UNCHANGED)


def _decide_new(page_id: str, in_window: bool, scope: Scope) -> Decision:
    if in_window:
        return Decision("fetch", "new to Twig")
    if scope.window.strict or scope.left_outside is None or page_id in scope.left_outside:
        return Decision("leave", OUTSIDE)
    # Made while nothing ran, or unrestricted, restored or moved here since: its modification time does not show that.
    return Decision("fetch", "new since the last run")


def _is_misplaced(page: InventoryRow, known: HeldRow, scope: Scope) -> bool:
    """Whether a page is not in the data source that it belongs in."""
    return scope.target(page) not in known["held_in"]


def _is_open_wider(page: InventoryRow, known: HeldRow, scope: Scope) -> bool:
    """Whether a data source holds a page although a level is told that not all of its readers pass."""
    told = Audience.from_rows(page["levels"] or ())
    held = [scope.audiences.get(key, Audience()) for key in known["held_in"]]
    return not all(audience.is_within(told) for audience in held)


def _doubt(page: MarkedRow, known: HeldRow | None, scope: Scope) -> Decision | None:
    """What happens to a page of which Confluence did not tell enough to decide."""
    if page["restriction_unknown"] and scope.restricted_pages != "include":
        if known is None:
            return Decision("skip", RESTRICTION_UNKNOWN)
        if page["belongs_to"] in scope.doubted:
            return _delete("its restriction could not be read for days", page, scope)
        if scope.restricted_pages == "audiences" and _is_open_wider(page, known, scope):
            return _delete(RESTRICTED_FURTHER, page, scope)
        return Decision("leave", f"kept: {RESTRICTION_UNKNOWN}")
    if known is not None and _is_misplaced(page, known, scope):
        return None  # wherever it belongs, it may not stay where it is
    if doubt := page["in_doubt"]:
        return Decision("skip", doubt) if known is None else Decision("leave", f"kept: {doubt}")
    if not page["labels_known"] and known is not None:
        return Decision("leave", f"kept: {LABELS_UNKNOWN}")
    return None


def _delete(reason: str, row: MarkedRow | HeldRow, scope: Scope) -> Decision:
    if scope.window.strict:
        return Decision("leave", "kept: a backfill deletes nothing")
    return Decision("delete", reason) if scope.proves(row["space_id"]) else _kept_incomplete()


def _unwanted(page: MarkedRow, scope: Scope) -> str | None:
    if is_hidden(page["restricted"], scope):
        return RESTRICTED if page["restricted_by"] in (None, page["page_id"]) else RESTRICTED_ABOVE
    if scope.restricted_pages == "audiences" and page["audience"] is not None and page["audience"] not in scope.routed:
        return KEPT_OUT
    return page["left_out"]


def _by_itself(reason: str, page: MarkedRow, scope: Scope) -> str:
    """The reason; another one for a page that became too old since the last plan, though nobody edited the source."""
    return AGED if reason == TOO_OLD and scope.selection.has_aged(page["dated_at"]) else reason


def is_hidden(restricted: bool, scope: Scope) -> bool:
    """Whether a page with such a restriction stays out of Twig."""
    return restricted and scope.restricted_pages == "skip"


def _difference(page: InventoryRow, known: HeldRow, scope: Scope, versions: Mapping[str, Included]) -> str | None:
    if not known["converter_version"]:
        return "Twig may not hold it as it should"
    if page["version"] != known["version"]:
        return f"version {known['version']} → {page['version']}"
    if page["title"] != known["title"]:
        return "title changed"
    if place := _place_differs(page, known):
        return place
    if sorted(page["labels"]) != sorted(known["labels"]):
        return "labels changed"
    if page["url"] != known["url"]:
        return "address changed"
    if page["audience"] is not None and page["audience"] != known["audience"]:
        return "other people may read it"
    # No document says whether each edit of a live doc, or a redaction, makes a new version.
    if page["modified_at"] != known["modified_at"]:
        return "modified without a new version"
    if known["converter_version"] != scope.converter_version:
        return "converter upgraded"
    return _includes_differ(page, known["includes"], versions) or _unversioned_differs(page, scope)


def _unversioned_differs(page: InventoryRow, scope: Scope) -> str | None:
    """What Confluence changes without a new version of the page."""
    page_id = page["page_id"]
    told = {"attachments": page["attachments_digest"], "comments": page["comments_digest"]}
    changed = [
        kind
        for kind, held in scope.decorations.items()
        if told[kind] is not None and told[kind] != held.get(page_id, "")
    ]
    if changed:
        return f"{' and '.join(changed)} changed"
    return "rendered again" if page_id in scope.to_render else None


def _place_differs(page: InventoryRow, known: HeldRow) -> str | None:
    if page["broken_at"]:
        return None  # the ancestors above are not known in this run
    if page["ancestor_ids"] != known["ancestor_ids"]:
        return "moved"
    return "parent renamed" if page["ancestors"] != known["ancestors"] else None


def _includes_differ(page: InventoryRow, includes: Sequence[str], versions: Mapping[str, Included]) -> str | None:
    if lacking := [entry.removesuffix(MISSING) for entry in includes if entry.endswith(MISSING)]:
        return f"{LOADED_WITHOUT} {', '.join(lacking)}"
    return "an included page changed" if any(_included_differs(page, entry, versions) for entry in includes) else None


def included_page(entry: str) -> tuple[str, str]:
    """Id and version in an entry of ``includes``."""
    page_id, _, version = entry.partition("@")
    return page_id, version


def _included_differs(page: InventoryRow, entry: str, versions: Mapping[str, Included]) -> bool:
    """Whether an included page has another version now, or is one that not all readers of this page may read."""
    page_id, version = included_page(entry)
    included = versions.get(page_id)
    levels = None if page["audience"] is None else page["levels"]
    return included is None or str(included.version) != version or not may_include(levels, included.levels)


def _decide_missing(known: HeldRow, scope: Scope) -> Decision:
    if not scope.asks_for(known["page_id"], page_of(known)):
        return Decision("leave", "not asked for")
    if known["kind"] not in scope.kinds:
        return _delete(f"{known['kind']}s are no longer synced", known, scope)
    reason = scope.missing.get(known["page_id"])
    proven = scope.proves(known["space_id"])
    if proven and reason in (None, UNTOLD):
        return Decision("leave", "kept: Confluence does not tell what became of it")
    if proven and reason == STILL_THERE:
        return Decision("leave", "kept: not seen by the sweep, but Confluence still has it")
    return _delete(str(reason), known, scope)


def _kept_incomplete() -> Decision:
    return Decision("leave", KEPT_INCOMPLETE)
