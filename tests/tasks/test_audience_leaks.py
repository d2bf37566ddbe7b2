"""Spaces, restrictions, groups, moves and edits in any order, and runs that are killed at any step: nothing leaks.

The oracle is the site itself: it knows who is in which group, and says for each person which pages that person may read.

* After a whole run no data source holds a page that somebody who passes all levels of its audience may not read.
* A run that is killed, wherever it is, makes no leak that was not there before it began.
* A page is never in two data sources.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from confluence_to_twig.staging import audience_book, files, manifest
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from confluence_to_twig.twig.client import TwigClient
from sandbox.confluence.sandbox import SandboxConfluence
from sandbox.twig import Settings, serve
from tests.proofs import size
from tests.tasks.audience_world import GROUPS, PAGES, PEOPLE, AudienceWorld, email, readers_space

#: What a run leaves behind, in staging and in Twig: it may die before or after each of them.
STEPS: tuple[tuple[Any, str], ...] = (
    (TwigClient, "write_documents"),
    (TwigClient, "create_data_source"),
    (manifest, "write_part"),
    (audience_book, "write_json"),
    (files, "write_bytes"),
)
pages = st.sampled_from([*PAGES][1:])
people = st.lists(st.sampled_from([*PEOPLE]), unique=True, max_size=2)
groups = st.lists(st.sampled_from(GROUPS), unique=True, max_size=2)


class Killed(BaseException):
    """The worker is gone."""


@contextmanager
def killed_after(steps: int) -> Iterator[None]:
    """Die at the step of this number: an even one before it happens, an odd one right after."""
    left = [steps]

    def dying(act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*arguments: Any, **options: Any) -> Any:
            if left[0] <= 0:
                raise Killed
            left[0] -= 1
            found = act(*arguments, **options)
            if left[0] <= 0:
                raise Killed
            left[0] -= 1
            return found

        return acted

    with pytest.MonkeyPatch.context() as patched:
        for owner, name in STEPS:
            patched.setattr(owner, name, dying(getattr(owner, name)))
        with suppress(Killed):
            yield


class Leaks(RuleBasedStateMachine):
    """A site, its runs, and a Twig of which everything is known."""

    @initialize(most=st.integers(0, 4), named=st.booleans())
    def begin(self, most: int, named: bool) -> None:
        self.open = ExitStack()
        self.patched = self.open.enter_context(pytest.MonkeyPatch.context())
        self.patched.setenv(ROOT_VARIABLE, self.open.enter_context(tempfile.TemporaryDirectory()))
        confluence = SandboxConfluence(readers_space())
        confluence.site.access_classes = not named
        self.open.enter_context(confluence.serve())
        twig = self.open.enter_context(serve(settings=Settings(write_per_minute=None)))
        self.world = AudienceWorld(confluence, twig, {"max_audiences": most})
        self.world.connect(self.patched)
        self.written = 0

    def teardown(self) -> None:
        if hasattr(self, "open"):
            self.open.close()

    def change(self, method: str, *arguments: Any, **fields: Any) -> None:
        """What people do; what cannot be done at the moment is not."""
        with suppress(KeyError, ValueError):
            getattr(self.world.confluence, method)(*arguments, **fields)

    @rule(page=pages, who=people, which=groups)
    def restrict(self, page: str, who: list[str], which: list[str]) -> None:
        self.change("restrict", page, users=[email(name) for name in who], groups=which)

    @rule(page=pages)
    def unrestrict(self, page: str) -> None:
        self.change("unrestrict", page)

    @rule(page=pages, parent=st.sampled_from([*PAGES]))
    def move(self, page: str, parent: str) -> None:
        self.change("move", page, parent)

    @rule(page=pages)
    def edit(self, page: str) -> None:
        self.change("edit", page, storage="<p>Edited.</p>")

    @rule(parent=st.sampled_from([*PAGES]))
    def write(self, parent: str) -> None:
        self.written += 1
        self.change("new_page", "PROD", f"New {self.written}", "<p>New.</p>", parent=parent)

    @rule(page=pages, method=st.sampled_from(["trash", "restore", "archive"]))
    def take_away_or_bring_back(self, page: str, method: str) -> None:
        self.change(method, page)

    @rule(name=st.sampled_from([*PEOPLE]), which=groups)
    def change_groups(self, name: str, which: list[str]) -> None:
        self.change("set_user", email(name), groups=which)

    @rule(who=people, which=groups, closed=st.booleans())
    def change_the_readers_of_the_space(self, who: list[str], which: list[str], closed: bool) -> None:
        if closed:
            self.world.hide(who, which)
        else:
            self.change("show_space", "PROD")

    @rule()
    def sync(self) -> None:
        self.world.sync_without_bodies()
        assert self.world.twice() == []
        assert self.world.leaks() == set()

    @rule(steps=st.integers(0, 60))
    def sync_and_die(self, steps: int) -> None:
        before = self.world.leaks()
        with killed_after(steps):
            self.world.sync_without_bodies()
        assert self.world.twice() == []
        assert self.world.leaks() <= before

    @rule(most=st.integers(0, 4))
    def allow_more_or_fewer_audiences(self, most: int) -> None:
        self.world.settings = {"max_audiences": most}


STEPS_EACH = 25
HISTORIES = size(6, 400)
TestLeaks = pytest.mark.proofs(f"{HISTORIES * STEPS_EACH:,} states, runs killed at any step")(Leaks.TestCase)
TestLeaks.settings = settings(max_examples=HISTORIES, stateful_step_count=STEPS_EACH, deadline=None)
