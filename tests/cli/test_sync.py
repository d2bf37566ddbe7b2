"""``make sync`` as an engineer runs it: another process, connections from the environment, exit status and report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from sandbox import confluence, twig
from tests.dags.conftest import ROOT, small_space


def sync(tmp_path: Path, entries: list[dict[str, Any]], environment: dict[str, str], *options: str) -> Any:
    sources = tmp_path / "sources.yaml"
    sources.write_text(yaml.safe_dump({"sources": entries}), encoding="utf-8")
    base = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "confluence_to_twig.cli.sync",
            str(sources),
            "--report",
            str(tmp_path / "out.json"),
            *options,
        ],
        cwd=ROOT,
        env=base | {"CONFLUENCE_TWIG_STAGING": str(tmp_path / "staging")} | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_syncs_each_source_prints_its_summary_and_tells_failure_by_status_and_report(tmp_path: Path) -> None:
    with confluence.serve(small_space()) as served, twig.serve() as served_twig:
        good = {
            "conn_type": "confluence",
            "host": served.base_url,
            "login": confluence.SYNC_EMAIL,
            "password": confluence.SYNC_TOKEN,
            "extra": {"gateway_url": served.base_url},
        }
        environment = {
            "AIRFLOW_CONN_GOOD": json.dumps(good),
            "AIRFLOW_CONN_BAD": json.dumps(good | {"password": "wrong-token-of-somebody"}),
            "AIRFLOW_CONN_TWIG": json.dumps(served_twig.connection()),
        }
        source = {"space_key": "SMALL", "twig_conn_id": "twig", "schedule": "manual"}
        done = sync(
            tmp_path,
            [
                source | {"name": "one", "confluence_conn_id": "good"},
                source | {"name": "two", "confluence_conn_id": "bad"},
            ],
            environment,
        )
        assert done.returncode == 1, done.stdout + done.stderr
        assert "one: 12 pages → 12 chunks (12 changed, 0 removed, 0 failed)" in done.stdout
        assert "401 Unauthorized" in done.stdout
        assert "wrong-token-of-somebody" not in done.stdout + done.stderr
        reports = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
        assert (reports["one"]["state"], reports["two"]["state"]) == ("success", "failed")
        assert reports["one"]["result"]["pages"] == 12
        assert reports["one"]["plan"]["fetch"] == {"new to Twig": 12}
        assert reports["one"]["figures"]["requests"] > 5
        assert set(reports["one"]["tasks"]) == {
            "validate",
            "discover",
            "extract",
            "transform",
            "load",
            "prune",
            "verify",
        }
        again = sync(tmp_path, [source | {"name": "one", "confluence_conn_id": "good"}], environment)
        assert again.returncode == 0, again.stdout + again.stderr
        assert "nothing to do" in again.stdout


def test_a_mistake_in_the_file_is_told_and_the_exit_status_is_2(tmp_path: Path) -> None:
    done = sync(tmp_path, [{"name": "one", "space_key": "A B"}], {})
    assert done.returncode == 2
    assert "source 'one', field 'space_key'" in done.stdout
