"""Whole runs in threads that stop before and after everything they do, so that a test decides who goes on, and who dies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pyarrow as pa

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.planning.decision import Scope
from confluence_to_twig.planning.plan import plan
from confluence_to_twig.planning.window import Window
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.schemas import INVENTORY
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.data_source import find_or_create
from confluence_to_twig.twig.deletions import DeletionLog
from confluence_to_twig.twig.loader import load
from confluence_to_twig.twig.models import WriteOutcome
from confluence_to_twig.twig.process import start_processing
from confluence_to_twig.twig.pruner import plan_prune, prune
from tests.twig.world import MOMENT, Page, SkippedTime, World, write_shard


class Died(BaseException):
    """The worker is gone, in the middle of whatever it did: no ``except Exception`` sees it."""


class SkewedClock(datetime):
    """A clock that is wrong by as much as the run's worker says."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        skew = getattr(threading.current_thread(), "skew", timedelta(0))
        return datetime.now(tz) + skew


@dataclass(frozen=True)
class Visible:
    """What Confluence shows at one moment: the pages, and those of them that are restricted."""

    pages: dict[str, Page]
    restricted: frozenset[str]

    def expected(self) -> dict[str, Page]:
        """What Twig must hold."""
        return {page_id: page for page_id, page in self.pages.items() if page_id not in self.restricted}

    def inventory(self) -> pa.Table:
        rows = [
            {
                **{name: value for name, value in page.document().items() if name in INVENTORY.names},
                "status": "current",
                "restricted": page_id in self.restricted,
                "labels_known": True,
                "modified_at": MOMENT,
            }
            for page_id, page in self.pages.items()
        ]
        return pa.Table.from_pylist(rows, schema=INVENTORY)


class _Store(ManifestStore):
    def __init__(self, run: PacedRun) -> None:
        super().__init__(run.world.staging)
        self.run = run

    def begin(self, *args: Any, **kwargs: Any) -> Any:
        self.run.pause()
        return super().begin(*args, **kwargs)

    def end(self, *args: Any, **kwargs: Any) -> None:
        self.run.pause()
        super().end(*args, **kwargs)
        self.run.pause()

    def note(self, *args: Any, **kwargs: Any) -> None:
        self.run.pause()
        super().note(*args, **kwargs)

    def compact(self, *args: Any, **kwargs: Any) -> None:
        self.run.pause()
        super().compact(*args, **kwargs)

    def processed(self, *args: Any, **kwargs: Any) -> None:
        self.run.pause()
        super().processed(*args, **kwargs)

    def _write_base(self, *args: Any) -> None:
        self.run.pause()  # others write and compact meanwhile
        super()._write_base(*args)


class _Client(TwigClient):
    """Everything that it ever wrote is on the network, and can reach Twig late, or once more."""

    def __init__(self, run: PacedRun) -> None:
        skipped = SkippedTime()
        super().__init__(run.world.settings(), clock=skipped, sleep=skipped.sleep)
        self.run = run

    def write_documents(self, data_source_id: str, body: str, key: str) -> WriteOutcome:
        self.run.requests.append((data_source_id, body, key))
        self.run.pause()
        return super().write_documents(data_source_id, body, key)


class _Audit(DeletionLog):
    def __init__(self, run: PacedRun) -> None:
        super().__init__(run.world.staging)
        self.run = run

    def append(self, *args: Any, **kwargs: Any) -> None:
        self.run.pause()
        super().append(*args, **kwargs)
        self.run.pause()

    def merge(self) -> None:
        self.run.pause()
        super().merge()


class PacedRun(threading.Thread):
    """One run from plan to processing. It stands still until :meth:`advance`.

    :param confluence: what Confluence shows when it is asked. :param name: the run id.
    :param retry_of: an earlier attempt: its plan and its shard are used again, as Airflow's retry of a task does.
    """

    def __init__(
        self,
        world: World,
        confluence: Callable[[], Visible],
        name: str,
        skew: timedelta = timedelta(0),
        retry_of: PacedRun | None = None,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.world = world
        self.confluence = confluence
        self.skew = skew
        self.planned: Any = retry_of.planned if retry_of else None
        self.shard: Any = retry_of.shard if retry_of else None
        self.requests: list[tuple[str, str, str]] = []
        self.doomed = False
        self.finished = False
        self.ok = False
        self.crash: BaseException | None = None
        self._go = threading.Semaphore(0)
        self._standing = threading.Semaphore(0)

    def advance(self) -> None:
        """Let it go on until it stands still again, or is over."""
        if self.ident is None:
            self.start()
        else:
            self._go.release()
        assert self._standing.acquire(timeout=60), f"{self.name} does not come back"
        if self.crash is not None:
            raise self.crash

    def finish(self) -> None:
        while not self.finished:
            self.advance()

    def die(self) -> None:
        self.doomed = True
        self.finish()

    def pause(self) -> None:
        self._standing.release()
        self._go.acquire()
        if self.doomed:
            raise Died

    def run(self) -> None:
        try:
            self._work()
            self.ok = True
        except (Died, PipelineError):
            pass  # the task failed; another attempt or another run follows
        except BaseException as error:
            self.crash = error
        finally:
            self.finished = True
            self._standing.release()

    def _work(self) -> None:
        store = _Store(self)
        with _Client(self) as client:
            source = find_or_create(client, self.world.staging.source, staging=self.world.staging)
            if self.planned is None:
                seen = self.confluence()
                self.pause()
                self.planned = self._plan(seen, store.read())
                self.pause()
            table = self.planned
            if self.shard is None:
                now = self.confluence().pages
                fetched = [row["page_id"] for row in table.to_pylist() if row["action"] == "fetch"]
                pages = [now[page_id] for page_id in fetched if page_id in now]
                self.shard = write_shard(self.world.staging, self.name, pages)
                self.pause()
            load(client, source, *self.shard, store, self.name)
            self.pause()
            wanted = plan_prune(table, store.view(), self.name)
            prune(client, source, (*wanted.at_once, *wanted.deletions), store, _Audit(self), self.name)
            self.pause()
            start_processing(client, source, store)

    def _plan(self, seen: Visible, manifest: pa.Table) -> pa.Table:
        missing = {page_id: "trashed" for page_id in manifest["page_id"].to_pylist() if page_id not in seen.pages}
        scope = Scope(Window(None, None, "whole space"), sweep_complete=True, converter_version="1", missing=missing)
        return plan(seen.inventory(), manifest, scope)
