"""Staging that is full, read-only, away for a while or slow: said as such, and nothing is lost."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from random import Random

import pyarrow as pa
import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.errors import PermanentError, PipelineError, TransientError
from confluence_to_twig.staging.faults import StagingDeniedError, StagingError, naming_faults
from confluence_to_twig.staging.files import exists, files_in, read_json, remove_leftovers, write_bytes, write_json
from confluence_to_twig.staging.layout import SourceStaging
from confluence_to_twig.staging.manifest import GRACE, ManifestStore
from confluence_to_twig.staging.parquet import read_table, write_rows
from tests.proofs import SEED, size
from tests.staging.stores import Fault, RememberingStore, names_in, remembering
from tests.staging.test_manifest import contents, row

SCHEMA = pa.schema([pa.field("number", pa.int64())])
FAULTS: tuple[Fault, ...] = ("full", "read-only", "away")
#: A sample tries every ninth call to the store.
EVERY = size(9, 1)


def write(store: ManifestStore, upserts: Sequence[str] = (), deletes: Sequence[str] = ()) -> None:
    """One batch, after an end to what a try before left under way on the same pages: as the loader does it."""
    for operation in store.view().under_way({*upserts, *deletes}):
        store.end(operation)
    rows = [row(page_id) for page_id in upserts]
    store.end(store.begin(store.view(), run_id="run", rows=rows, deletes=deletes), done=[*upserts, *deletes])


def work(staging: SourceStaging, grace: timedelta = timedelta(0)) -> None:
    """What a run does with lasting files: two batches into the manifest, one deletion, a compaction, a report, a shard.

    It can be repeated, as every task can.
    """
    store = ManifestStore(staging)
    write(store, ["1", "2"])
    write(store, ["3"])
    write(store, deletes=["2"])
    store.compact(grace)
    run = staging.run("run")
    write_rows(run.documents(0), SCHEMA, [{"number": number} for number in range(3)])
    write_json(run.report, {"pages": 2})


def outcome(staging: SourceStaging) -> tuple[dict[str, str], int, dict[str, int], list[str]]:
    run = staging.run("run")
    left = [name for folder in (staging.home, run.home) for name in names_in(folder) if name.startswith(".")]
    return contents(ManifestStore(staging)), read_table(run.documents(0)).num_rows, read_json(run.report), left


@pytest.mark.proofs("the fault after each number of calls to the store, from the first to the last; losses: 0")
@pytest.mark.parametrize("protocol", ["memory", "sftp"])
@pytest.mark.parametrize("fault", FAULTS)
def test_whenever_staging_fails_a_second_try_ends_the_same(protocol: str, fault: Fault) -> None:
    """The fault begins at the first call of a run, at the second, and so on until the run is over before it begins."""
    good_calls, failures = 0, 0
    while True:
        folder, store = remembering(protocol)
        staging = SourceStaging(folder, "docs")
        store.fault, store.good_calls = fault, good_calls
        try:
            work(staging)
        except PipelineError as error:
            failures += 1
            assert isinstance(error, StagingDeniedError if fault == "read-only" else StagingError)
            assert "Nothing is lost" in error.remedy
        else:
            break
        finally:
            store.fault = None
        work(staging)
        assert outcome(staging)[:3] == ({"1": "a", "3": "a"}, 3, {"pages": 2})
        good_calls += EVERY
    assert failures > 6 // EVERY


@pytest.mark.proofs("the store is away for one to three calls after each number of calls, and comes back; losses: 0")
@pytest.mark.parametrize("protocol", ["memory", "sftp"])
@pytest.mark.parametrize("bad_calls", [1, 2, 3])
def test_a_store_that_vanishes_and_comes_back_ends_a_try_and_loses_nothing(protocol: str, bad_calls: int) -> None:
    """What a try does after the fault, such as cleaning up, meets a store that is there again."""
    good_calls, failures = 0, 0
    while True:
        folder, store = remembering(protocol)
        staging = SourceStaging(folder, "docs")
        store.fault, store.good_calls, store.bad_calls = "away", good_calls, bad_calls
        for _ in range(bad_calls + 1):
            try:
                work(staging)
                break
            except StagingError:
                failures += 1
        if store.bad_calls == bad_calls:
            break
        assert outcome(staging)[:3] == ({"1": "a", "3": "a"}, 3, {"pages": 2})
        good_calls += EVERY
    assert failures > 6 // EVERY


JUMPS = size(6, 200)


@pytest.mark.proofs(
    f"{JUMPS:,} runs in which the clocks of worker and store jump by an hour, forth and back; losses: 0"
)
def test_clocks_that_jump_by_an_hour_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(JUMPS):
        chance = Random(f"{SEED} {number}")

        def jumped(chance: Random = chance) -> timedelta:
            return timedelta(hours=chance.choice([-1, 0, 1]))

        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + jumped()

        for module in ("manifest", "files"):
            monkeypatch.setattr(f"confluence_to_twig.staging.{module}.datetime", Clock)
        folder, store = remembering("sftp")
        store.off_by = jumped
        staging = SourceStaging(folder, "docs")
        half_written = staging.home / f".manifest.parquet.{'0' * 32}.tmp"
        store.pipe_file(half_written.path, b"by somebody who is still writing")
        before = set[str]()
        for _ in range(3):
            work(staging, GRACE)
            after = set(names_in(ManifestStore(staging).journal))
            assert before < after, "removed before everybody has seen it"
            before = after
            assert remove_leftovers(staging.home, timedelta(days=1)) == []
        assert outcome(staging)[:3] == ({"1": "a", "3": "a"}, 3, {"pages": 2})
        assert contents(ManifestStore(staging)) == {"1": "a", "3": "a"}
        assert half_written.name in names_in(staging.home)


def test_a_slow_store_is_only_slow() -> None:
    folder, store = remembering()
    store.fault = "slow"
    work(SourceStaging(folder, "docs"))
    assert outcome(SourceStaging(folder, "docs")) == ({"1": "a", "3": "a"}, 3, {"pages": 2}, [])


@pytest.mark.parametrize(
    "ask", [exists, files_in, read_json, read_table, lambda path: ManifestStore(SourceStaging(path, "docs")).read()]
)
def test_a_store_that_is_away_is_not_taken_for_an_empty_or_a_damaged_one(
    ask: Callable[[ObjectStoragePath], object],
) -> None:
    folder, store = remembering()
    write_bytes(folder / "docs" / "manifest.parquet", b"anything")
    store.fault = "away"
    with pytest.raises(StagingError, match="does not answer"):
        ask(folder)
    assert isinstance(store, RememberingStore)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), TransientError, "Staging is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), TransientError, "Staging is full"),
        (PermissionError(errno.EACCES, "Permission denied"), PermanentError, "refuses access"),
        (OSError(errno.ESTALE, "Stale file handle"), TransientError, "does not answer"),
        (TimeoutError(), TransientError, "does not answer"),
        (ConnectionResetError(), TransientError, "does not answer"),
    ],
)
def test_each_fault_has_its_words_and_its_kind(error: Exception, kind: type[Exception], words: str) -> None:
    folder, _ = remembering()
    with pytest.raises(kind, match=words), naming_faults(folder / "a"):
        raise error


def test_errors_of_a_stores_own_library_are_faults_of_the_store() -> None:
    from botocore.exceptions import EndpointConnectionError

    folder, _ = remembering()
    with pytest.raises(StagingError, match="EndpointConnectionError"), naming_faults(folder / "a"):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "x"), OSError("damaged"), ValueError("damaged")])
def test_what_a_file_lacks_is_no_fault_of_the_store(error: Exception) -> None:
    folder, _ = remembering()
    with pytest.raises(type(error)) as raised, naming_faults(folder / "a"):
        raise error
    assert raised.value is error
