"""What a task's process loads: each module costs each run of each source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, sys
from importlib import import_module

for name in ("validate", "discover", "load", "prune", "verify", "verify_twig", "hold"):
    import_module(f"confluence_to_twig.tasks.{name}")
from datetime import UTC, datetime
from confluence_to_twig.planning.window import RunFacts
from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.runs.record import recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.files import files_in, read_json, write_json
from confluence_to_twig.staging.layout import root_at
from confluence_to_twig.staging.parquet import read_table, write_rows
import pyarrow as pa

SCHEMA = pa.schema({"a": pa.string()})
root = root_at(sys.argv[1])
write_json(root / "some.json", {"a": 1})
run = Run(Source(name="s", space_key="S"), "r", RunFacts("manual", datetime.now(UTC)), RunParams(), "discover", 1)
with recorded(run):
    write_rows(root / "some.parquet", SCHEMA, [{"a": "1"}])
assert read_json(root / "some.json") == {"a": 1}
assert read_table(root / "some.parquet").num_rows == 1
assert files_in(root) == ["some.json", "some.parquet"]
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules} | set(sys.modules))))
"""


def test_tasks_load_neither_the_converter_nor_for_local_staging_the_file_systems_of_all_providers(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env=os.environ | {"CONFLUENCE_TWIG_STAGING": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "confluence_to_twig.tasks.discover" in loaded
    assert not loaded & {"lxml", "html2text", "bpe_openai", "pandas", "boto3", "airflow.providers.amazon.aws.fs.s3"}


def test_the_process_that_converts_pages_does_without_arrow() -> None:
    """It gets rows and gives rows, and there is one for each processor."""
    program = "import json, sys, confluence_to_twig.content.worker; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    loaded = set(json.loads(done.stdout))
    assert "confluence_to_twig.content.document" in loaded
    assert not loaded & {"pyarrow", "numpy", "pandas", "airflow", "requests", "asyncio"}
