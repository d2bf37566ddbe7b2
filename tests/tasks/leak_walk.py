"""A site on which people do anything in any order, runs that are killed at any step, and an oracle that is asked all along.

The oracle is the site itself: it knows who is in which group, and says for each person which pages that person may read. It is
asked at each moment at which what Twig holds may have changed: after each write to Twig, and after each run, whole or killed.

* After a whole run no data source holds a page that somebody who passes all levels of its audience may not read.
* At no moment of a run, and not after a run that is killed, wherever it is, is there a leak that was not there before it began.
* A page is never in two data sources.

Files are documents of their own, so a file counts as a page that whoever may read its page may read.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from confluence_to_twig.staging import audience_book, files, manifest
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from confluence_to_twig.twig.client import TwigClient
from sandbox.confluence.faults import Refuse
from sandbox.confluence.sandbox import SandboxConfluence
from sandbox.twig import Settings, serve
from tests.tasks.audience_world import GROUPS, PAGES, PEOPLE, AudienceWorld, Holdings, email, readers_space

#: What a run leaves behind, in staging and in Twig: it may die before or after each of them.
STEPS: tuple[tuple[Any, str], ...] = (
    (TwigClient, "write_documents"),
    (TwigClient, "create_data_source"),
    (manifest, "write_part"),
    (audience_book, "write_json"),
    (files, "write_bytes"),
)
#: Spaces of one site, and runs of its source.
SPACES, DAYS = 24, 6
#: Pages that people add to a site.
MOST_NEW = 20


class Killed(BaseException):
    """The worker is gone."""


class LeakError(AssertionError):
    """Somebody can read in Twig what Confluence does not let them read, or a page is in two places."""


@dataclass
class Tally:
    """How much was tried.

    A state is one space and what Twig holds of it: who may read the space, each page with its place, version and
    restriction, who is in which group, and the data source that has the page. Equal ones count once.
    """

    states: set[object] = field(default_factory=set)
    moments: int = 0
    runs: int = 0
    killed: int = 0

    def __str__(self) -> str:
        return (
            f"{len(self.states):,} different states of a space and what Twig holds of it, each asked about for each person, "
            f"at {self.moments:,} moments of {self.runs:,} runs, {self.killed:,} of them killed at any step; leaks: 0"
        )


@contextmanager
def at_each_step(before: Callable[[], None], after: Callable[[Any], None]) -> Iterator[None]:
    """Call one function before each step of a run, and one right after it, with the owner of the step."""

    def stepping(owner: Any, name: str) -> Callable[..., Any]:
        act = getattr(owner, name)

        def acted(*arguments: Any, **options: Any) -> Any:
            before()
            found = act(*arguments, **options)
            after(owner)
            return found

        return acted

    with pytest.MonkeyPatch.context() as patched:
        for owner, name in STEPS:
            patched.setattr(owner, name, stepping(owner, name))
        yield


class Walk:
    """One site with its source and its Twig, from the first day on.

    :param random: chooses what happens. :param spaces: how many there are.
    """

    def __init__(self, random: Random, tally: Tally, spaces: int = SPACES) -> None:
        self.random, self.tally = random, tally
        self.keys = [f"S{number}" for number in range(spaces)]
        self.refs = [f"{key}-{ref}" for key in self.keys for ref in PAGES]
        self.inner = [ref for ref in self.refs if not ref.endswith("-home")]
        self.history: list[str] = []
        self.new = 0
        self.homes: dict[str, int] = {}  # of files, removed ones too
        self.steps = 40  # of the last whole run

    @contextmanager
    def begun(self) -> Iterator[Walk]:
        """With its servers."""
        with ExitStack() as opened:
            patched = opened.enter_context(pytest.MonkeyPatch.context())
            patched.setenv(ROOT_VARIABLE, opened.enter_context(tempfile.TemporaryDirectory()))
            self.confluence = SandboxConfluence(*(readers_space(key, f"{key}-") for key in self.keys))
            self.confluence.site.access_classes = self.random.random() < 0.5
            opened.enter_context(self.confluence.serve())
            twig = opened.enter_context(serve(settings=Settings(write_per_minute=None)))
            self.world = AudienceWorld(self.confluence, twig)
            self._allow(15)
            # A few pages a write: more moments, and more places to die. And no waiting for the pace of writes.
            self.world.connect(patched, batch_mb=0.001, writes_per_minute=100_000)
            yield self

    def go(self, days: int, enough: Callable[[], bool] = lambda: False) -> None:
        """Each day people change something in each space, and a run follows; until there is enough."""
        runs = {self.sync: 5, self.sync_and_die: 4, self.sync_while_something_happens: 1}
        try:
            for day in range(days):
                if enough():
                    return
                self.history.append(f"day {day}")
                for _ in range(self.random.randint(1, 5 * len(self.keys))):
                    self.something_happens()
                self.random.choices([*runs], [*runs.values()])[0]()
        except LeakError as error:
            error.add_note("\n".join(self.history))
            raise

    # What people do

    def something_happens(self) -> None:
        """One change, by anybody."""
        acts = {
            self.restrict: 6,
            self.unrestrict: 4,
            self.move: 4,
            self.edit: 2,
            self.write: 1,
            self.attach: 1,
            self.detach: 0.5,
            self.take_away_or_bring_back: 3,
            self.change_groups: 1,
            self.change_readers: 2,
            self.tell_or_not: 0.3,
            self.allow: 0.3,
        }
        self.random.choices([*acts], [*acts.values()])[0]()

    def restrict(self) -> None:
        page = self.random.choice(self.inner)
        self._change("restrict", page, users=map(email, self._people()), groups=self._groups())

    def unrestrict(self) -> None:
        self._change("unrestrict", self.random.choice(self.inner))

    def move(self) -> None:
        self._change("move", self.random.choice(self.inner), self.random.choice(self.refs))

    def edit(self) -> None:
        self._change("edit", self.random.choice(self.inner), storage="<p>Edited.</p>")

    def write(self) -> None:
        if self.new < MOST_NEW:
            self.new += 1
            key, parent = self.random.choice(self.keys), self.random.choice(self.refs)
            self._change("new_page", key, f"New {self.new}", "<p>New.</p>", parent=parent)

    def attach(self) -> None:
        """A file, or a new version of it."""
        self._change("attach", self.random.choice(self.refs), "notes.txt", b"What to know.", "text/plain")
        self.homes |= {f"att{file.id}": file.content_id for file in self.confluence.store.attachments.values()}

    def detach(self) -> None:
        if files := sorted(self.confluence.store.attachments):
            self._change("detach", f"att{self.random.choice(files)}")

    def take_away_or_bring_back(self) -> None:
        self._change(self.random.choice(["trash", "restore", "archive"]), self.random.choice(self.inner))

    def change_groups(self) -> None:
        self._change("set_user", email(self.random.choice([*PEOPLE])), groups=self._groups())

    def change_readers(self) -> None:
        key = self.random.choice(self.keys)
        if self.random.random() < 0.6:
            self._change("show_space", key)
        else:
            who, which = self._people(), self._groups()
            self.history.append(f"hide {key}: {who} {which}")
            self.world.hide(who, which, key)

    def tell_or_not(self) -> None:
        """Whether the account may read who may read a space, or all of them."""
        self.confluence.faults.clear()
        which = self.random.choice([None, *self.confluence.store.spaces, "[0-9]+"])
        self.history.append(f"permissions that cannot be read: {which}")
        if which is not None:
            self.confluence.fail(Refuse(403), f"/spaces/{which}/permissions", times=None)

    def allow(self) -> None:
        self._allow(self.random.choice([1, 3, 8, 15]))

    def _allow(self, most: int) -> None:
        self.history.append(f"max_audiences: {most}")
        self.world.settings = {
            "max_audiences": most,
            "spaces": [*self.keys],
            "keep_runs": 1,
            "attachments": "documents",
        }

    def _change(self, method: str, *arguments: Any, **fields: Any) -> None:
        """What cannot be done at the moment is not."""
        fields = {name: [*value] if isinstance(value, map) else value for name, value in fields.items()}
        with suppress(KeyError, ValueError):
            getattr(self.confluence, method)(*arguments, **fields)
            self.history.append(f"{method} {arguments} {fields}")

    def _people(self) -> list[str]:
        return self.random.sample([*PEOPLE], self.random.choice([0, 0, 0, 1, 2]))

    def _groups(self) -> list[str]:
        return self.random.sample(GROUPS, self.random.choice([0, 1, 1, 2]))

    # Runs

    def sync(self) -> None:
        """A whole run."""
        self.history.append("sync")
        self.steps = 0

        def step(owner: Any = None) -> None:
            self.steps += 1

        with self.watched(), at_each_step(step, step):
            self.world.sync_without_bodies()
        self._none(self.world.leaks())

    def sync_and_die(self) -> None:
        """A run that is killed before a step, or right after one."""
        left = self.random.randrange(self.steps + 1)
        self.history.append(f"sync, killed after {left} steps")

        def die(owner: Any = None) -> None:
            nonlocal left
            if left <= 0:
                raise Killed
            left -= 1

        with self.watched(), at_each_step(die, die):
            try:
                self.world.sync_without_bodies()
            except Killed:
                self.tally.killed += 1

    def sync_while_something_happens(self) -> None:
        """What this run has not seen is for the next one, which leaves no leak."""
        left = self.random.randrange(self.steps + 1)
        self.history.append(f"sync, and after {left} steps:")

        def act(owner: Any = None) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                for _ in range(5):
                    self.something_happens()

        with at_each_step(act, act):
            self.world.sync_without_bodies()
        self.tally.runs += 1
        self._none(self.world.twice())
        self.sync()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Ask the oracle before a run, after each of its writes to Twig, and at its end."""
        readable, spaces = self.world.readable(), self._spaces()
        known = self.world.leaks(readable)
        found: list[object] = []

        def look() -> None:
            self.tally.moments += 1
            holdings = self.world.holdings()
            self.tally.states |= self._states(spaces, holdings)
            found.extend(self.world.leaks(readable, holdings) - known)
            found.extend(self.world.twice(holdings))

        def written(owner: Any) -> None:
            if owner is TwigClient:
                look()

        self.tally.runs += 1
        with at_each_step(lambda: None, written):
            yield
        look()
        self._none(found)

    def _none(self, found: Collection[object]) -> None:
        if found:
            raise LeakError(f"{len(found)} leaks, or pages in two places: {[*found][:5]}")

    # States

    def _spaces(self) -> dict[str, object]:
        """Each space as Confluence has it: who may read it, who is in which group, and its pages."""
        store = self.confluence.store
        groups = tuple(self.confluence.user(email(person)).groups for person in PEOPLE)
        pages: dict[int, list[object]] = defaultdict(list)
        for content in store.contents.values():
            place = content.id, content.parent_id, content.status, content.version.number
            pages[content.space_id].append((*place, content.read_users, content.read_groups))
        return {
            space.key: (space.viewers, space.viewer_groups, groups, tuple(pages[space.id]))
            for space in store.spaces.values()
        }

    def _states(self, spaces: dict[str, object], holdings: Holdings) -> set[object]:
        store = self.confluence.store
        held: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for label, _, page_ids in holdings:
            for page_id in page_ids:
                held[store.spaces[store.contents[self._home_of(page_id)].space_id].key].append((page_id, label))
        return {hash((space, tuple(sorted(held[key])))) for key, space in spaces.items()}

    def _home_of(self, page_id: str) -> int:
        """The page itself, or that of a file."""
        return self.homes[page_id] if page_id in self.homes else int(page_id)
