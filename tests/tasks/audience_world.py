"""A site whose pages are not for everybody, a Twig, and the tasks between them; and the oracle who may read what."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from confluence_to_twig.planning.window import RunFacts
from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.audience_book import read_audience_book
from confluence_to_twig.staging.layout import SourceStaging, staging_root
from confluence_to_twig.staging.parquet import read_table, write_rows
from confluence_to_twig.staging.schemas import CHUNKS, DOCUMENTS
from confluence_to_twig.tasks.discover import discover
from confluence_to_twig.tasks.extract import extract
from confluence_to_twig.tasks.hold import is_prune_idle
from confluence_to_twig.tasks.load import load
from confluence_to_twig.tasks.prune import prune
from confluence_to_twig.tasks.targets import targets_in
from confluence_to_twig.tasks.transform import transform
from confluence_to_twig.tasks.validate import validate
from sandbox.confluence.sandbox import SYNC_EMAIL, SandboxConfluence
from sandbox.seed import SeedPage, SeedSpace, SeedUser
from sandbox.twig import ServedTwig
from tests.twig.world import Page

PEOPLE = {"ada": ("staff",), "bob": ("legal",), "cy": (), "dee": ("staff", "legal")}
GROUPS = ("staff", "legal")
#: Page → its parent.
PAGES = {"home": None, "guide": "home", "install": "guide", "linux": "install", "team": "home", "plans": "team"}


def account(person: str) -> str:
    return f"712020:{person}"


def email(person: str) -> str:
    return f"{person}@example.com"


def readers_space(key: str = "PROD", prefix: str = "") -> SeedSpace:
    """Six pages in a tree, and four people in and out of two groups.

    :param prefix: of the refs, where two spaces of a site must not have the same.
    """
    pages = [
        SeedPage(
            prefix + ref,
            ref.title(),
            f"<p>What there is to know about {ref} in {key}.</p>",
            parent=parent and prefix + parent,
        )
        for ref, parent in PAGES.items()
    ]
    users = [SeedUser(account(name), name.title(), email(name), groups=groups) for name, groups in PEOPLE.items()]
    return SeedSpace(key=key, name=key, description="", pages=tuple(pages), users=tuple(users))


#: Of each data source: its label, empty for the source's own, the levels of its readers, and its pages.
Holdings = list[tuple[str, list[Any], list[str]]]


@dataclass
class AudienceWorld:
    """One source with ``restricted_pages: audiences``, and the shortest ways to run it."""

    confluence: SandboxConfluence
    twig: ServedTwig
    settings: dict[str, Any] = field(default_factory=dict)
    runs: int = 0

    def connect(self, patched: pytest.MonkeyPatch, **extra: Any) -> None:
        """By connections of Airflow; the one to Twig with these extras besides."""
        twig = self.twig.connection()
        patched.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(self.confluence.connection()))
        patched.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(twig | {"extra": twig["extra"] | extra}))

    @property
    def source(self) -> Source:
        given = {"restricted_pages": "audiences", "everyone_groups": ["confluence-users"], "attachments": "none"}
        given |= self.settings
        spaces = {} if "spaces" in given else {"space_key": "PROD"}
        return Source(name="docs", schedule=None, **spaces, **given)

    @property
    def staging(self) -> SourceStaging:
        return SourceStaging(staging_root(), "docs")

    def run(self, **params: Any) -> Run:
        """The next run: it looks at all of the space."""
        self.runs += 1
        facts = RunFacts("manual", datetime.now(UTC))
        return Run(self.source, f"run-{self.runs}", facts, RunParams(**{"full": True} | params), "discover", 1)

    def validated(self, run: Run) -> dict[str, Any]:
        return validate(replace(run, task_id="validate"), token_expires=lambda *told: None)

    def sync(self, **params: Any) -> Run:
        """All tasks but verify, with the real bodies."""
        run = self.run(**params)
        validated = self.validated(run)
        transformed = []
        found = discover(run, validated)
        for shard in found.shards:
            number = {"shard": shard["shard"]}
            extracted = extract(replace(run, task_id="extract", shard=shard["shard"]), validated, shard)
            transformed.append(transform(replace(run, task_id="transform", shard=shard["shard"]), extracted) | number)
        if not found.is_idle:
            load(replace(run, task_id="load"), transformed)
            if not is_prune_idle(run):
                prune(replace(run, task_id="prune"), approved=True, answered_by="ada")
        return run

    def sync_without_bodies(self) -> None:
        """The same with made-up documents, so that nothing has to be fetched and converted."""
        run = self.run()
        shards = discover(run, self.validated(run)).shards
        planned = read_table(run.staging.plan).to_pylist()
        homes = {}
        if any(row["kind"] == "attachment" and row["action"] == "fetch" for row in planned):
            found = read_table(run.staging.inventory("files"), ["page_id", "ancestor_ids"])
            homes = {row["page_id"]: {"ancestor_ids": row["ancestor_ids"]} for row in found.to_pylist()}
        for shard in shards:
            pages = [row for row in planned if row["shard"] == shard["shard"]]
            made = [
                (Page(row["page_id"], (f"Text of {row['title']}",), row["version"], row["title"]), row) for row in pages
            ]
            known = [
                page.document()
                | {"kind": row["kind"], "url": row["url"], "audience": row["audience"], "allowed": row["levels"]}
                | homes.get(row["page_id"], {})
                for page, row in made
            ]
            write_rows(run.staging.documents(shard["shard"]), DOCUMENTS, known)
            write_rows(run.staging.chunks(shard["shard"]), CHUNKS, [row for page, _ in made for row in page.chunks()])
        load(replace(run, task_id="load"), shards)
        prune(replace(run, task_id="prune"), approved=True, answered_by="ada")

    # What came of it

    def held(self) -> dict[str, set[str]]:
        """What each data source holds: its label, empty for the source's own, and the refs of its pages."""
        found: dict[str, set[str]] = {}
        names = {target.name: target.key for target in targets_in(self.source, self.staging)}
        labels = {"": "", **{key: entry.label for key, entry in read_audience_book(self.staging).entries.items()}}
        for name, held in self._documents().items():
            found[labels[names[name]]] = {self.ref(page_id) for page_id in held}
        return {label: refs for label, refs in found.items() if refs}

    def _documents(self) -> dict[str, list[str]]:
        """Name of a data source → the pages that it holds."""
        return {spec["name"]: list(self.twig.twig.documents(spec["id"])) for spec in self.twig.twig.data_specs()}

    def ref(self, page_id: str) -> str:
        return self.confluence.store.contents[int(page_id)].ref

    def leaks(
        self, readable: Mapping[str, Collection[str]] | None = None, holdings: Holdings | None = None
    ) -> set[tuple[str, str, str]]:
        """Person, data source and page, where the person passes all levels and may not read the page.

        :param readable: what :meth:`readable` says, and :param holdings: :meth:`holdings`; None: they are asked.
        """
        readable = self.readable() if readable is None else readable
        return {
            (person, label, page_id)
            for label, levels, held in (self.holdings() if holdings is None else holdings)
            for person in PEOPLE
            if all(self._passes(person, level) for level in levels)
            for page_id in held
            if page_id not in readable[person]
        }

    def readable(self) -> dict[str, frozenset[str]]:
        """What the site says itself: each person → the pages of all spaces that the person may read, and their files."""
        told = {person: self.confluence.truth(user=email(person)) for person in PEOPLE}
        return {
            person: frozenset(pages).union(*(page.attachments for page in pages.values()))
            for person, pages in told.items()
        }

    def holdings(self) -> Holdings:
        """Of each data source: its label, empty for the source's own, the levels of its readers, and its pages."""
        entries = read_audience_book(self.staging).entries
        named = self._documents()
        targets = {target.name: target.key for target in targets_in(self.source, self.staging)}
        return [
            (entries[key].label, entries[key].levels, held) if (key := targets[name]) else ("", [], held)
            for name, held in named.items()
        ]

    def _passes(self, person: str, level: Any) -> bool:
        user = self.confluence.user(email(person))
        groups = {f"group-{name}" for name in (*user.groups, "confluence-users")}
        return user.account_id in level["users"] or not groups.isdisjoint(level["groups"])

    def twice(self, holdings: Holdings | None = None) -> list[str]:
        """Pages that more than one data source holds."""
        ids = [page for _, _, held in (self.holdings() if holdings is None else holdings) for page in held]
        return sorted(page for page in set(ids) if ids.count(page) > 1)

    def hide(self, people: Iterable[str], groups: Iterable[str], space: str = "PROD") -> None:
        """Only these may view the space, and the account that syncs."""
        self.confluence.hide_space(space, [SYNC_EMAIL, *map(email, people)], groups)
