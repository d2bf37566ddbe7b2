"""What lies in deploy/: the pip step of the image resolves, and the values name what the image and the project have."""

from __future__ import annotations

import copy
import re
import subprocess
from functools import reduce
from pathlib import Path

import pytest
import yaml

from confluence_to_twig.sources.location import SOURCES_VARIABLE
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from tests.packaging.test_wheel import UV

ROOT = Path(__file__).resolve().parents[2]
IMAGE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
#: What the values set, as the chart documents it (https://airflow.apache.org/docs/helm-chart/stable/parameters-ref.html; `config` takes
#: any section and option of Airflow).
CHART_TAKES = {
    "airflowVersion": str,
    "defaultAirflowRepository": str,
    "defaultAirflowTag": str,
    "executor": str,
    "env": list,
    "extraEnvFrom": str,  # a text that the chart fills in, not YAML
    "workers.replicas": int,
    "workers.resources": dict,
    "triggerer.resources": dict,
    "apiServer.resources": dict,
    "config.celery.worker_concurrency": int,
}
VALUES = yaml.safe_load((ROOT / "deploy" / "values.yaml").read_text(encoding="utf-8"))


def airflow_version() -> str:
    found = re.search(r"^ARG AIRFLOW_VERSION=(\S+)$", IMAGE, re.MULTILINE)
    assert found
    return found[1]


def test_what_the_image_copies_is_there_and_enough_to_build_the_package() -> None:
    copied = [word for line in re.findall(r"^COPY (?:--\S+ )*(.+)$", IMAGE, re.MULTILINE) for word in line.split()[:-1]]
    assert {"pyproject.toml", "README.md", "LICENSE", "include/confluence_to_twig", "dags"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_values_are_for_this_image_and_set_what_the_project_reads() -> None:
    assert VALUES["airflowVersion"] == airflow_version()
    assert {entry["name"] for entry in VALUES["env"]} == {ROOT_VARIABLE, SOURCES_VARIABLE}
    assert yaml.safe_load(VALUES["extraEnvFrom"])[0]["secretRef"]["name"]


def test_the_values_are_some_that_the_chart_takes() -> None:
    left = copy.deepcopy(VALUES)
    for path, kind in CHART_TAKES.items():
        *above, name = path.split(".")
        section = reduce(lambda found, key: found[key], above, left)
        assert isinstance(section.pop(name), kind), path
    assert {name: rest for name, rest in left.items() if rest not in ({}, {"celery": {}})} == {}


@pytest.mark.packaging
@pytest.mark.timeout(600)
@pytest.mark.skipif(UV is None, reason="uv is not installed")
def test_the_pip_step_of_the_image_can_be_done(tmp_path: Path) -> None:
    """Resolved, not downloaded: what pip would install beside this Airflow, in an environment of its own."""
    (step,) = re.findall(r"^RUN pip install --no-cache-dir (.+)$", IMAGE, re.MULTILINE)
    wanted = [
        word.strip('"').replace("${AIRFLOW_VERSION}", airflow_version()).replace("/opt/confluence-to-twig", str(ROOT))
        for word in step.split()
    ]
    subprocess.run([str(UV), "venv", "--quiet", str(tmp_path / "env")], check=True)
    done = subprocess.run(
        [str(UV), "pip", "install", "--dry-run", "--python", str(tmp_path / "env"), *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    planned = done.stdout + done.stderr
    assert f"apache-airflow=={airflow_version()}" in planned
    assert "s3fs==" in planned
    assert "confluence-to-twig" in planned
