"""A shard becomes one Parquet file, whatever happens on the way, and nothing is fetched twice."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pyarrow as pa
import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from confluence_to_twig.confluence.api.space import Space
from confluence_to_twig.confluence.extract.bodies import ANSWER_CHARS, LOOK_AHEAD
from confluence_to_twig.confluence.extract.checkpoint import Parts
from confluence_to_twig.confluence.extract.extract_shard import extract_shard, fingerprint
from confluence_to_twig.confluence.extract.page import ROW_COLUMNS, ExtractOptions, ExtractReport, slim_rows
from confluence_to_twig.confluence.extract.progress_log import Progress
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.errors import TransientError
from confluence_to_twig.staging.parquet import read_table
from confluence_to_twig.staging.schemas import PAGES
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SandboxConfluence, serve
from sandbox.seed import SeedSpace
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import QUICK, extract_pages, forget_requests, include_of, numbered_space, requests_of

BODIES = "body-format=storage"


@pytest.fixture
def out(tmp_path: Path) -> ObjectStoragePath:
    return ObjectStoragePath(f"file://{tmp_path}/run/pages/shard-0000.parquet")


class Shard:
    """All pages of a sandbox's space as one shard."""

    def __init__(self, sandbox: SandboxConfluence, client: ConfluenceClient, key: str = "BIG") -> None:
        self.sandbox = sandbox
        self.client = client
        self.space = client.space(key)
        self.table = sweep(client, self.space).table
        self.rows = self.table.to_pylist()
        forget_requests(sandbox)

    def extract(self, out: ObjectStoragePath, **options: Any) -> ExtractReport:
        chosen = ExtractOptions(**options)
        return extract_shard(self.client, self.space, self.rows, inventory=self.table, out=out, options=chosen)

    def bodies_asked(self) -> int:
        """Requests for bodies."""
        requests_of(self.sandbox)
        return self.sandbox.log.count(BODIES)

    def ids_asked(self) -> list[str]:
        """Every page whose body was asked for, as often as it was."""
        queries = [parse_qs(request.query) for request in requests_of(self.sandbox) if BODIES in request.query]
        return [page_id for query in queries for page_id in query["id"][0].split(",")]

    def missing(self, out: ObjectStoragePath) -> list[str]:
        """Pages that no part of an earlier try has."""
        versions = {row["page_id"]: row["version"] for row in self.rows}
        return sorted(versions.keys() - Parts(out, fingerprint(ExtractOptions())).finished(versions))

    def broken_try(
        self, out: ObjectStoragePath, error: type[Exception], connect: ClientFactory, **options: Any
    ) -> None:
        """A task that fails, as seen by the one that tries again with a client of its own."""
        with self.client, pytest.raises(error):
            self.extract(out, **options)
        assert not out.exists()
        self.sandbox.faults.clear()
        forget_requests(self.sandbox)
        self.client = connect(self.sandbox)


def long_space(count: int) -> SeedSpace:
    """Bodies of such a length that a request asks for a hundred of them, however many threads there are."""
    space = numbered_space(count)
    body = f"<p>{'word ' * ((ANSWER_CHARS // 100 - 20) // 5)}</p>"
    return replace(space, pages=tuple(replace(page, storage=body) for page in space.pages))


def titles(out: ObjectStoragePath) -> list[str]:
    return sorted(read_table(out, ["title"])["title"].to_pylist())


def files_below(out: ObjectStoragePath) -> list[str]:
    return sorted(path.name for path in Path(out.path).parent.iterdir())


def test_a_shard_becomes_one_file_and_leaves_nothing_else(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(numbered_space(250)) as sandbox:
        report = Shard(sandbox, connect(sandbox)).extract(out)
        table = read_table(out)
        assert table.schema == PAGES
        assert table.num_rows == 251
        assert files_below(out) == ["shard-0000.parquet"]
        assert (report.asked, report.got, report.reused, report.gone, report.failed) == (251, 251, 0, 0, 0)
        json.dumps(report.figures())


def test_a_body_of_any_size_comes_whole(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(numbered_space(20)) as sandbox:
        large = "<p>größer ✓</p>" * 60_000
        sandbox.edit("p7", storage=large)
        Shard(sandbox, connect(sandbox)).extract(out)
        bodies = {row["title"]: row["storage"] for row in read_table(out).to_pylist()}
        assert bodies["Page 7"] == large


def test_bodies_take_one_request_for_a_hundred_pages(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(numbered_space(999)) as sandbox:
        shard = Shard(sandbox, connect(sandbox))
        report = shard.extract(out)
        assert shard.bodies_asked() <= 10  # fewer, where answers come so fast that later batches grow
        assert report.requests <= 10 + 3


def test_a_server_that_gives_fewer_bodies_than_it_is_asked_for_is_asked_for_that_many(
    connect: ClientFactory, out: ObjectStoragePath
) -> None:
    """Otherwise the links to the rest of each batch are followed one after the other."""
    with serve(numbered_space(2_999)) as sandbox:
        sandbox.site.bodies_cap = 50
        shard = Shard(sandbox, connect(sandbox, threads=2))
        assert shard.extract(out).got == 3_000
        asked = [parse_qs(request.query) for request in requests_of(sandbox) if BODIES in request.query]
        followed = [query for query in asked if "cursor" in query]
        # The first batches do not know it yet: two of 100 have to show it before the next ones are of 50.
        assert len(followed) <= 4 * (2 + LOOK_AHEAD + 1)
        assert len(asked) <= 60 + len(followed)


def test_an_empty_shard_is_an_empty_file(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(numbered_space(0)) as sandbox:
        shard = Shard(sandbox, connect(sandbox))
        shard.rows = []
        assert shard.extract(out).requests == 0
        assert read_table(out).num_rows == 0


# Going on after a broken try


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.Refuse(503), errors.UnavailableError),
        (faults.LimitRate(3600), errors.RateLimitedError),
        (faults.Refuse(401), errors.UnauthorizedError),
    ],
    ids=["outage", "rate limit", "revoked token"],
)
def test_a_retry_asks_only_for_what_is_missing(
    fault: faults.Action, error: type[Exception], connect: ClientFactory, out: ObjectStoragePath
) -> None:
    with serve(long_space(1_199)) as sandbox:
        shard = Shard(sandbox, connect(sandbox, threads=1))
        sandbox.fail(fault, r"/pages\?", skip=7, times=None)
        shard.broken_try(out, error, connect)
        missing = shard.missing(out)
        report = shard.extract(out)
        assert report.reused == 1_200 - len(missing) >= 400
        assert sorted(shard.ids_asked()) == missing
        assert len(set(titles(out))) == report.got == 1_200
        assert files_below(out) == ["shard-0000.parquet"]


def extract_in_a_process(settings: ConfluenceSettings, space: dict[str, Any], rows: list[Any], path: str) -> None:
    with ConfluenceClient(settings, patience=QUICK) as client:
        extract_shard(client, Space.from_json(space), rows, inventory=None, out=ObjectStoragePath(path))


def test_a_killed_task_is_gone_on_with(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(long_space(1_199)) as sandbox:
        shard = Shard(sandbox, connect(sandbox, threads=1))
        sandbox.fail(faults.Delay(200), BODIES, skip=8, times=None)
        arguments = (shard.client.settings, shard.space.to_json(), shard.rows, str(out))
        process = multiprocessing.get_context("spawn").Process(target=extract_in_a_process, args=arguments)
        process.start()
        parts = Path(out.path).parent / "shard-0000.parts"
        deadline = time.monotonic() + 200
        while (not parts.exists() or len(list(parts.glob("part-*"))) < 3) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        sandbox.faults.clear()
        forget_requests(sandbox)
        missing = shard.missing(out)
        report = shard.extract(out)
        assert report.reused == 1_200 - len(missing) >= 600
        assert sorted(shard.ids_asked()) == missing
        assert len(set(titles(out))) == report.got == 1_200


def interrupted(shard: Shard, out: ObjectStoragePath, connect: ClientFactory) -> None:
    """Leave a try behind that fetched 600 of 700 pages."""
    shard.sandbox.fail(faults.Refuse(401), r"/pages\?", skip=6, times=None)
    shard.broken_try(out, errors.UnauthorizedError, connect)


def test_parts_older_than_a_new_plan_are_fetched_again(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(long_space(699)) as sandbox:
        interrupted(Shard(sandbox, connect(sandbox, threads=1)), out, connect)
        sandbox.edit("p3", storage="<p>Newer.</p>")
        again = Shard(sandbox, connect(sandbox))
        report = again.extract(out)
        assert report.reused == 599
        rows = [row for row in read_table(out).to_pylist() if row["title"] == "Page 3"]
        assert [(row["version"], row["storage"]) for row in rows] == [(2, "<p>Newer.</p>")]


def test_pages_that_a_new_plan_does_not_name_are_left_out(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(long_space(699)) as sandbox:
        shard = Shard(sandbox, connect(sandbox, threads=1))
        interrupted(shard, out, connect)
        shard.rows = [row for row in shard.rows if row["title"] in ("Page 1", "Page 650")]
        report = shard.extract(out)
        assert titles(out) == ["Page 1", "Page 650"]
        assert (report.reused, report.got) == (1, 2)


def test_parts_fetched_with_other_options_are_not_taken_over(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(long_space(699)) as sandbox:
        shard = Shard(sandbox, connect(sandbox, threads=1))
        interrupted(shard, out, connect)
        assert shard.extract(out, comments=True).reused == 0
        assert len(set(titles(out))) == read_table(out).num_rows == 700


@pytest.mark.parametrize("how", ["empty", "cut", "zeroed", "of another schema"])
def test_a_part_that_cannot_be_read_is_fetched_again(how: str, connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(long_space(699)) as sandbox:
        shard = Shard(sandbox, connect(sandbox, threads=1))
        interrupted(shard, out, connect)
        first, *_ = sorted((Path(out.path).parent / "shard-0000.parts").glob("part-*"))
        content = first.read_bytes()
        other = BytesIO()
        with pa.ipc.new_file(other, pa.schema([("page_id", pa.string())])):
            pass
        first.write_bytes(
            {
                "empty": b"",
                "cut": content[: len(content) // 2],
                "zeroed": content[:8] + bytes(len(content) - 8),
                "of another schema": other.getvalue(),
            }[how]
        )
        report = shard.extract(out)
        assert report.reused == 400
        assert len(set(titles(out))) == report.got == 700
        assert files_below(out) == ["shard-0000.parquet"]


def test_a_part_that_vanishes_is_noticed_and_not_left_out(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(numbered_space(10)) as sandbox:
        shard = Shard(sandbox, connect(sandbox))
        pages = list(extract_pages(shard.client, shard.space, shard.rows))
        parts = Parts(out, "12345678")
        parts.add(pages)
        parts.remove()
        with pytest.raises(TransientError, match="11 fetched pages are not in the part files"):
            parts.publish({page["page_id"] for page in pages})
        assert not out.exists()


def test_a_finished_shard_can_be_extracted_again(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(numbered_space(50)) as sandbox:
        shard = Shard(sandbox, connect(sandbox))
        shard.extract(out)
        first = read_table(out)
        shard.extract(out)
        assert read_table(out).equals(first)


def test_included_pages_survive_a_broken_try(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(long_space(699)) as sandbox:
        sandbox.edit("p5", storage=include_of("Page 699"))
        shard = Shard(sandbox, connect(sandbox, threads=1))
        shard.rows = [row for row in shard.rows if row["title"] != "Page 699"]
        sandbox.fail(faults.Refuse(401), r"/pages\?", skip=7, times=None)
        shard.broken_try(out, errors.UnauthorizedError, connect)
        report = shard.extract(out)
        assert report.reused > 0
        assert (report.got, report.included) == (699, 1)
        included = [row["title"] for row in read_table(out, ["title", "included"]).to_pylist() if row["included"]]
        assert included == ["Page 699"]


def test_a_page_once_included_and_now_in_the_plan_is_there_once_and_for_itself(
    connect: ClientFactory, out: ObjectStoragePath
) -> None:
    with serve(long_space(699)) as sandbox:
        sandbox.edit("p5", storage=include_of("Page 699"))
        shard = Shard(sandbox, connect(sandbox, threads=1))
        everything = shard.rows
        shard.rows = [row for row in everything if row["title"] != "Page 699"]
        interrupted(shard, out, connect)
        shard.rows = everything
        shard.extract(out)
        found = [row for row in read_table(out, ["title", "included"]).to_pylist() if row["title"] == "Page 699"]
        assert found == [{"title": "Page 699", "included": False}]


# Accounting


def test_every_page_is_got_or_gone_or_failed(connect: ClientFactory, out: ObjectStoragePath) -> None:
    with serve(numbered_space(300)) as sandbox:
        shard = Shard(sandbox, connect(sandbox))
        sandbox.trash("p1")
        sandbox.purge("p2")
        sandbox.archive("p3")
        poison = sandbox.id_of("p4")
        sandbox.fail(faults.Refuse(500), rf"/pages\?.*id=(\d+%2C)*{poison}(%2C|&).*body-format", times=None)
        report = shard.extract(out)
        assert report.asked == 301 == report.got + report.gone + report.failed
        assert sorted(report.gone_pages.values()) == ["archived", "gone or no longer visible", "trashed"]
        (failure,) = report.failures
        assert (failure.page_id, failure.title, failure.version) == (poison, "Page 4", 1)
        assert failure.error_type == "UnavailableError"
        assert report.figures()["pages_gone"] == 3
        assert len(titles(out)) == 297


def test_says_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.INFO, "confluence_to_twig.confluence.extract.progress_log"),
        Progress(2_000, 500, lambda: 7, 0.05) as progress,
    ):
        progress.done = 1_500
        deadline = time.monotonic() + 10
        while len(caplog.messages) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(caplog.messages) >= 3
    assert all(message.startswith(("1,500 of 2,000 pages, ", "500 of")) for message in caplog.messages)
    assert "0 requests" in caplog.messages[-1]


def test_memory_holds_a_few_batches_and_not_the_shard(connect: ClientFactory, out: ObjectStoragePath) -> None:
    """Fetching stops ahead of a reader that does not come: the batches under way, never all."""
    from confluence_to_twig.confluence.extract.extract_shard import Extraction

    with serve(numbered_space(4_000)) as sandbox:
        shard = Shard(sandbox, connect(sandbox, threads=2))
        groups = Extraction(shard.client, shard.space, shard.rows, inventory=shard.table).groups()
        next(groups)
        time.sleep(1)
        assert shard.bodies_asked() <= 2 + LOOK_AHEAD + 1


def test_other_options_have_another_fingerprint() -> None:
    plain = ExtractOptions()
    assert fingerprint(plain) == fingerprint(ExtractOptions(comments=False))
    others = [ExtractOptions(comments=True), ExtractOptions(attachments="text"), ExtractOptions(render_macros=False)]
    assert len({fingerprint(options) for options in (plain, *others)}) == 4


def test_rows_are_kept_with_no_more_than_is_looked_at_and_paths_once(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    rows = sweep(client, client.space("PROD")).table.to_pylist()
    slim = list(slim_rows(iter(rows)))
    assert slim == [{name: row[name] for name in ROW_COLUMNS} for row in rows]
    below: dict[str, set[int]] = {}
    for row in slim:
        below.setdefault(str(row["parent_id"]), set()).add(id(row["ancestors"]))
    assert max(len(same) for same in below.values()) == 1
