"""The look that discover takes at Confluence: a full sweep, or a lane between two of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.cql import of_space
from confluence_to_twig.confluence.sweep.attached_digests import AttachedDigests, read_attached_digests
from confluence_to_twig.confluence.sweep.attached_files import list_files
from confluence_to_twig.confluence.sweep.glance import Expected
from confluence_to_twig.confluence.sweep.inventory import Sweep, sweep
from confluence_to_twig.confluence.sweep.known import Known
from confluence_to_twig.confluence.sweep.lane import (
    CHECKED_AT_ONCE,
    Question,
    Seen,
    SweepNeededError,
    look_for_news,
    restricted_count,
)
from confluence_to_twig.confluence.sweep.page_trees import are_cheaper, held_among, trees_in
from confluence_to_twig.planning.look import (
    OVERLAP,
    Look,
    Wishes,
    choose_look,
    difference,
    expected_total,
    fingerprint,
    is_confirmed,
    minutes_back,
    share_to_check,
    shortest_wait,
    trees_may_do,
)
from confluence_to_twig.runs.log_group import log_group
from confluence_to_twig.staging.files import remove, write_bytes
from confluence_to_twig.staging.last_inventory import (
    LastInventory,
    LookState,
    inventory_file,
    last_inventory_of,
    read_last_inventory,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.interface import ContentApi
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.sweep.page_trees import Trees
    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.sources.source import Source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Looked:
    """What a look brought.

    :param seen: the whole inventory; after a lane, what the last one held with what is new.
    :param look: which kind of look it was in the end, and why. :param swept_at: when the last full sweep began.
    :param state: what the next look goes on from; None: it cannot.
    """

    seen: Sweep
    look: Look
    swept_at: datetime
    state: LookState | None

    def write(self, run: Run, space: Space, *, of_run: bool = True) -> None:
        """Leave the inventory for the run, and for the next look; or none, where that cannot go on from this one.

        :param of_run: False: the run has one inventory of all its spaces.
        """
        content = inventory_file(self.seen.table, self.state)
        if of_run:
            write_bytes(run.staging.inventory(space.id), content)
        if run.params.dry_run or not self.seen.complete:
            return
        path = last_inventory_of(run.source_staging, space.id)
        if self.state is None:
            remove(path)
        else:
            write_bytes(path, content)


class Looking:
    """The look at one space. Use once.

    :param held: ids of the pages that Twig holds; needed where the source takes page trees.
    """

    def __init__(
        self, run: Run, client: ConfluenceClient, space: Space, record: Record, held: Collection[str] = ()
    ) -> None:
        self.held = held
        self.run, self.client, self.space, self.record = run, client, space, record
        self.began = datetime.now(UTC)
        self.wishes = _wishes(run, client)
        #: Whether a total that differs twice started the sweep.
        self.alarmed = False

    def look(self) -> Looked:
        """Look at the space. A lane that cannot be sure becomes a full sweep."""
        look, last = self._chosen
        if last is not None and look.kind == "lane":
            try:
                return self._lane(look, last)
            except SweepNeededError as needed:
                look = replace(look, kind="sweep", reason=str(needed))
        if last is not None and (trees := self._trees_alone(last)):
            try:
                return self._swept_trees(look, last, trees)
            except SweepNeededError as needed:
                log.info("The whole space is swept: %s", needed)
        return self._swept(look, last)

    def expects(self) -> Expected | None:
        """What a glance sees of the space if nothing is new; None: it needs a look of its own."""
        look, last = self._chosen
        if last is None or look.kind == "sweep":
            return None
        known, state, attached_since = Known(last.table), last.state, last.state.attached_since
        if attached_since is None or known.doubtful() or self._turns(known, state, look):
            return None
        return Expected(
            self.space,
            known,
            since=state.looked_at - OVERLAP,
            attached_since=minutes_back(attached_since, self.began),
            total=expected_total(state, last.table.num_rows),
        )

    def quiet(self) -> Looked:
        """The look at a space of which a glance saw nothing new."""
        look, last = self._chosen
        if last is None:
            raise ValueError(f"space {self.space.key} was never looked at")
        after = replace(last.state, looked_at=self.began, attached_since=self.began, suspicion=0)
        result = Sweep(last.table, True, (), (), restricted_count(last.table), 0)
        return Looked(result, replace(look, reason="a glance at many spaces saw nothing new"), after.swept_at, after)

    @cached_property
    def _chosen(self) -> tuple[Look, LastInventory | None]:
        """The kind of the look, and what a lane goes on from."""
        if reason := self._no_lane():
            return Look("sweep", reason, timedelta()), None
        last = read_last_inventory(last_inventory_of(self.run.source_staging, self.space.id))
        state, contents = (last.state, last.table.num_rows) if last else (None, 0)
        return choose_look(self.run.facts, self.wishes, state, contents, self.began), last

    def _no_lane(self) -> str | None:
        """Why there is never a lane here."""
        if self.client.sign_in().via == "datacenter":
            return "on Data Center each run sweeps"
        return "search does not see archived spaces" if self.space.status == "archived" else None

    # Full sweep

    def _swept(self, look: Look, last: LastInventory | None) -> Looked:
        log.info("Full sweep: %s", look.reason)
        api, source = self.client.api, self.run.source
        with log_group(f"Sweep of space {self.space.key}"):
            attached = self.client.workers.submit(self._attached, self.space)
            keeps = self._keeps(look)
            total = self.client.workers.submit(self._total, api) if keeps else None
            seen = sweep(
                self.client,
                self.space,
                kinds=source.content,
                restrictions=source.restricted_pages,
                unreadable_parents=source.unreadable_parents,
            )
            digests = attached.result()
        if digests.warning:
            self.record.warn(digests.warning)
        seen = replace(seen, table=digests.on(seen.table))
        if source.attachments == "documents" and digests.files is None:
            table, warnings = list_files(self.client, seen.table)
            seen = replace(seen, table=table, warnings=(*seen.warnings, *warnings))
        state = self._state_after(seen, digests, total.result(), last) if total and seen.complete else None
        return Looked(seen, look, self.began, state)

    def _attached(self, space: Space) -> AttachedDigests:
        """What hangs on the pages."""
        source = self.run.source
        return read_attached_digests(self.client, space, attachments=source.attachments, comments=source.comments)

    def _total(self, api: ContentApi) -> int | None:
        return api.search_total(of_space(self.space.key, self.run.source.content))

    def _keeps(self, look: Look) -> bool:
        """Whether another run may go on from this sweep."""
        goes_on = not (self.wishes.between_runs and self.wishes.between_runs >= look.sweep_every)
        return not self._no_lane() and (goes_on or bool(self.run.source.root_pages))

    def _state_after(
        self, seen: Sweep, digests: AttachedDigests, total: int | None, last: LastInventory | None
    ) -> LookState | None:
        if digests.attachments is None or digests.comments is None:
            return None
        in_vain = last is not None and self.alarmed and Known(last.table).numbers == Known(seen.table).numbers
        return LookState(
            settings=self.wishes.settings,
            looked_at=self.began,
            attached_since=self.began,
            swept_at=self.began,
            swept_for=self.run.facts.run_after,
            baseline=None if total is None else total - seen.table.num_rows,
            false_alarms=last.state.false_alarms + 1 if last is not None and in_vain else 0,
        )

    # Page trees

    def _trees_alone(self, last: LastInventory) -> Trees | None:
        """The page trees that a full sweep may look at alone; None: it lists the whole space."""
        if not trees_may_do(self.run.facts, self.wishes, last.state, self.began):
            return None
        known = Known(last.table)
        trees = self._small_trees(known)
        return trees and replace(trees, contents=trees.contents | set(held_among(known, self.held)))

    def _small_trees(self, known: Known) -> Trees | None:
        """The page trees of the source, where they are small beside the space."""
        root_pages = self.run.source.root_pages
        trees = trees_in(known, root_pages) if root_pages and not self._no_lane() else None
        return trees if trees and are_cheaper(trees, known.table.num_rows) else None

    def _swept_trees(self, look: Look, last: LastInventory, trees: Trees) -> Looked:
        state, known = last.state, Known(last.table)
        log.info("Full sweep of %d page trees with %d contents: %s", len(trees.roots), len(trees.contents), look.reason)
        seen, requests = self._news(known, replace(self._question(state), trees=trees))
        after = replace(
            state,
            looked_at=self.began,
            attached_since=self.began if seen.attached else state.attached_since,
            swept_at=self.began,
            swept_for=self.run.facts.run_after,
            baseline=None if seen.total is None else seen.total - seen.table.num_rows,
            suspicion=0,
            checked_up_to=-1,
            listed_at=state.listed_at or state.swept_at,
        )
        look = replace(look, reason=f"{look.reason}; only the page trees that the source takes")
        return self._looked(seen, requests, look, self.began, after)

    # Lane

    def _lane(self, look: Look, last: LastInventory) -> Looked:
        state, known = last.state, Known(last.table)
        if state.attached_since is None:
            raise SweepNeededError("comments and attachments are not known")
        check = self._turns(known, state, look)
        seen, requests = self._news(known, replace(self._question(state), check=[str(number) for number in check]))
        differs = difference(seen.total, state, seen.table.num_rows)
        self.alarmed = is_confirmed(state.suspicion, differs)
        if self.alarmed:
            raise SweepNeededError(f"search counts {differs:+,} pages, for the second time")
        self._tell(look, state, seen.total, differs)
        after = replace(
            state,
            looked_at=self.began,
            attached_since=self.began if seen.attached else state.attached_since,
            suspicion=differs,
            checked_up_to=max([state.checked_up_to, *check]),
        )
        return self._looked(seen, requests, look, state.swept_at, after)

    def _turns(self, known: Known, state: LookState, look: Look) -> Sequence[int]:
        """The contents whose turn it is to be asked for: of page trees alone where a full sweep looks at these alone."""
        trees = self._small_trees(known)
        numbers = sorted(map(int, trees.contents)) if trees else known.numbers
        return share_to_check(numbers, state, look, CHECKED_AT_ONCE, self.began)

    def _question(self, state: LookState) -> Question:
        source = self.run.source
        return Question(
            kinds=source.content,
            unreadable_parents=source.unreadable_parents,
            attachments=source.attachments,
            comments=source.comments,
            since=state.looked_at - OVERLAP,
            attached_since=minutes_back(state.attached_since or state.looked_at, self.began),
            check=(),
        )

    def _news(self, known: Known, question: Question) -> tuple[Seen, int]:
        """What a lane sees, and the requests that it takes."""
        with log_group(f"{'Page trees' if question.trees else 'Lane'} of space {self.space.key}"):
            before = self.client.requests_made
            seen = look_for_news(self.client, self.space, known, question)
            return seen, self.client.requests_made - before

    def _looked(self, seen: Seen, requests: int, look: Look, swept_at: datetime, after: LookState) -> Looked:
        result = Sweep(seen.table, True, (), seen.warnings, restricted_count(seen.table), requests, seen.names)
        return Looked(result, look, swept_at, after)

    def _tell(self, look: Look, state: LookState, total: int | None, differs: int) -> None:
        log.info(
            "Lane: the last full sweep began %s, the next one is due after %s",
            f"{state.swept_at:%F %R}",
            look.sweep_every,
        )
        if total is None or state.baseline is None:
            log.info(
                "Search tells no total: pages that went are found when it is their turn, or by the next full sweep"
            )
        elif differs:
            log.info("Search counts %+d pages: if the next look sees that, too, it sweeps", differs)


def attached_types(source: Source) -> list[str]:
    """What hangs on pages and belongs to the source."""
    wanted = (("attachment", source.attachments != "none"), ("comment", source.comments))
    return [name for name, is_wanted in wanted if is_wanted]


def _wishes(run: Run, client: ConfluenceClient) -> Wishes:
    source, params, signed_in = run.source, run.params, client.sign_in()
    asked = (
        (params.full, "somebody asked for the whole space"),
        (params.since, "somebody asked for what was modified since a time"),
        (params.page_ids, "somebody asked for single pages"),
        (params.force, "somebody asked to process again"),
        (source.repair, "the source compares all of Twig in each run (repair)"),
    )
    return Wishes(
        settings=fingerprint(
            {"source": source.frozen(), "account": signed_in.account_id, "site": client.api.links_base}
        ),
        asked=next((reason for wanted, reason in asked if wanted), None),
        sweep_every=source.sweep_every,
        between_runs=shortest_wait(source.schedule) if source.schedule and not source.on_change else None,
    )
