"""The process that runs DAGs one after the other, as :mod:`confluence_to_twig.cli.runner` starts it.

It has a metadata database of its own, beside nobody's scheduler, and reads everything else from the caller's Airflow.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sqlite3
import sys
from pathlib import Path

from confluence_to_twig.cli.collector import collect_seldom

DATABASE = "airflow.db"
DOING = "doing.json"


def ended_mark(work: Path, dag_id: str) -> Path:
    """The file that says that this DAG's run is over, however it ended."""
    return work / f"{dag_id}.ended"


class DoingHandler(logging.Handler):
    """Keeps the last line that the package logged in a file, with the counts that came with it.

    A line brings counts as ``log.info(…, extra={"progress": (done, total)})``.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(logging.INFO)
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Replace the file, so that a reader never sees half a line."""
        text = record.getMessage()
        if text.startswith("::"):
            return  # the marks of a log group
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(
            json.dumps(
                {"text": text.partition("\n")[0], "at": record.created, "progress": getattr(record, "progress", None)}
            ),
            encoding="utf-8",
        )
        temporary.replace(self._path)


def main(arguments: list[str] | None = None) -> int:
    """Run each DAG once. What came of them stands in the metadata database and in staging."""
    collect_seldom()
    parser = argparse.ArgumentParser()
    parser.add_argument("dag_ids", nargs="+")
    parser.add_argument("--conf", type=json.loads, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--template", type=Path, required=True)
    options = parser.parse_args(arguments)
    if not (options.work / DATABASE).exists():
        _create(options.work / DATABASE, options.template)

    from confluence_to_twig.airflow_private import build_newest_task_api
    from confluence_to_twig.dag import build_dags

    build_newest_task_api()
    logger = logging.getLogger("confluence_to_twig")
    logger.setLevel(logging.INFO)
    logger.addHandler(DoingHandler(options.work / DOING))
    dags = {dag.dag_id: dag for dag in build_dags()}
    for dag_id in options.dag_ids:
        try:
            dags[dag_id].test(logical_date=None, run_conf=options.conf)
        except Exception:
            logger.exception("%s could not be run", dag_id)
        ended_mark(options.work, dag_id).touch()
    return 0


def _create(database: Path, template: Path) -> None:
    """Create the tables, and keep a copy for the next run: creating them takes longer than a small sync."""
    from confluence_to_twig.airflow_private import create_metadata_database

    create_metadata_database()
    template.parent.mkdir(parents=True, exist_ok=True)
    copy = template.with_suffix(f".{os.getpid()}")
    with (
        contextlib.closing(sqlite3.connect(database)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    copy.replace(template)


if __name__ == "__main__":
    sys.exit(main())
