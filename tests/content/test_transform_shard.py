"""A shard through real child processes: order, look-ups, quarantine, counters."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.content import transform_shard as transform
from confluence_to_twig.content.messages import Failure, write_message
from confluence_to_twig.content.pool import WorkerPool, WorkerProcess
from confluence_to_twig.content.storage.lookup import Lookup, included_titles
from confluence_to_twig.content.transform_shard import transform_shard
from confluence_to_twig.content.worker import convert_row
from confluence_to_twig.planning.titles import title_key
from confluence_to_twig.staging import schemas
from confluence_to_twig.staging.parquet import iter_rows, write_rows
from tests.content.rows import inventory_row, page_row

pytestmark = pytest.mark.slow
INCLUDE = '<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ri:page ri:content-title="{}" /></ac:parameter></ac:structured-macro>'
LINK = '<p>see <ac:link><ri:page ri:content-title="{}" /></ac:link></p>'


class Shard:
    """The files of one shard below a folder."""

    def __init__(self, folder: Path) -> None:
        home = ObjectStoragePath(f"file://{folder}")
        self.pages, self.inventory = home / "pages.parquet", home / "inventory.parquet"
        self.documents, self.chunks, self.quarantine = home / "d.parquet", home / "c.parquet", home / "q.parquet"

    def run(self, rows, inventory=(), **options):
        write_rows(self.pages, schemas.PAGES, rows)
        write_rows(self.inventory, schemas.INVENTORY, inventory)
        return transform_shard(
            self.pages, self.documents, self.chunks, self.quarantine, inventories=[self.inventory], **options
        )


@pytest.fixture
def shard(tmp_path) -> Shard:
    return Shard(tmp_path)


def test_writes_documents_and_chunks_in_the_order_of_the_pages(shard):
    report = shard.run([page_row(str(number), storage=f"<p>text {number}</p>") for number in range(50)], workers=2)
    assert [row["page_id"] for row in iter_rows(shard.documents)] == [str(number) for number in range(50)]
    assert [row["page_id"] for row in iter_rows(shard.chunks)] == [str(number) for number in range(50)]
    assert not shard.quarantine.exists()
    assert (report.pages, report.documents, report.chunks, report.quarantined) == (50, 50, 50, 0)
    assert report.tokens == sum(row["token_count"] for row in iter_rows(shard.chunks))


def test_one_and_many_processes_write_the_same(shard):
    rows = [page_row(str(number), storage=f"<h2>A</h2><p>text {number}</p>" * 20) for number in range(20)]
    shard.run(rows, workers=1)
    alone = list(iter_rows(shard.documents)), list(iter_rows(shard.chunks))
    shard.run(rows, workers=3)
    assert (list(iter_rows(shard.documents)), list(iter_rows(shard.chunks))) == alone


def test_links_by_title_are_resolved_through_the_inventory(shard):
    url = "https://acme.atlassian.net/wiki/spaces/DOC/pages/9"
    shard.run(
        [page_row("1", storage=LINK.format("  the  TARGET page\u200b "))],
        [inventory_row("9", "The target page", f"{url}/Target")],
    )
    (document,) = iter_rows(shard.documents)
    assert f"({url})" in document["markdown"]


def test_links_to_headings_follow_the_editor_that_the_inventory_has(shard):
    url = "https://acme.atlassian.net/wiki/spaces/DOC/pages/9"
    heading = '<p><ac:link ac:anchor="Set up"><ri:page ri:content-title="Old one" /></ac:link></p>'
    shard.run([page_row("1", storage=heading)], [inventory_row("9", "Old one", url) | {"editor": "v1"}])
    (document,) = iter_rows(shard.documents)
    assert document["markdown"] == f"[Old one]({url}#Oldone-Setup)"


def test_included_pages_are_resolved_and_yield_no_document(shard):
    rows = [
        page_row("1", title="One", storage=INCLUDE.format("Two &amp; Three")),
        page_row("2", title="Two & Three", storage="<p>from two</p>" + INCLUDE.format("Four"), included=True),
        page_row("4", title="Four", storage="<p>from four</p>"),
    ]
    report = shard.run(rows)
    documents = {row["page_id"]: row for row in iter_rows(shard.documents)}
    assert documents.keys() == {"1", "4"}
    assert documents["1"]["markdown"] == "from two\n\nfrom four"
    assert documents["1"]["includes"] == ["2@1", "4@1"]
    assert report.pages == 2


def test_a_page_that_takes_too_long_is_quarantined_alone(shard):
    slow = page_row("2", storage="<p>" + "word " * 3_000_000 + "</p>", title="Slow")
    report = shard.run([page_row("1"), slow, page_row("3")], page_seconds=0.05, workers=1)
    (row,) = iter_rows(shard.quarantine)
    assert (row["page_id"], row["title"], row["stage"], row["error_type"]) == ("2", "Slow", "transform", "PageTimeout")
    assert [document["page_id"] for document in iter_rows(shard.documents)] == ["1", "3"]
    assert (report.pages, report.documents, report.quarantined) == (3, 2, 1)


def test_a_page_that_fails_is_quarantined_without_its_text(monkeypatch):
    def explode(*_arguments, **_options):
        raise ValueError("secret words of the page")

    monkeypatch.setattr("confluence_to_twig.content.worker.build_document", explode)
    failure = convert_row(page_row("1"), Lookup())
    assert isinstance(failure, Failure)
    assert failure.error_type == "ValueError"
    assert "secret" not in failure.error
    assert "explode" in failure.error


def test_a_process_that_dies_costs_one_page(monkeypatch):
    with WorkerPool(Lookup(), 1, 30.0) as pool:
        results = pool.convert(page_row(str(number)) for number in range(3))
        next(results)
        (worker,) = pool._workers
        assert worker._process is not None
        os.kill(worker._process.pid, signal.SIGKILL)
        worker._process.wait()
        outcomes = [type(result).__name__ for _, result in results]
    assert outcomes.count("Failure") <= 1
    with WorkerPool(Lookup(), 1, 30.0) as pool:
        (worker,) = pool._workers
        worker.convert(page_row("1"))
        os.kill(worker._process.pid, signal.SIGKILL)
        worker._process.wait()
        failure = worker.convert(page_row("2"))
        assert isinstance(failure, Failure)
        assert failure.error_type == "WorkerDied"
        assert not isinstance(worker.convert(page_row("3")), Failure)


def test_no_process_is_left_behind():
    with WorkerPool(Lookup(), 2, 30.0) as pool:
        list(pool.convert(page_row(str(number)) for number in range(8)))
        processes = [worker._process for worker in pool._workers]
    assert all(process.poll() is not None for process in processes if process)


def _in_daemon(folder: str) -> None:
    Shard(Path(folder)).run([page_row("1")])


def test_works_inside_a_daemonic_process(tmp_path):
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_in_daemon, args=(str(tmp_path),), daemon=True)
    process.start()
    process.join(120)
    assert process.exitcode == 0
    assert len(list(iter_rows(Shard(tmp_path).documents))) == 1


def test_counts_what_an_operator_wants_to_know(shard):
    unknown = (
        '<ac:structured-macro ac:name="acme"><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>'
    )
    rows = [
        page_row("1", storage=unknown),
        page_row("2", storage="<p>a<br>b</p>" + unknown),
        page_row("3", storage="", view="<p>rendered text</p>"),
        page_row("4", storage="<p>a</p><style>b</style>"),
    ]
    report = shard.run(rows)
    assert report.unknown_macros == {"acme": 2}
    assert report.tolerant == 1
    assert report.rendered == 1
    assert report.constructs["macro:acme"] == 2
    assert report.low_coverage == []
    assert report.documents == 4


def test_an_empty_shard_writes_empty_files(shard):
    report = shard.run([])
    assert report.pages == 0
    assert list(iter_rows(shard.documents)) == list(iter_rows(shard.chunks)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("A  b", "a B"), ("Caf\u00e9", "Cafe\u0301"), ("x\u200b", "x"), ("Straße", "STRASSE")],
)
def test_titles_are_compared_as_confluence_does(one, other):
    assert title_key(one) == title_key(other)


def test_lookup_does_not_guess_across_spaces():
    lookup = Lookup({"DOC": {title_key("A"): "https://x/A"}})
    assert lookup.page_url("DOC", None, "A") == lookup.page_url("OPS", "DOC", "A") == "https://x/A"
    assert lookup.page_url("OPS", None, "A") is lookup.page_url("DOC", "OPS", "A") is None


def test_pages_of_one_title_in_several_spaces_are_told_apart(shard):
    """Two spaces in one shard, and pages of both called Home; a third space of which the shard has no page."""
    other = 'ri:space-key="{}" ri:content-title="Home"'
    link = LINK.replace('ri:content-title="{}"', other)
    include = INCLUDE.replace('ri:content-title="{}"', other)
    ops = {"space_id": "2", "space_key": "OPS"}
    shard.run(
        [
            page_row("1", storage=LINK.format("Home") + link.format("OPS") + link.format("HR") + link.format("NO")),
            page_row("2", storage=include.format("OPS"), **ops | {"space_id": "1", "space_key": "DOC"}),
            page_row("3", storage=LINK.format("Home"), **ops),
            page_row("12", title="Home", storage=INCLUDE.format("Deep"), included=True, **ops),
            page_row("13", title="Deep", storage="<p>of operations</p>", included=True, **ops),
            page_row("14", title="Deep", storage="<p>of documentation</p>", included=True),
        ],
        [
            inventory_row("11", "Home", "https://x/doc"),
            inventory_row("12", "Home", "https://x/ops") | {"space_id": "2"},
            inventory_row("15", "Home", "https://x/hr") | {"space_id": "3"},
        ],
        space_keys={"1": "DOC", "2": "OPS", "3": "HR"},
    )
    markdown = {row["page_id"]: row["markdown"] for row in iter_rows(shard.documents)}
    assert [part in markdown["1"] for part in ("(https://x/doc)", "(https://x/ops)", "(https://x/hr)")] == [True] * 3
    assert "/display/NO/Home" in markdown["1"]
    assert markdown["2"] == "of operations"
    assert "(https://x/ops)" in markdown["3"]


@pytest.mark.parametrize(
    ("parameter", "titles"),
    [
        ('<ac:link><ri:page ri:content-title="A &amp; B" /></ac:link>', {"a & b"}),
        ("Shared: contacts", {"shared: contacts"}),
        ("DOC:Install", {"install"}),
        ("~ann:Notes", {"notes"}),
    ],
)
def test_pages_to_include_are_known_however_they_are_named(parameter, titles):
    macro = f'<ac:structured-macro ac:name="include"><ac:parameter ac:name="">{parameter}</ac:parameter></ac:structured-macro>'
    assert included_titles(macro) == titles
    assert included_titles(macro.replace('"include"', '"toc"')) == set()


@pytest.mark.parametrize(("processors", "pages", "count"), [(64, 5_000, 4), (2, 5_000, 2), (64, 40, 1)])
def test_as_many_processes_as_processors_and_pages_are_worth_but_few(shard, monkeypatch, processors, pages, count):
    started = []

    class Pool(WorkerPool):
        def __init__(self, lookup, workers, page_seconds):
            started.append(workers)
            super().__init__(lookup, 1, page_seconds)

        def convert(self, rows):
            return iter(())

    monkeypatch.setattr(transform, "WorkerPool", Pool)
    monkeypatch.setattr(transform, "usable_processors", lambda: processors)
    shard.run(page_row(str(number)) for number in range(pages))
    assert started == [count]


GROWTH = """
import re
import sys
import time
from pathlib import Path
from airflow.sdk import ObjectStoragePath
from confluence_to_twig.content.transform_shard import transform_shard
from confluence_to_twig.staging import schemas
from confluence_to_twig.staging.parquet import write_rows
from tests.content.rows import page_row

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

home = ObjectStoragePath(f"file://{sys.argv[1]}")
text = "".join(f"<p>{' '.join(f'w{word}' for word in range(start, start + 60))}</p>" for start in range(0, 6_000, 60))
pages = (page_row(str(number), storage=f"<p>{number}</p>{text}") for number in range(300))
write_rows(home / "p.parquet", schemas.PAGES, pages)
before = peak()
report = transform_shard(home / "p.parquet", home / "d.parquet", home / "c.parquet", home / "q.parquet", workers=2)
assert report.documents == 300
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_holds_a_few_pages_and_not_the_shard(tmp_path):
    done = subprocess.run([sys.executable, "-c", GROWTH, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) < 45_000_000


def test_a_task_that_is_stopped_does_not_wait_for_its_pages():
    slow = page_row("1", storage="<p>" + "word " * 3_000_000 + "</p>", title="Slow")
    started = time.monotonic()
    with pytest.raises(SystemExit), WorkerPool(Lookup(), 1, 30.0) as pool:
        (worker,) = pool._workers
        worker.convert(page_row("0"))
        pending = pool._threads.submit(worker.convert, slow)
        time.sleep(0.1)
        child = worker._process
        raise SystemExit
    assert child.returncode == -signal.SIGKILL
    assert pending.result().error_type == "WorkerDied"
    assert time.monotonic() - started < 25


def test_a_child_ends_itself_when_its_task_is_gone_and_the_page_never_ends(monkeypatch):
    monkeypatch.setattr("confluence_to_twig.content.pool._STARTUP_SECONDS", 0.5)
    worker = WorkerProcess(Lookup(), 0.5)
    process = worker._start()
    slow = page_row("1", storage="<p>" + "word " * 3_000_000 + "</p>", title="Slow")
    write_message(process.stdin, slow)
    process.stdin.close()
    assert process.wait(30) == -signal.SIGALRM
    process.stdout.close()
