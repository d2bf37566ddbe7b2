"""Random histories of a space and of the runs that follow it, and after each quiet point: Twig holds exactly what it must."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.staging.layout import SourceStaging
from confluence_to_twig.twig.drift import audit
from confluence_to_twig.twig.verifier import verify
from sandbox.twig import Fault, ServedTwig, Settings, serve
from tests.proofs import size
from tests.staging.test_manifest import forget, memory_staging
from tests.twig.paced import PacedRun, SkewedClock, Visible
from tests.twig.world import Page, World, expected

EXAMPLES, STEPS = size(6, 1_000), size(40, 60)
PAGE_IDS = st.sampled_from([str(number) for number in range(1, 9)])
CHANGES = ["edit", "edit", "label", "label", "move", "rename", "trash", "restrict"]
_sources = itertools.count()
_served: list[ServedTwig] = []


@pytest.fixture(scope="module", autouse=True)
def twig() -> Iterator[None]:
    """One Twig for all histories; each has a data source of its own in it."""
    patch = pytest.MonkeyPatch()
    patch.setattr("confluence_to_twig.staging.manifest.datetime", SkewedClock)
    patch.setattr("confluence_to_twig.twig.transport.ATTEMPTS", 3)
    with ExitStack() as stack:
        _served.append(stack.enter_context(serve(settings=Settings(write_per_minute=None))))
        yield
    _served.clear()
    patch.undo()


def text(page_id: str, edit: int, part: int) -> str:
    """A section that hardly compresses, so that a few pages make several batches."""
    letters = random.Random(f"{page_id} {edit} {part}")
    return " ".join("".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(25))


def texts(held: dict[str, tuple[int, list[str]]]) -> dict[str, list[str]]:
    return {page_id: parts for page_id, (_, parts) in held.items()}


class Histories(RuleBasedStateMachine):
    """A Confluence space, up to two runs at once that can die at any step, and a network that fails."""

    def __init__(self) -> None:
        super().__init__()
        staging = SourceStaging(memory_staging().root, f"source-{next(_sources)}")
        self.world = World(_served[0], staging, changes={"batch_bytes": 900})
        self.pages: dict[str, Page] = {}
        self.trashed: dict[str, Page] = {}
        self.restricted: set[str] = set()
        self.running: list[PacedRun] = []
        self.failed: list[PacedRun] = []
        self.started: list[PacedRun] = []
        self.counter = itertools.count(1)
        self.advances = 0  # since the last quiet point

    @initialize()
    def first_import(self) -> None:
        for number in range(1, 7):
            self._edit(str(number), 0)
        run = PacedRun(self.world, self.visible, "first")
        run.finish()
        assert run.ok

    # What people do in Confluence

    @rule(changes=st.lists(st.tuples(st.sampled_from(CHANGES), PAGE_IDS, st.integers(0, 2)), min_size=1, max_size=5))
    def change(self, changes: list[tuple[str, str, int]]) -> None:
        """A few changes at once. Labels, moves and restrictions do not raise a Confluence version."""
        for what, page_id, value in changes:
            if what == "restrict":
                self.restricted ^= {page_id}
            elif what == "edit" and page_id not in self.trashed:
                self._edit(page_id, value)
            elif what == "trash" and page_id in self.pages:
                self.trashed[page_id] = self.pages.pop(page_id)
            elif page_id in self.trashed:  # restored as it was: an id never comes back with another version
                self.pages[page_id] = self.trashed.pop(page_id)
            elif page := self.pages.get(page_id):
                changed: dict[str, Any] = {
                    "label": {"labels": ("abc"[value],)},
                    "move": {"ancestors": ("abc"[value],)},
                    "rename": {"title": f"Title {value}", "version": page.version + 1},
                }
                self.pages[page_id] = replace(page, **changed[what])

    def _edit(self, page_id: str, section: int) -> None:
        """Create a page, or edit one section of it."""
        edit = next(self.counter)
        if page_id not in self.pages:
            self.pages[page_id] = Page(page_id, tuple(text(page_id, edit, part) for part in range(3)))
            return
        sections = list(self.pages[page_id].sections)
        sections[section] = text(page_id, edit, section)
        self.pages[page_id] = self.pages[page_id].edited(sections=tuple(sections))

    def visible(self) -> Visible:
        return Visible(dict(self.pages), frozenset(self.restricted & self.pages.keys()))

    # What the scheduler does

    @precondition(lambda self: len(self.running) < 2)
    @rule(skew_hours=st.integers(-30, 30), again=st.booleans(), data=st.data())
    def start(self, skew_hours: int, again: bool, data: st.DataObject) -> None:
        """Start a run; or a failed one again, however late: it knows only its own plan and shard."""
        if again and self.failed:
            failed = data.draw(st.sampled_from(self.failed))
            self.failed.remove(failed)
            run = PacedRun(self.world, self.visible, failed.name, failed.skew, retry_of=failed)
        else:
            run = PacedRun(self.world, self.visible, f"run-{next(self.counter)}", timedelta(hours=skew_hours))
        self.running.append(run)
        self.started.append(run)

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 1), steps=st.integers(1, 20))
    def advance(self, which: int, steps: int) -> None:
        self.advances += 1
        run = self.running[which % len(self.running)]
        for _ in range(steps):
            if not run.finished:
                run.advance()
        self._collect()

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 1))
    def die(self, which: int) -> None:
        self.running[which % len(self.running)].die()
        self._collect()

    def _collect(self) -> None:
        self.failed += [run for run in self.running if run.finished and not run.ok]
        self.running = [run for run in self.running if not run.finished]

    # What goes wrong on the way

    @rule(
        what=st.sampled_from(["status", "reset", "refuse", "processing", "nothing"]),
        applied=st.booleans(),
        times=st.integers(1, 4),
        page_id=PAGE_IDS,
    )
    def fail(self, what: Any, applied: bool, times: int, page_id: str) -> None:
        """Answers that are lost or bad, once or until the client gives up; documents that are refused for a while."""
        twig = self.world.twig
        if what == "nothing":
            twig.clear_faults()
        elif what == "refuse":
            twig.refuse_documents([page_id])
        elif what == "processing":
            twig.fail_processing()
        else:
            twig.inject(Fault(kind=what, applied=applied, times=times, path="/documents$" if times > 1 else "/api/"))

    @precondition(lambda self: self.started)
    @rule(which=st.integers(0, 3), last=st.integers(0, 2))
    def deliver(self, which: int, last: int) -> None:
        """A request of a run, dead or alive, reaches Twig late, or once more."""
        run = self.started[-1 - which % len(self.started)]
        if last < len(run.requests):
            with self.world.client() as client, suppress(PipelineError):
                client.write_documents(*run.requests[-1 - last])

    # Quiet points

    @precondition(lambda self: self.advances >= 4)
    @rule(let_them_finish=st.booleans())
    def quiet(self, let_them_finish: bool) -> None:
        """Everybody is done or dead, nothing fails any more, and one run goes through."""
        self.advances = 0
        self._end_all(let_them_finish)
        self.world.twig.clear_faults()
        run = PacedRun(self.world, self.visible, f"quiet-{next(self.counter)}")
        run.finish()
        assert run.ok
        for which, last in itertools.product(range(4), range(3)):
            if self.started:
                self.deliver(which, last)
        self._check()
        self._nothing_left_to_do()

    def _end_all(self, let_them_finish: bool) -> None:
        for run in self.running:
            run.finish() if let_them_finish else run.die()
        self._collect()

    def _check(self) -> None:
        wanted = self.visible().expected()
        with self.world.client() as client:
            source = self.world.source_named(client)
            documents = self.world.twig.documents(source.id)
            assert texts(self.world.held_in(source.id)) == texts(expected(*wanted.values()))
            for page_id, page in wanted.items():
                document = documents[page_id]
                # A higher version with the same content is not sent, only remembered.
                assert document.version <= page.version == (self.world.manifest.view().row(page_id) or {})["version"]
                assert (document.title, document.url, document.searchable) == (page.name, page.url, True)
                assert (tuple(document.metadata["labels"]), tuple(document.metadata["ancestors"])) == (
                    page.labels,
                    page.ancestors,
                )
                assert len({chunk.id for chunk in document.chunks}) == len(page.sections)
            assert not audit(client, source, self.world.manifest).found
            assert verify(client, source, self.world.manifest).ok

    def _nothing_left_to_do(self) -> None:
        before = self.world.twig.log.stats()["writes"]
        run = PacedRun(self.world, self.visible, f"idle-{next(self.counter)}")
        run.finish()
        assert run.ok
        assert self.world.twig.log.stats()["writes"] == before

    def teardown(self) -> None:
        self.quiet(let_them_finish=True)
        forget(self.world.staging)


TestHistories = pytest.mark.proofs(f"{EXAMPLES:,} random histories of up to {STEPS} steps")(Histories.TestCase)
TestHistories.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
