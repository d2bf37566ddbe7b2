"""Lanes and full sweeps in any order, between changes of every kind, under any clock: what they do to Twig is right.

* After a full sweep Twig equals the truth.
* A lane never deletes a page that is visible and open, and never fetches one that is not.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.sweep.missing import explain_missing
from confluence_to_twig.planning.decision import Scope
from confluence_to_twig.planning.plan import candidates_for_deletion, plan
from confluence_to_twig.planning.selection import Selection, missing_roots
from confluence_to_twig.planning.window import RunFacts, Window
from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.runs.record import Record
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.last_inventory import (
    LastInventory,
    last_inventory_of,
    read_last_inventory,
    write_last_inventory,
)
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from confluence_to_twig.staging.schemas import MANIFEST
from confluence_to_twig.tasks import looking
from confluence_to_twig.tasks.looking import Looked, Looking
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SandboxConfluence
from sandbox.seed import SeedPage
from tests.confluence.spaces import QUICK, numbered_space, settings_of, small_space
from tests.proofs import size

PAGES = (
    "home", "guide", "install", "linux", "in-folder", "in-database", "on-whiteboard", "secret", "below-secret", "old",
    "thrown-away", "rich",
)  # fmt: skip
CONTAINERS = ("folder", "database", "whiteboard")
pages = st.sampled_from(PAGES)
SOURCE = Source(name="docs", space_key="PROD", schedule=None, comments=True)


class Histories(RuleBasedStateMachine):
    """A site, the last inventory in staging, and what Twig would hold."""

    source = SOURCE

    @initialize(skew=st.integers(-7_200, 7_200), modifies=st.booleans())
    def begin(self, skew: int, modifies: bool) -> None:
        self.open = ExitStack()
        self.skew = timedelta(seconds=skew)
        self.sandbox = SandboxConfluence(small_space(), numbered_space(1))
        for name in ("moving", "labelling", "restricting", "archiving", "trashing"):
            setattr(self.sandbox.site, f"{name}_modifies", modifies)
        self.open.enter_context(self.sandbox.serve())
        os.environ[ROOT_VARIABLE] = self.open.enter_context(tempfile.TemporaryDirectory())
        self.client = self.open.enter_context(ConfluenceClient(settings_of(self.sandbox), patience=QUICK))
        self.space = self.client.space("PROD")
        self.held: dict[str, dict[str, Any]] = {}
        self.runs = 0

    def teardown(self) -> None:
        if hasattr(self, "open"):
            self.open.close()

    def change(self, method: str, *arguments: Any, **fields: Any) -> None:
        """What people do; what cannot be done at the moment is not."""
        self.sandbox.site.fixed_now = datetime.now(UTC) + self.skew
        with suppress(KeyError, ValueError):
            getattr(self.sandbox, method)(*arguments, **fields)

    @rule(page=pages, text=st.text("ab", max_size=3))
    def edit(self, page: str, text: str) -> None:
        self.change("edit", page, storage=f"<p>{text}</p>")

    @rule(page=pages, title=st.text("AB", min_size=1, max_size=4))
    def rename(self, page: str, title: str) -> None:
        self.change("rename", page, f"{title} {page}")

    @rule(parent=st.sampled_from([*PAGES, *CONTAINERS]), old=st.booleans())
    def write(self, parent: str, old: bool) -> None:
        moment = datetime(2020, 1, 1, tzinfo=UTC) if old else datetime.now(UTC) + self.skew
        self.runs += 1
        seed = SeedPage(f"new-{self.runs}", f"New {self.runs}", "<p>New.</p>", created_at=moment, modified_at=moment)
        self.change("add_page", "PROD", seed, parent=parent)

    @rule(page=pages, parent=st.sampled_from([*PAGES, *CONTAINERS]))
    def move(self, page: str, parent: str) -> None:
        self.change("move", page, parent)

    @rule(page=st.sampled_from(PAGES[1:]), method=st.sampled_from(["archive", "trash", "purge", "restore"]))
    def take_away_or_bring_back(self, page: str, method: str) -> None:
        self.change(method, page)

    @rule(page=st.sampled_from(PAGES[1:]))
    def move_away(self, page: str) -> None:
        self.change("move_to_space", page, "BIG")

    @rule(page=st.sampled_from([*PAGES, *CONTAINERS]), closed=st.booleans())
    def restrict(self, page: str, closed: bool) -> None:
        self.change(*(("restrict", page) if closed else ("unrestrict", page)))

    @rule(page=pages, name=st.sampled_from(["a", "b"]), method=st.sampled_from(["label", "unlabel"]))
    def relabel(self, page: str, name: str, method: str) -> None:
        self.change(method, page, name)

    @rule(page=pages)
    def comment(self, page: str) -> None:
        self.change("comment", page, "<p>A remark.</p>")

    @rule(minutes=st.integers(1, 70))
    def time_passes(self, minutes: int) -> None:
        """As if all looks had been so much earlier: runs are missed, turns come, a full sweep is due."""
        path = last_inventory_of(self.run().source_staging, self.space.id)
        last = read_last_inventory(path)
        if last is not None:
            earlier = timedelta(minutes=minutes)
            times = ("looked_at", "attached_since", "swept_at", "swept_for")
            state = replace(last.state, **{name: getattr(last.state, name) - earlier for name in times})
            write_last_inventory(path, LastInventory(last.table, state))

    @rule(full=st.booleans())
    def sync(self, full: bool) -> None:
        self.sandbox.site.fixed_now = datetime.now(UTC) + self.skew
        run = self.run(full=full)
        looked = Looking(run, self.client, self.space, Record(), self.held.keys()).look()
        assert looked.seen.complete
        if full:
            assert looked.look.kind == "sweep"
        if missing_roots(looked.seen.table, self.selection()):
            return  # discover ends the run
        self.apply(looked)
        looked.write(run, self.space)
        if looked.look.kind == "sweep" and not self.rows_were_lost():
            assert self.held.keys() == self.open_pages().keys()
            for page_id, page in self.open_pages().items():
                held = self.held[page_id]
                assert (held["version"], held["title"], set(held["labels"])) == (page.version, page.title, page.labels)

    def rows_were_lost(self) -> bool:
        return False

    def run(self, full: bool = False) -> Run:
        facts = RunFacts("scheduled", datetime.now(UTC))
        return Run(self.source, f"run-{self.runs}", facts, RunParams(full=full), "discover", 1)

    def selection(self) -> Selection:
        return Selection.of(self.source, datetime.now(UTC), None)

    def open_pages(self) -> dict[str, Any]:
        return self.sandbox.truth("PROD", restricted=False)

    def apply(self, looked: Looked) -> None:
        table = looked.seen.table
        manifest = self.manifest()
        missing = {
            page_id: reason
            for kind in self.source.content
            for page_id, reason in explain_missing(
                self.client,
                [row["page_id"] for row in candidates_for_deletion(table, manifest).to_pylist() if row["kind"] == kind],
                kind=kind,
                space=self.space,
            ).items()
        }
        scope = Scope(
            Window(None, None, "whole space"),
            sweep_complete=True,
            converter_version="1",
            missing=missing,
            selection=self.selection(),
        )
        rows = {row["page_id"]: row for row in table.to_pylist()}
        visible = self.open_pages()
        for decided in plan(table, manifest, scope).to_pylist():
            page_id = decided["page_id"]
            if decided["action"] == "delete":
                assert page_id not in visible, decided
                del self.held[page_id]
            elif decided["action"] == "fetch":
                assert page_id in visible, decided
                self.held[page_id] = rows[page_id]

    def manifest(self) -> pa.Table:
        rows = [
            {name: row.get(name) for name in MANIFEST.names}
            | {"document_id": page_id, "includes": [], "content_hash": "", "converter_version": "1"}
            | {"chunk_ids": [], "chunk_hashes": [], "chunk_count": 1, "data_source": "1", "run_id": ""}
            | {"loaded_at": datetime.now(UTC)}
            for page_id, row in self.held.items()
        ]
        return pa.Table.from_pylist(rows, schema=MANIFEST)


HISTORIES = size(8, 400)
TestHistories = pytest.mark.proofs(f"{HISTORIES:,} histories of up to 30 steps")(Histories.TestCase)
TestHistories.settings = settings(max_examples=HISTORIES, stateful_step_count=30, deadline=None)


class TreeHistories(Histories):
    """The same for a source that takes two page trees, which full sweeps look at alone, and a listing of trees that loses rows."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(looking, "are_cheaper", lambda trees, contents: True)
        self.cuts: list[faults.Fault] = []

    @initialize(skew=st.integers(-7_200, 7_200), modifies=st.booleans())
    def begin(self, skew: int, modifies: bool) -> None:
        super().begin(skew, modifies)
        self.roots = {self.sandbox.id_of(ref) for ref in ("guide", "folder")}
        self.source = SOURCE.model_copy(update={"root_pages": tuple(sorted(self.roots))})

    def teardown(self) -> None:
        self.patch.undo()
        super().teardown()

    @rule(times=st.integers(1, 3), kept=st.integers(0, 3))
    def lose_rows(self, times: int, kept: int) -> None:
        """Of what is below a root, as if Confluence had forgotten it: what came in may be seen later, and nothing else happens."""
        cut = faults.Rewrite(lambda page: page | {"results": page["results"][:kept]})
        self.cuts.append(self.sandbox.fail(cut, r"/descendants", times=times))

    def rows_were_lost(self) -> bool:
        were_lost, self.cuts = any(cut.hits for cut in self.cuts), [cut for cut in self.cuts if not cut.hits]
        return were_lost

    def open_pages(self) -> dict[str, Any]:
        contents, above = self.sandbox.store.contents, self.sandbox.store.ancestors
        return {
            key: page
            for key, page in super().open_pages().items()
            if self.roots & {key, *(str(node.id) for node in above(contents[int(key)]))}
        }


TREES = size(8, 400)
TestTreeHistories = pytest.mark.proofs(f"{TREES:,} histories of page trees of up to 30 steps")(TreeHistories.TestCase)
TestTreeHistories.settings = settings(max_examples=TREES, stateful_step_count=30, deadline=None)
