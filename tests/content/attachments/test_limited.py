"""Foreign files in a limited process: none takes more than it may, and none concerns the next one."""

from __future__ import annotations

import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Iterator

import pytest

from confluence_to_twig.content.attachments import kinds
from confluence_to_twig.content.attachments.limited import LimitedReader
from confluence_to_twig.content.attachments.outcome import Limits, UnreadableFileError
from confluence_to_twig.errors import TransientError
from tests.content.attachments import hostile_files

pytestmark = pytest.mark.slow
#: Small, so that the tests are quick; what a process starts from has to fit in.
LIMITS = Limits(processor_seconds=1, seconds=60, memory_bytes=200 * 2**20, chars=1_000)


def read(reader: LimitedReader, name: str, data: bytes) -> str:
    return reader.read(kinds.reader_for(name, "") or "", data)


@pytest.fixture(scope="module")
def limited() -> Iterator[LimitedReader]:
    with LimitedReader(LIMITS) as reader:
        yield reader


@pytest.mark.parametrize(
    ("name", "make", "why"),
    [
        ("paragraphs.docx", hostile_files.many_paragraphs, "memory|reading it|of a processor"),
        ("laughs.docx", hostile_files.entities, "reading it"),
        ("repeated.pdf", hostile_files.repeated_pages, "of a processor"),
        ("secret.pdf", lambda: hostile_files.pdf(password="x"), "password"),
        ("broken.pdf", lambda: b"%PDF-1.4 and no more", "reading it"),
    ],
)
def test_a_hostile_file_costs_only_itself(
    limited: LimitedReader, name: str, make: Callable[[], bytes], why: str
) -> None:
    data = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableFileError, match=why):
        read(limited, name, data)
    assert read(limited, "good.docx", hostile_files.good_docx()).startswith("## Backup plan")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 50, "the task itself grew"


def test_a_cell_costs_no_more_for_the_columns_that_it_says_it_spans(limited: LimitedReader) -> None:
    assert read(limited, "wide.docx", hostile_files.wide_cell()) == ""


def test_hostile_files_are_small() -> None:
    assert len(hostile_files.wide_cell()) < 1_000
    assert len(hostile_files.repeated_pages()) < 4_000
    assert len(hostile_files.many_paragraphs()) < 200_000


def test_a_text_that_is_too_long_is_cut(limited: LimitedReader) -> None:
    assert read(limited, "long.txt", b"x" * 5_000_000) == "x" * 1_000


def misbehave(data: bytes) -> str:
    """Readers that do what no reader should."""
    match data:
        case b"print":
            os.write(1, b"x" * 100_000)
            os.write(2, b"x" * 100_000)
        case b"exit":
            os._exit(3)
        case b"segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"sleep":
            time.sleep(600)
        case b"write":
            with tempfile.TemporaryFile(buffering=0) as file:
                file.write(b"x")
        case b"environment":
            return " ".join(sorted(os.environ))
    return "done"


def test_what_a_reader_prints_gets_lost(limited: LimitedReader) -> None:
    assert limited.read(f"{__name__}:misbehave", b"print") == "done"


@pytest.mark.parametrize("how", [b"exit", b"segfault", b"write"])
def test_a_reader_that_crashes_crashes_alone(limited: LimitedReader, how: bytes) -> None:
    with pytest.raises(UnreadableFileError, match=r"crashed|reading it"):
        limited.read(f"{__name__}:misbehave", how)
    assert limited.read(f"{__name__}:misbehave", b"") == "done"


def test_what_the_machine_does_is_not_the_fault_of_the_file(limited: LimitedReader) -> None:
    with pytest.raises(TransientError, match="killed from outside"):
        limited.read(f"{__name__}:misbehave", b"killed")
    with LimitedReader(Limits(seconds=1)) as reader, pytest.raises(TransientError, match="too busy"):
        reader.read(f"{__name__}:misbehave", b"sleep")


def test_a_reader_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", "secret")
    with LimitedReader() as reader:
        assert "AIRFLOW_CONN" not in reader.read(f"{__name__}:misbehave", b"environment")


def test_a_process_that_is_gone_is_replaced(limited: LimitedReader) -> None:
    assert limited.read(f"{__name__}:misbehave", b"") == "done"
    assert limited._process is not None
    limited._process.kill()
    limited._process.wait()
    with pytest.raises(TransientError):
        limited.read(f"{__name__}:misbehave", b"")
    assert limited.read(f"{__name__}:misbehave", b"") == "done"


def test_nothing_goes_on_reading_when_nobody_waits() -> None:
    """As when the task is killed: its end of the pipe closes."""
    reader = LimitedReader(Limits(seconds=60))
    assert reader.read(f"{__name__}:misbehave", b"") == "done"
    process = reader._process
    assert process is not None and process.stdin is not None
    from confluence_to_twig.content.messages import write_message

    write_message(process.stdin, (f"{__name__}:misbehave", b"sleep"))
    process.stdin.close()
    assert process.wait(20) == 0
    reader.close()
