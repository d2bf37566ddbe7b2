from __future__ import annotations

from pathlib import Path

import pytest

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import CHUNKS
from confluence_to_twig.twig.shards import packages
from tests.twig.world import Page, local_staging, write_shard

PAGES = [Page(str(number), ("a", "b")[: number % 3]) for number in range(7)]


def test_reads_documents_with_their_chunks_from_all_shards(tmp_path: Path) -> None:
    staging = local_staging(tmp_path)
    shards = [write_shard(staging, "run", PAGES[:4], 0), write_shard(staging, "run", PAGES[4:], 1)]
    documents, chunks = ([path for shard in shards for path in shard[side]] for side in (0, 1))

    found = {package.page_id: len(package.chunks) for package in packages(documents, chunks)}
    assert found == {page.page_id: len(page.sections) for page in PAGES}
    assert [entry.page_id for entry in packages(documents, chunks)] == [
        entry.page_id for entry in packages(documents, chunks)
    ]
    assert {entry.page_id for entry in packages(documents, chunks, {"2", "3"})} == {"2", "3"}


def test_never_reads_the_markdown(tmp_path: Path) -> None:
    documents, chunks = write_shard(local_staging(tmp_path), "run", PAGES)
    assert all("markdown" not in package.document for package in packages(documents, chunks))


@pytest.mark.parametrize("damage", ["missing chunk", "foreign chunk", "no chunks", "scattered"])
def test_says_when_documents_and_chunks_do_not_belong_together(tmp_path: Path, damage: str) -> None:
    documents, chunks = write_shard(local_staging(tmp_path), "run", PAGES)
    rows = [chunk for page in PAGES for chunk in page.chunks()]
    damaged = {
        "missing chunk": rows[:-1],
        "foreign chunk": [*rows, *Page("99", ("x",)).chunks()],
        "no chunks": [],
        "scattered": [*rows[1:], rows[0]],
    }[damage]
    write_rows(chunks[0], CHUNKS, damaged)
    if damage == "scattered":  # page 1 has one chunk: moving it to the end is no damage, cutting page 2 in two is
        write_rows(chunks[0], CHUNKS, [rows[1], rows[0], *rows[2:]])
    with pytest.raises(PermanentError, match="do not belong together"):
        list(packages(documents, chunks))


def test_says_which_file_is_missing(tmp_path: Path) -> None:
    documents, chunks = write_shard(local_staging(tmp_path), "run", PAGES)
    documents[0].unlink()
    with pytest.raises(PermanentError, match="transform task"):
        list(packages(documents, chunks))
