from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from include.staging.binding import Binding, read_binding, write_binding
from include.staging.journal import IN_DOUBT, Operation
from include.staging.layout import SourceStaging
from include.staging.manifest import ManifestCorruptError, ManifestStore
from include.staging.schemas import MANIFEST

attach("memory", fs=MemoryFileSystem())
_roots = itertools.count()


def row(page_id: str, version: int = 1, content: str = "a", **changes: Any) -> dict[str, Any]:
    """A manifest row as a load hands it over."""
    return {
        "page_id": page_id,
        "kind": "page",
        "version": version,
        "title": f"Page {page_id}",
        "url": f"https://example.atlassian.net/wiki/{page_id}",
        "ancestor_ids": [],
        "ancestors": [],
        "labels": [],
        "includes": [],
        "content_hash": content,
        "converter_version": "1",
        "chunk_ids": [f"{page_id}-{content}"],
        "chunk_hashes": [content],
        "chunk_count": 1,
        "modified_at": datetime(2026, 1, 1, tzinfo=UTC),
    } | changes


def memory_staging() -> SourceStaging:
    return SourceStaging(ObjectStoragePath(f"memory://staging-{next(_roots)}"), "docs")


@pytest.fixture(params=["file", "memory"])
def staging(request: pytest.FixtureRequest, tmp_path: Path) -> SourceStaging:
    """An empty staging on a local disk, and in an object store."""
    return (
        SourceStaging(ObjectStoragePath(f"file://{tmp_path}"), "docs") if request.param == "file" else memory_staging()
    )


def loaded(store: ManifestStore, *rows: dict[str, Any], run_id: str = "run") -> Operation:
    operation = store.begin(store.view(), run_id=run_id, rows=rows)
    store.end(operation, done=operation.rows)
    return operation


def deleted(store: ManifestStore, *page_ids: str) -> None:
    store.end(store.begin(store.view(), run_id="run", deletes=page_ids), done=page_ids)


def contents(store: ManifestStore) -> dict[str, str]:
    return {entry["page_id"]: entry["content_hash"] for entry in store.read().to_pylist()}


def files(store: ManifestStore) -> list[str]:
    return sorted(path.name for path in store.journal.iterdir())


def test_reads_an_empty_manifest_before_anything_was_loaded(staging: SourceStaging) -> None:
    store = ManifestStore(staging)

    assert store.read().schema == MANIFEST
    assert store.read().num_rows == 0
    assert not store.exists()
    assert not store.view().unprocessed


def test_reads_back_what_was_loaded_and_not_what_was_deleted(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"), row("2"), row("3"))
    loaded(store, row("2", 2, "b"))
    deleted(store, "3")

    assert contents(ManifestStore(staging)) == {"1": "a", "2": "b"}
    assert ManifestStore(staging).read().schema == MANIFEST


def test_writes_run_and_time_into_each_row(staging: SourceStaging) -> None:
    before = datetime.now(UTC)
    store = ManifestStore(staging)
    loaded(store, row("1"), run_id="scheduled__1")

    entry = store.view().row("1")
    assert entry is not None
    assert entry["run_id"] == "scheduled__1"
    assert before <= entry["loaded_at"] <= datetime.now(UTC)


@pytest.mark.parametrize("compactions", [0, 1, 3])
def test_compaction_changes_nothing_that_is_read(staging: SourceStaging, compactions: int) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"), row("2"))
    for _ in range(compactions):
        store.compact()
        loaded(store, row("2", 2, "b"))
        deleted(store, "1")
        store.compact()
        loaded(store, row("1"))
    assert (
        contents(store)
        == contents(ManifestStore(staging))
        == ({"1": "a", "2": "b"} if compactions else {"1": "a", "2": "a"})
    )


def test_two_runs_that_load_at_once_keep_each_others_rows(staging: SourceStaging) -> None:
    one, other = ManifestStore(staging), ManifestStore(staging)
    first = one.begin(one.view(), run_id="one", rows=[row("1")])
    second = other.begin(other.view(), run_id="other", rows=[row("2")])
    other.end(second, done=["2"])
    other.compact()
    one.end(first, done=["1"])
    one.compact()

    assert contents(one) == contents(other) == {"1": "a", "2": "a"}


def test_a_compaction_that_overtakes_another_one_loses_nothing(staging: SourceStaging) -> None:
    slow, fast = ManifestStore(staging), ManifestStore(staging)
    loaded(slow, row("1"))
    slow.compact()
    overtaken = staging.manifest.open("rb").read()
    loaded(fast, row("2"))
    fast.compact()
    staging.manifest.open("wb").write(overtaken)  # as if the slow one had finished last

    assert contents(ManifestStore(staging)) == {"1": "a", "2": "a"}


def test_journal_files_stay_for_the_grace_period_and_then_go(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.compact()
    assert len(files(store)) == 2
    loaded(store, row("2"))
    store.compact(grace=timedelta(0))
    assert files(store) == []
    assert contents(store) == {"1": "a", "2": "a"}


def test_a_page_is_in_doubt_when_the_run_died_before_the_acknowledgement(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.begin(store.view(), run_id="run", rows=[row("1", 2, "b"), row("2")])

    view = ManifestStore(staging).view()
    assert view.standing("1").in_doubt
    assert view.standing("2").in_doubt
    assert {entry["page_id"]: entry["converter_version"] for entry in view.table().to_pylist()} == {
        "1": IN_DOUBT,
        "2": IN_DOUBT,
    }


def test_doubt_survives_compaction_until_the_page_is_loaded_again(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.begin(store.view(), run_id="died", rows=[row("1", 2, "b")])
    store.compact()
    assert store.view().standing("1").in_doubt

    loaded(store, row("1", 2, "b"))
    store.compact()
    assert not store.view().standing("1").in_doubt
    assert contents(store) == {"1": "b"}


def test_a_page_written_by_two_runs_at_once_is_in_doubt(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    view = store.view()
    first = store.begin(view, run_id="one", rows=[row("1", 1, "a")])
    second = store.begin(view, run_id="other", rows=[row("1", 1, "b")])
    store.end(first, done=["1"])
    store.end(second, done=["1"])

    assert store.view().standing("1").in_doubt
    assert store.view().standing("1").tied


def test_a_page_written_by_two_runs_at_once_with_the_same_content_is_certain(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    view = store.view()
    for operation in [store.begin(view, run_id=name, rows=[row("1")]) for name in ("one", "other")]:
        store.end(operation, done=["1"])

    assert not store.view().standing("1").in_doubt


def test_a_refused_page_keeps_its_row(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    operation = store.begin(store.view(), run_id="run", rows=[row("1", 2, "b"), row("2")])
    store.end(operation, done=[], refused=["1", "2"])

    assert contents(store) == {"1": "a"}
    assert not store.view().standing("1").in_doubt


def test_a_page_that_the_answer_does_not_mention_is_in_doubt(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    operation = store.begin(store.view(), run_id="run", rows=[row("1"), row("2")])
    store.end(operation, done=["1"])

    assert not store.view().standing("1").in_doubt
    assert store.view().standing("2").in_doubt


def test_a_retry_with_the_same_content_goes_on_with_the_same_operation(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    first = store.begin(store.view(), run_id="run", rows=[row("1")], digest="same")
    retried = ManifestStore(staging)
    again = retried.begin(retried.view(), run_id="run", rows=[row("1")], digest="same")
    assert again.token == first.token

    retried.end(again, done=["1"])
    later = retried.begin(retried.view(), run_id="run", rows=[row("1")], digest="same")
    assert later.token != first.token


def test_marked_pages_are_in_doubt_and_nothing_of_them_is_taken_for_held(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"), row("2"))
    store.doubt([entry for entry in store.read().to_pylist() if entry["page_id"] == "1"], "audit")

    assert store.view().standing("1").in_doubt
    assert store.view().standing("1").held is None
    assert not store.view().standing("2").in_doubt


def test_a_noted_row_replaces_the_old_one_and_needs_no_processing(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.processed(store.view())
    store.note(store.view(), [row("1", 2)], "run")

    assert (store.view().row("1") or {})["version"] == 2
    assert not store.view().unprocessed


@pytest.mark.parametrize("compacted", [False, True])
def test_remembers_whether_twig_was_told_to_process(staging: SourceStaging, compacted: bool) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    assert store.view().unprocessed

    store.processed(store.view())
    if compacted:
        store.compact(grace=timedelta(0))
    assert not store.view().unprocessed

    deleted(store, "1")
    if compacted:
        store.compact(grace=timedelta(0))
    assert store.view().unprocessed


def test_what_was_loaded_after_the_trigger_still_needs_processing(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    covered = store.view()
    loaded(store, row("2"))
    store.processed(covered)

    assert store.view().unprocessed


def test_rows_of_a_data_source_that_was_replaced_mean_nothing(staging: SourceStaging) -> None:
    write_binding(staging, Binding("ds_old", "docs", "FILE", "https://api.twig.so"))
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.compact()
    loaded(store, row("2"))
    write_binding(staging, Binding("ds_new", "docs", "FILE", "https://api.twig.so"))

    assert contents(store) == {}
    loaded(store, row("3"))
    store.compact()
    assert contents(ManifestStore(staging)) == {"3": "a"}


def test_the_pages_of_a_run_are_those_that_nobody_loaded_since(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"), row("2"), run_id="one")
    loaded(store, row("2", 2, "b"), run_id="other")

    assert store.view().loaded_by("one") == ["1"]
    assert store.view().loaded_by("other") == ["2"]


@pytest.mark.parametrize("damage", [b"", b"PAR1 and then nothing", b"not parquet at all"])
def test_a_damaged_manifest_says_how_to_rebuild_it(staging: SourceStaging, damage: bytes) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.compact()
    with staging.manifest.open("wb") as file:
        file.write(damage)

    with pytest.raises(ManifestCorruptError, match="make rebuild-manifest"):
        ManifestStore(staging).read()


def test_a_damaged_journal_file_is_an_error_too(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    with (store.journal / files(store)[0]).open("wb") as file:
        file.write(b"half a fi")

    with pytest.raises(ManifestCorruptError):
        ManifestStore(staging).read()


def test_a_manifest_that_is_missing_although_the_journal_builds_on_it_is_an_error(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.compact()
    loaded(store, row("2"))
    staging.manifest.unlink()

    with pytest.raises(ManifestCorruptError, match="missing"):
        ManifestStore(staging).read()


@pytest.mark.parametrize("damaged", ["manifest", "journal", "nothing"])
def test_a_rebuild_replaces_whatever_was_there(staging: SourceStaging, damaged: str) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.compact()
    loaded(store, row("2"))
    if damaged != "nothing":
        path = staging.manifest if damaged == "manifest" else store.journal / files(store)[-1]
        with path.open("wb") as file:
            file.write(b"damaged")
    stamped = {"loaded_at": datetime.now(UTC), "run_id": "rebuild"}
    store.rebuild([row("3") | stamped])

    assert contents(ManifestStore(staging)) == {"3": "a"}
    loaded(store, row("4"))
    assert contents(ManifestStore(staging)) == {"3": "a", "4": "a"}


def test_files_of_others_in_the_journal_folder_are_let_alone(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    for name in ("README.txt", ".000000000009.aaaaaaaaaaaaaaaa.begin.parquet.1234.tmp"):
        with (store.journal / name).open("wb") as file:
            file.write(b"hello")
    store.compact(grace=timedelta(0))

    assert contents(ManifestStore(staging)) == {"1": "a"}
    assert len(files(store)) == 2


def test_a_broken_binding_says_what_to_do(staging: SourceStaging) -> None:
    staging.home.mkdir(parents=True)
    with (staging.home / "twig.json").open("wb") as file:
        file.write(b'{"name": ')

    with pytest.raises(Exception, match="Delete it"):
        read_binding(staging)


@dataclass
class Writer:
    """One task that writes to Twig: between begin and end it can be slow, and it can die."""

    store: ManifestStore
    operation: Operation
    versions: dict[str, int] = field(default_factory=dict)
    done: set[str] | None = None
    late: bool = False


class Interleavings(RuleBasedStateMachine):
    """Writers in any interleaving, dying at any step, against a model of what Twig really holds.

    Two promises: what the manifest is certain of is so in Twig, and whatever Twig holds is in the manifest.
    """

    def __init__(self) -> None:
        super().__init__()
        self.staging = memory_staging()
        self.twig: dict[str, tuple[int, str]] = {}
        self.writers: list[Writer] = []

    pages = st.dictionaries(st.sampled_from("1234"), st.tuples(st.integers(1, 3), st.sampled_from("ab")), min_size=1)

    @rule(upserts=pages, stale=st.booleans())
    def begin_upserts(self, upserts: dict[str, tuple[int, str]], stale: bool) -> None:
        store = ManifestStore(self.staging)
        view = store.view()
        rows = [row(page_id, version, content) for page_id, (version, content) in upserts.items()]
        if stale and self.writers:  # decided before another writer began
            view = self.writers[-1].store.view()
        self._began(Writer(store, store.begin(view, run_id="run", rows=rows)))

    @rule(deletes=pages)
    def begin_deletes(self, deletes: dict[str, tuple[int, str]]) -> None:
        store = ManifestStore(self.staging)
        versions = {page_id: version for page_id, (version, _) in deletes.items()}
        self._began(Writer(store, store.begin(store.view(), run_id="run", deletes=deletes), versions))

    def _began(self, writer: Writer) -> None:
        for other in self.writers:
            other.late = True
        self.writers.append(writer)

    @precondition(lambda self: self.writers)
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        writer = data.draw(st.sampled_from(self.writers))
        rows = writer.operation.rows
        accepted = {
            page_id
            for page_id, entry in rows.items()
            if page_id not in self.twig or self.twig[page_id][0] <= entry["version"]
        }
        self.twig |= {page_id: (rows[page_id]["version"], rows[page_id]["content_hash"]) for page_id in accepted}
        gone = {
            page_id
            for page_id in writer.operation.deletes
            if page_id not in self.twig or self.twig[page_id][0] <= writer.versions[page_id]
        }
        self.twig = {page_id: held for page_id, held in self.twig.items() if page_id not in gone}
        writer.done = accepted | gone

    @precondition(lambda self: any(writer.done is not None for writer in self.writers))
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        writer = data.draw(st.sampled_from([writer for writer in self.writers if writer.done is not None]))
        done = writer.done or set()
        ManifestStore(self.staging).end(writer.operation, done=done, refused=writer.operation.pages - done)
        self.writers.remove(writer)

    @precondition(lambda self: any(not (writer.late and writer.done is not None) for writer in self.writers))
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        # Not: sleep for long between begin and request, then send, then die. That hole is told in journal.py.
        mortal = [writer for writer in self.writers if not (writer.late and writer.done is not None)]
        writer = data.draw(st.sampled_from(mortal))
        self.writers.remove(writer)

    @rule()
    def compact(self) -> None:
        ManifestStore(self.staging).compact()

    @precondition(lambda self: not self.writers)
    @rule()
    def compact_after_a_day(self) -> None:
        ManifestStore(self.staging).compact(grace=timedelta(0))

    @rule(page_id=st.sampled_from("1234"))
    def drift(self, page_id: str) -> None:
        view = ManifestStore(self.staging).view()
        entry = view.row(page_id)
        if entry and not any(page_id in writer.operation.pages for writer in self.writers):
            self.twig.pop(page_id, None)
            ManifestStore(self.staging).doubt([entry], "audit")

    @invariant()
    def the_manifest_tells_the_truth(self) -> None:
        view = ManifestStore(self.staging).view()
        in_flight = set().union(*(writer.operation.pages for writer in self.writers))
        late = set().union(
            *(writer.operation.pages for writer in self.writers if writer.late and writer.done is not None)
        )
        for page_id in "1234":
            known = view.standing(page_id)
            if page_id in self.twig and page_id not in late:
                assert known.row is not None, f"Twig holds {page_id}, and the manifest does not know it"
            if not known.in_doubt and page_id not in in_flight:
                said = (known.row["version"], known.row["content_hash"]) if known.row else None
                assert said == self.twig.get(page_id), f"page {page_id}"
        assert {entry["page_id"] for entry in view.table().to_pylist()} == set(view.page_ids())


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=int(os.environ.get("LOAD_EXAMPLES", "20")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
