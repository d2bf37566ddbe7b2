"""What lies in deploy/: the pip step of the image resolves, and the values name what the image and the project have."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from confluence_to_twig.sources.location import SOURCES_VARIABLE
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from tests.packaging.test_wheel import UV

ROOT = Path(__file__).resolve().parents[2]
IMAGE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
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
