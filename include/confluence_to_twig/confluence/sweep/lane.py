"""The lane: a look at what is new in a space since the last one, in a handful of requests, whatever its size.

It goes on from the last inventory. The newest contents are listed until one answer tells nothing new; each of them is
looked at with all that is above it, as a sweep does, and so is every content that their changes reach. What no modification
date shows is found by ids that are asked for in turns, and by the total of a search. Where a lane cannot be sure, it asks
for a full sweep instead of guessing.

A lane that looks at all of the page trees that a source takes is a full sweep of these.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pyarrow.compute as pc

from confluence_to_twig.confluence.api.content import placed_from_v1
from confluence_to_twig.confluence.api.cql import ids_in_space, inside, modified_lately, of_space
from confluence_to_twig.confluence.api.errors import ClientClosedError
from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.api.labels import EXPAND_EDITOR, EXPAND_TOLD, Told
from confluence_to_twig.confluence.api.paging import TooManyHitsError
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.confluence.sweep.above import read_above
from confluence_to_twig.confluence.sweep.attached_digests import EXPAND, EXPAND_COMMENTS, LIMIT, Hanging, hanging
from confluence_to_twig.confluence.sweep.inventory import row_of, trust_containers
from confluence_to_twig.confluence.sweep.known import Known, own_restriction
from confluence_to_twig.confluence.sweep.labels_and_restrictions import read_labels_and_restrictions
from confluence_to_twig.confluence.sweep.page_trees import list_trees, trees_in
from confluence_to_twig.confluence.sweep.tree import paths_below
from confluence_to_twig.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    import pyarrow as pa

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind, Placed
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.sweep.above import Above
    from confluence_to_twig.confluence.sweep.labels_and_restrictions import LabelsAndRestrictions
    from confluence_to_twig.confluence.sweep.page_trees import Trees
    from confluence_to_twig.confluence.sweep.tree import Path
    from confluence_to_twig.sources.fields import AttachmentsMode
    from confluence_to_twig.staging.rows import InventoryRow

log = logging.getLogger(__name__)

#: Contents that a lane looks at. With more of them a full sweep costs little more, and proves more.
LOOKED_AT_MOST = 1_000
#: Ids in one question of the rolling check, and what search tells of each besides labels and restrictions.
CHECKED_AT_ONCE = 250
EXPAND_CHECKED = (*EXPAND_TOLD, EXPAND_EDITOR, "version", "ancestors")
#: How often the changes that were found may reach further contents.
ROUNDS = 10


class SweepNeededError(Exception):
    """The lane cannot be sure of what is there; the text says why."""


@dataclass(frozen=True)
class Question:
    """What a lane is to look for.

    :param since: the newest contents are listed back to this moment at least.
    :param attached_since: minutes back from now in which comments and attachments may be new.
    :param check: contents that are asked for although nothing says that they changed.
    :param trees: page trees of which each content is looked at with all that is above it, and what came in is listed.
    """

    kinds: Sequence[Kind]
    unreadable_parents: Literal["skip", "include"]
    attachments: AttachmentsMode
    comments: bool
    since: datetime
    attached_since: int
    check: Sequence[str]
    trees: Trees | None = None

    @property
    def types(self) -> list[str]:
        """What hangs on pages and belongs to the source."""
        wanted = (("attachment", self.attachments != "none"), ("comment", self.comments))
        return [name for name, is_wanted in wanted if is_wanted]


@dataclass(frozen=True)
class Seen:
    """What a lane saw.

    :param table: the whole inventory, with what is new in it.
    :param total: pages and blog posts that search counts; None: nobody tells.
    :param attached: whether new comments and attachments could be seen.
    :param news: contents that are new or changed. :param gone: contents that are archived, trashed or somewhere else.
    """

    table: pa.Table
    total: int | None
    attached: bool
    news: int
    gone: int
    warnings: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def look_for_news(client: ConfluenceClient, space: Space, known: Known, question: Question) -> Seen:
    """Four requests when nothing is new, and one for 250 contents that are to be checked, all at the same time.

    :param known: the last inventory.
    :raises SweepNeededError: whatever it is that makes the answer uncertain.
    """
    try:
        return _Lane(client, space, known, question).look()
    except ClientClosedError:
        raise
    except PipelineError as error:
        raise SweepNeededError(f"the lane broke off: {error.summary}") from error


@dataclass
class _Lane:
    client: ConfluenceClient
    space: Space
    known: Known
    question: Question
    told: Told = field(default_factory=Told)
    gone: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    #: Contents that are looked at.
    most: int = LOOKED_AT_MOST

    def look(self) -> Seen:
        submit, question = self.client.workers.submit, self.question
        self.client.sign_in()
        newest = [submit(self._newest, kind) for kind in question.kinds]
        attached = submit(self._attached_lately, question.types)
        total = submit(self.client.api.search_total, of_space(self.space.key, question.kinds))
        checked = [(batch, submit(self._checked, batch)) for batch in batches(question.check, CHECKED_AT_ONCE)]
        listed = submit(self._listed_in, question.trees) if question.trees else None
        contents = {content.id: content for found in newest for content in found.result().values()}
        differing = [key for batch, told in checked for key in self._differ_on_check(batch, told.result())]
        contents |= self._states([*differing, *self._doubtful()])
        in_trees = self._in_trees(question.trees, listed.result()) if question.trees and listed else {}
        rows = {row["page_id"]: row for row in self._evaluated(contents | in_trees)}
        fresh_ids = [key for key, row in rows.items() if row["attachments_digest"] is None]
        hung_on = self._with_digests(rows, attached, [*fresh_ids, *in_trees])
        table = self.known.updated(rows.values(), self.gone)
        if question.trees and listed:
            self._check_trees(question.trees, table, listed.result())
        log.info("Lane: %d new or changed contents, %d gone", len(rows), len(self.gone))
        return Seen(table, total.result(), hung_on, len(rows), len(self.gone), tuple(self.warnings), self.told.names)

    def _newest(self, kind: Kind) -> dict[str, Content]:
        """What differs from the last inventory among the newest contents of a kind.

        Rows that tell nothing new end the walk only where all that follow are older than the last look: a content that was
        edited during that look may be behind others that it saw. That the newest come first is not taken on trust.
        """
        found: dict[str, Content] = {}
        for contents in self.client.api.newest_first([self.space], kind) or ():
            new = self.known.differing(contents)
            found |= new
            if len(found) > LOOKED_AT_MOST:
                raise SweepNeededError("so many contents are new or changed")
            times = [content.modified_at for content in contents]
            in_order = times == sorted(times, reverse=True)
            if times and not new and in_order and times[-1] < self.question.since:
                break
        return found

    # Page trees

    def _listed_in(self, trees: Trees) -> set[str]:
        return list_trees(self.client.api, trees.roots)

    def _in_trees(self, trees: Trees, listed: set[str]) -> dict[str, Content]:
        """The contents that the last inventory has in the trees, and those that Confluence lists there, as they are now."""
        found = self._states(trees.contents | listed)
        new = sorted(listed - found.keys() - self.gone)
        for batch in batches(new, IDS_AT_ONCE):
            states = self.client.api.states(batch, "page")
            found |= {key: it for key, it in states.items() if it.status == "current" and it.space_id == self.space.id}
        self.most += len(found)
        return found

    def _check_trees(self, trees: Trees, table: pa.Table, listed: set[str]) -> None:
        """What is in the trees has to be what Confluence lists there."""
        now = trees_in(Known(table), trees.entries)
        if now is None or now.roots != trees.roots:
            raise SweepNeededError("the roots of the page trees are not what they were")
        if unlisted := sorted(now.contents - listed - trees.roots.keys()):
            raise SweepNeededError(f"the page trees are not listed in full: {unlisted[0]} is missing")

    # By id

    def _states(self, ids: Iterable[str]) -> dict[str, Content]:
        """Contents of the last inventory as they are now. Those that Confluence says are elsewhere count as gone.

        :raises SweepNeededError: one of them is not to be seen. Only a sweep proves that it is gone.
        """
        rows = self.known.rows(ids)
        found: dict[str, Content] = {}
        for kind in self.question.kinds:
            of_kind = [key for key, row in rows.items() if row["kind"] == kind]
            for states in self.client.workers.map(
                lambda batch, kind=kind: self.client.api.states(batch, kind),  # type: ignore[misc]
                batches(of_kind, IDS_AT_ONCE),
            ):
                found |= states
        if unseen := sorted(rows.keys() - found.keys()):
            raise SweepNeededError(f"{len(unseen):,} contents cannot be seen any more, among them {unseen[0]}")
        elsewhere = {
            key for key, content in found.items() if content.status != "current" or content.space_id != self.space.id
        }
        self.gone |= elsewhere
        return {key: content for key, content in found.items() if key in rows and key not in elsewhere}

    def _checked(self, ids: Sequence[str]) -> dict[str, Placed]:
        """Versions and places, by one search, of contents whose turn it is; labels and restrictions are noted. Nothing where
        search does not answer."""
        cql = ids_in_space(self.space.key, ids)
        try:
            hits = {str(hit["id"]): hit for hit in self.client.api.search(cql, EXPAND_CHECKED, LIMIT) if "id" in hit}
            current = {key: placed_from_v1(hit) for key, hit in hits.items() if hit.get("status") == "current"}
        except ClientClosedError:
            raise
        except PipelineError as error:
            log.info("%d contents are asked for by id, as search does not tell: %s", len(ids), error.summary)
            return {}
        for key in current:
            self.told.note(key, hits[key])
        return {key: placed for key, placed in current.items() if key in self.told.readers}

    def _differ_on_check(self, ids: Sequence[str], shown: Mapping[str, Placed]) -> list[str]:
        """Which of the contents whose turn it is are not as the last inventory has them.

        What search does not show is in the trash, somewhere else, or not in the index yet, and is asked for by id.
        """
        states = self._states(key for key in ids if key not in shown)
        facts = read_labels_and_restrictions(self.client.api, self.client.workers, states, told=self.told)
        differing = self.known.differing(states.values()).keys() | self.known.shown_otherwise(shown)
        rows = self.known.rows([*shown, *states])
        return [key for key, row in rows.items() if key in differing or _facts_differ(key, row, facts)]

    def _doubtful(self) -> list[str]:
        """Contents of which Confluence did not tell everything: the next answer may."""
        return self.known.doubtful()[:IDS_AT_ONCE]

    # Together with what is above

    def _evaluated(self, contents: dict[str, Content]) -> list[InventoryRow]:
        """The rows of contents that are new or changed, of the pages above them, and of all that their changes reach."""
        reached: set[str] = set(self.known.below(self.gone)["page_id"].to_pylist())
        for _ in range(ROUNDS):
            contents |= self._states(reached - contents.keys())
            self._add_ancestors(contents)
            contents = {key: content for key, content in contents.items() if key not in self.gone}
            if not contents:
                return []
            above = read_above(self.client, contents, restrictions=True)
            nodes = {**above.nodes, **contents}
            tree = paths_below(nodes)
            facts = self._facts(contents, above)
            reached = self.known.reached(nodes, tree, facts.readers) - contents.keys() - self.gone
            if not reached:
                return self._rows(contents, tree, facts)
            if len(contents) + len(reached) > self.most:
                raise SweepNeededError(f"changes reach {len(reached):,} further contents")
        raise SweepNeededError("changes reach further and further")

    def _add_ancestors(self, contents: dict[str, Content]) -> None:
        """Ask for the pages above as well: all that the last inventory has there at once, and more where they moved."""
        while True:
            parents = {content.parent_id for content in contents.values() if content.parent_id}
            rows = self.known.rows(parents - contents.keys() - self.gone)
            wanted = rows.keys() | {key for row in rows.values() for key in row["ancestor_ids"]}
            if not wanted:
                return
            contents |= self._states(wanted - contents.keys() - self.gone)

    def _facts(self, contents: Mapping[str, Content], above: Above) -> LabelsAndRestrictions:
        self.told |= above.told
        facts = read_labels_and_restrictions(
            self.client.api, self.client.workers, contents, sorted(above.nodes), told=self.told, untold=above.untold
        )
        facts.unknown = above.unreadable | facts.unknown
        if self.question.unreadable_parents == "include":
            trust_containers(facts, contents, above)
        return facts

    def _rows(
        self, contents: Mapping[str, Content], tree: Mapping[str | None, Path], facts: LabelsAndRestrictions
    ) -> list[InventoryRow]:
        """Those rows that are not as they were."""
        before = self.known.rows(contents)
        rows: list[InventoryRow] = []
        for content in contents.values():
            row = row_of(self.space, content, tree[content.parent_id], facts, checked=True)
            if old := before.get(content.id):
                row["attachments_digest"], row["comments_digest"] = old["attachments_digest"], old["comments_digest"]
                row["files"] = old["files"]
                row["audience"], row["levels"] = old["audience"], old["levels"]  # told anew for all pages
            if row != old:
                rows.append(row)
        return rows

    # Comments and attachments

    def _attached_lately(self, types: Sequence[str]) -> set[str] | str:
        """The pages on which comments or attachments are new, or why nobody tells."""
        if not types:
            return set()
        cql = modified_lately([self.space.key], types, self.question.attached_since)
        try:
            hits = list(self.client.api.search(cql, ("container",), LIMIT, most=LOOKED_AT_MOST))
        except ClientClosedError:
            raise
        except TooManyHitsError:
            return f"more than {LOOKED_AT_MOST:,} of them are new"
        except PipelineError as error:
            return error.summary
        return {str(hit["container"]["id"]) for hit in hits if (hit.get("container") or {}).get("id")}

    def _with_digests(
        self, rows: dict[str, InventoryRow], attached: Future[set[str] | str], fresh: Sequence[str]
    ) -> bool:
        """Fill in what hangs on new pages and on those where something is new. False: nobody tells."""
        lately = attached.result()
        if isinstance(lately, str):
            self._attached_unknown(lately)
            return False
        changed = (lately | set(fresh)) - self.gone
        rows |= self.known.rows(changed - rows.keys())
        wanted = [key for key in changed if key in rows]
        try:
            found = self._hanging(wanted)
        except ClientClosedError:
            raise
        except PipelineError as error:
            self._attached_unknown(error.summary)
            return False
        attachments, comments = found.digests("attachment"), found.digests("comment")
        for key in wanted:
            rows[key]["attachments_digest"] = attachments.get(key, "")
            rows[key]["comments_digest"] = comments.get(key, "")
            rows[key]["files"] = found.files.get(key, []) if self.question.attachments == "documents" else None
        return True

    def _hanging(self, page_ids: Sequence[str]) -> Hanging:
        types, mode, links_base = self.question.types, self.question.attachments, self.client.api.links_base
        if not types:
            return Hanging(mode, links_base)
        expand = EXPAND_COMMENTS if self.question.comments else EXPAND
        hits = (
            hit
            for batch in batches(page_ids, IDS_AT_ONCE)
            for hit in self.client.api.search(inside(batch, types), expand, LIMIT)
        )
        return hanging(hits, mode, links_base)

    def _attached_unknown(self, reason: str) -> None:
        self.warnings.append(
            "Changes of comments and attachments cannot be seen in this run, the next one looks again: " + reason
        )


def _facts_differ(content_id: str, row: InventoryRow, facts: LabelsAndRestrictions) -> bool:
    """Whether a content's own restriction or its labels are not as they were."""
    if content_id in facts.readers and own_restriction(row) != facts.readers[content_id]:
        return True
    return content_id not in facts.labels_unknown and list(facts.labels.get(content_id, ())) != row["labels"]


def restricted_count(table: pa.Table) -> int:
    """Rows of an inventory that are restricted."""
    return pc.sum(table["restricted"]).as_py() or 0
