from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from confluence_to_twig.staging import manifest_reader
from confluence_to_twig.staging.binding import Binding, read_binding, write_binding
from confluence_to_twig.staging.files import FORMAT, files_in, remove, write_bytes, writing
from confluence_to_twig.staging.journal import IN_DOUBT, Operation, PartName
from confluence_to_twig.staging.layout import SourceStaging
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.manifest_files import ManifestCorruptError
from confluence_to_twig.staging.manifest_reader import ManifestReader
from confluence_to_twig.staging.manifest_rows import PackedRows
from confluence_to_twig.staging.parquet import FORMAT_KEY
from confluence_to_twig.staging.schemas import MANIFEST
from tests.proofs import size
from tests.staging.stores import names_in

attach("memory", fs=MemoryFileSystem())
_roots = itertools.count()


def row(page_id: str, version: int = 1, content: str = "a", **changes: Any) -> dict[str, Any]:
    """A manifest row as a load hands it over."""
    return {
        "document_id": page_id,
        "page_id": page_id,
        "space_id": "1",
        "audience": None,
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
        "text_bytes": 1,
        "modified_at": datetime(2026, 1, 1, tzinfo=UTC),
    } | changes


def memory_staging() -> SourceStaging:
    return SourceStaging(ObjectStoragePath(f"memory://staging-{next(_roots)}"), "docs")


def forget(staging: SourceStaging) -> None:
    """Remove a staging from memory: listing any folder there takes as long as there are files in all of them."""
    if staging.root.is_dir():
        staging.root.rmdir(recursive=True)


@pytest.fixture
def staging(folder: ObjectStoragePath) -> SourceStaging:
    """An empty staging in each kind of store."""
    return SourceStaging(folder, "docs")


def loaded(store: ManifestStore, *rows: dict[str, Any], run_id: str = "run") -> Operation:
    operation = store.begin(store.view(), run_id=run_id, rows=rows)
    store.end(operation, done=operation.rows)
    return operation


def deleted(store: ManifestStore, *page_ids: str) -> None:
    store.end(store.begin(store.view(), run_id="run", deletes=page_ids), done=page_ids)


def contents(store: ManifestStore) -> dict[str, str]:
    return {entry["page_id"]: entry["content_hash"] for entry in store.read().to_pylist()}


def files(store: ManifestStore) -> list[str]:
    return files_in(store.journal)


def test_reads_an_empty_manifest_before_anything_was_loaded(staging: SourceStaging) -> None:
    store = ManifestStore(staging)

    assert store.read().schema == MANIFEST
    assert store.read().num_rows == 0
    assert not store.view().exists
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


def test_what_two_say_of_the_end_of_a_write_is_joined(staging: SourceStaging) -> None:
    slow, other = ManifestStore(staging), ManifestStore(staging)
    operation = slow.begin(slow.view(), run_id="slow", rows=[row("1"), row("2")])
    slow.end(operation, done=["1"], refused=["2"])
    other.end(operation)

    assert contents(other) == {"1": "a"}
    assert not other.view().standing("1").in_doubt


def test_an_answer_to_a_write_that_was_long_taken_for_dead_puts_its_pages_in_doubt(staging: SourceStaging) -> None:
    slow, other = ManifestStore(staging), ManifestStore(staging)
    operation = slow.begin(slow.view(), run_id="slow", rows=[row("1", 1, "old")])
    other.end(operation)
    loaded(other, row("1"))
    other.compact()
    assert not other.view().standing("1").in_doubt

    slow.end(operation, done=["1"])
    assert other.view().standing("1").in_doubt


def test_a_manifest_file_that_is_replaced_while_it_is_read_is_read_again(
    staging: SourceStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = ManifestStore(staging), ManifestStore(staging)
    loaded(store, row("1"))
    store.compact()
    listings = itertools.count()

    def list_and_be_overtaken() -> list[PartName]:
        names = ManifestStore._names(store)
        if next(listings) == 0:
            loaded(other, row("1", 2, "b"))
            other.compact()
        return names

    monkeypatch.setattr(store, "_names", list_and_be_overtaken)
    assert (store.view().row("1") or {})["content_hash"] == "b"


def test_marked_pages_are_in_doubt_and_nothing_of_them_is_taken_for_held(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"), row("2"))
    store.doubt(store.view(), [entry for entry in store.read().to_pylist() if entry["page_id"] == "1"], "audit")

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


@pytest.mark.parametrize("damage", [b"", b"PAR1 and then nothing", b"not parquet at all"])
def test_a_damaged_manifest_says_how_to_rebuild_it(staging: SourceStaging, damage: bytes) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.compact()
    write_bytes(staging.manifest, damage)

    with pytest.raises(ManifestCorruptError, match="confluence-to-twig rebuild-manifest docs"):
        ManifestStore(staging).read()


def test_a_manifest_of_a_newer_release_says_how_to_rebuild_it(staging: SourceStaging) -> None:
    with writing(staging.manifest) as file:
        pq.write_table(MANIFEST.empty_table().replace_schema_metadata({FORMAT_KEY: str(FORMAT + 1)}), file)
    with pytest.raises(ManifestCorruptError, match="confluence-to-twig rebuild-manifest docs"):
        ManifestStore(staging).read()


def test_a_damaged_journal_file_is_an_error_too(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    write_bytes(store.journal / files(store)[0], b"half a fi")

    with pytest.raises(ManifestCorruptError):
        ManifestStore(staging).read()


def test_a_manifest_that_is_missing_although_the_journal_builds_on_it_is_an_error(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    store.compact()
    loaded(store, row("2"))
    remove(staging.manifest)

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
        write_bytes(path, b"damaged")
    stamped = {"loaded_at": datetime.now(UTC), "run_id": "rebuild"}
    store.rebuild("", [row("3") | stamped])

    assert contents(ManifestStore(staging)) == {"3": "a"}
    loaded(store, row("4"))
    assert contents(ManifestStore(staging)) == {"3": "a", "4": "a"}


def test_files_of_others_in_the_journal_folder_are_let_alone(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    others = {"README.txt", ".000000000009.aaaaaaaaaaaaaaaa.begin.parquet.1234.tmp"}
    for name in others:
        write_bytes(store.journal / name, b"hello")
    store.compact(grace=timedelta(0))

    assert contents(ManifestStore(staging)) == {"1": "a"}
    assert set(names_in(store.journal)) == others


def test_a_view_stays_as_it_was_when_more_is_written(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"))
    before = store.view()
    loaded(store, row("1", 2, "b"), row("2"))
    deleted(store, "1")

    assert {entry["page_id"]: entry["version"] for entry in before.table().to_pylist()} == {"1": 1}
    assert before.row("2") is None
    assert before.document_ids() == ["1"]
    assert store.view().document_ids() == ["2"]


def test_a_reader_of_some_columns_knows_what_is_in_doubt(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    loaded(store, row("1"), row("2"))
    store.compact()
    store.begin(store.view(), run_id="died", rows=[row("2", 2, "b"), row("3")])

    found = ManifestReader(staging, ["page_id", "converter_version"]).read()
    assert found.column_names == ["page_id", "converter_version"]
    assert {entry["page_id"]: entry["converter_version"] for entry in found.to_pylist()} == {
        "1": "1",
        "2": IN_DOUBT,
        "3": IN_DOUBT,
    }


def test_a_batch_reads_no_journal_file_again_and_looks_at_no_row_of_the_batches_before(
    staging: SourceStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ManifestStore(staging)
    for number in range(20):
        loaded(store, row(str(number)))
    read, unpacked = [], []
    part, table = manifest_reader.read_part, PackedRows.table
    monkeypatch.setattr(manifest_reader, "read_part", lambda path, source: read.append(path) or part(path, source))
    monkeypatch.setattr(PackedRows, "table", lambda self: unpacked.append(self) or table(self))
    loaded(store, row("new"))

    assert (read, unpacked) == ([], [])
    assert len(contents(store)) == 21


def test_a_broken_binding_says_what_to_do(staging: SourceStaging) -> None:
    write_bytes(staging.home / "twig.json", b'{"name": ')

    with pytest.raises(Exception, match="Delete it"):
        read_binding(staging)


def test_keeps_data_sources_apart_that_hold_the_same_page(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    for data_source, content in (("one", "a"), ("two", "b")):
        operation = store.begin(store.view(data_source), run_id="run", rows=[row("1", content=content)])
        store.end(operation, done=operation.rows)
    store.processed(store.view("one"))
    store.end(store.begin(store.view("two"), run_id="run", deletes=["9"]), done=["9"])
    for _ in range(2):
        views = [ManifestStore(staging).view(name) for name in ("one", "two", "three")]
        assert [[entry["content_hash"] for entry in view.table().to_pylist()] for view in views] == [["a"], ["b"], []]
        assert [view.unprocessed for view in views] == [False, True, False]
        assert [view.exists for view in views] == [True, True, False]
        store.compact(timedelta())
    assert files(store) == []


def test_compaction_forgets_a_data_source_that_the_source_has_left(staging: SourceStaging) -> None:
    store = ManifestStore(staging)
    for name in ("one", "two"):
        write_binding(staging, Binding(name, "docs", "FILE", "https://twig.example"))
        loaded(store, row(name))
        store.compact()
    assert contents(store) == {"two": "a"}
    assert not store.view("one").exists


@dataclass
class Writer:
    """One task that writes to Twig. Its request is on the way until Twig has it, even if the task is dead by then."""

    operation: Operation
    versions: dict[str, int]
    refused: frozenset[str]
    alive: bool = True


class Interleavings(RuleBasedStateMachine):
    """Writers in any interleaving, dying at any step, against a model of what Twig really holds.

    Two promises: what the manifest is certain of is so in Twig, and whatever Twig holds is in the manifest.
    """

    def __init__(self) -> None:
        super().__init__()
        self.staging = memory_staging()
        self.reader = ManifestStore(self.staging)  # sees everything through its cache
        self.twig: dict[str, tuple[int, str]] = {}
        self.answers: dict[str, frozenset[str] | None] = {}  # by idempotency key; None: used up by an empty request
        self.writers: list[Writer] = []
        self.views = [self.reader.view()]

    @property
    def living(self) -> list[Writer]:
        return [writer for writer in self.writers if writer.alive]

    @rule(back=st.integers(0, 3))
    def look(self, back: int) -> None:
        """Somebody reads the manifest, and acts upon it later."""
        self.views = [*self.views[-back:], ManifestStore(self.staging).view()]

    @precondition(lambda self: len(self.living) < 3)
    @rule(
        pages=st.dictionaries(st.sampled_from("123"), st.tuples(st.integers(1, 2), st.sampled_from("ab")), min_size=1),
        delete=st.booleans(),
        stale=st.booleans(),
        refused=st.frozensets(st.sampled_from("123"), max_size=1),
    )
    def begin(self, pages: dict[str, tuple[int, str]], delete: bool, stale: bool, refused: frozenset[str]) -> None:
        """A writer decides upon a view, possibly an old one, and writes that down."""
        store = ManifestStore(self.staging)
        view = self.views[0] if stale else store.view()
        while in_the_way := view.under_way(pages):
            for operation in in_the_way:
                self.answers.setdefault(operation.token, None)
                store.end(operation)
            view = store.view()
        if delete:
            operation = store.begin(view, run_id="run", deletes=pages)
        else:
            rows = [row(page_id, version, content) for page_id, (version, content) in pages.items()]
            operation = store.begin(view, run_id="run", rows=rows)
        versions = {page_id: version for page_id, (version, _) in pages.items()}
        self.writers.append(Writer(operation, versions, refused))

    @precondition(lambda self: self.writers)
    @rule(which=st.integers(0, 5))
    def deliver(self, which: int) -> None:
        """A request reaches Twig, for the first time or again, whether its writer lives or not."""
        self._answer(self.writers[which % len(self.writers)])

    @precondition(lambda self: self.living)
    @rule(which=st.integers(0, 2))
    def end(self, which: int) -> None:
        """A writer gets its answer and writes it down."""
        writer = self.living[which % len(self.living)]
        store, done = ManifestStore(self.staging), self._answer(writer)
        if done is None:
            store.end(writer.operation)
        else:
            store.end(writer.operation, done=done, refused=writer.operation.documents - done)
        writer.alive = False

    @precondition(lambda self: self.living)
    @rule(which=st.integers(0, 2))
    def die(self, which: int) -> None:
        self.living[which % len(self.living)].alive = False

    def _answer(self, writer: Writer) -> frozenset[str] | None:
        token, rows = writer.operation.token, writer.operation.rows
        if token not in self.answers:
            taken = frozenset(
                page_id
                for page_id, version in writer.versions.items()
                if page_id not in writer.refused and (page_id not in self.twig or self.twig[page_id][0] <= version)
            )
            for page_id in taken:
                self.twig.pop(page_id, None)
                if page_id in rows:
                    self.twig[page_id] = (rows[page_id]["version"], rows[page_id]["content_hash"])
            self.answers[token] = taken
        return self.answers[token]

    @rule(what=st.sampled_from(["compact", "compact after a day", "drift"]), page_id=st.sampled_from("123"))
    def keep_house(self, what: str, page_id: str) -> None:
        store = ManifestStore(self.staging)
        if what == "drift":
            known = store.view().standing(page_id)
            if known.row and not known.in_doubt:
                self.twig.pop(page_id, None)
                store.doubt(store.view(), [known.row], "audit")
        elif what == "compact" or self.living:
            store.compact()
        else:
            self.views = [store.view()]
            store.compact(grace=timedelta(0))

    @invariant()
    def the_manifest_tells_the_truth(self) -> None:
        view = self.reader.view()
        for page_id in "123":
            known = view.standing(page_id)
            if page_id in self.twig:
                assert known.row is not None, f"Twig holds {page_id}, and the manifest does not know it"
            if not known.in_doubt:
                said = (known.row["version"], known.row["content_hash"]) if known.row else None
                assert said == self.twig.get(page_id), f"page {page_id}"
        assert {entry["page_id"] for entry in view.table().to_pylist()} == set(view.document_ids())

    def teardown(self) -> None:
        forget(self.staging)


INTERLEAVINGS = size(6, 5_000)
TestInterleavings = pytest.mark.proofs(f"{INTERLEAVINGS:,} interleavings of up to 30 steps")(Interleavings.TestCase)
TestInterleavings.settings = settings(
    max_examples=INTERLEAVINGS,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
