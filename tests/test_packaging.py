"""The files that install the project agree with each other."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FROM_THE_IMAGE = {
    "apache-airflow",
    "apache-airflow-providers-standard",
    "croniter",
    "cryptography",
    "fastapi",
    "jinja2",
    "msgspec",
    "pydantic",
    "pyyaml",
    "requests",
    "structlog",
    "uvicorn",
}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked() -> dict[str, str]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    return {package["name"]: package["version"] for package in lock["package"] if "version" in package}


AIRFLOW = "apache-airflow>=3.3,<4"


def requirement_lines() -> list[str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def requirements() -> dict[str, str]:
    return dict(line.split("==") for line in requirement_lines() if line != AIRFLOW)


def test_requirements_pin_every_dependency_that_the_image_does_not_bring() -> None:
    declared = {re.split(r"[<>=\[]", line)[0] for line in project()["project"]["dependencies"]}
    assert requirements().keys() == declared - FROM_THE_IMAGE


def test_requirements_pin_the_locked_versions() -> None:
    lock = locked()
    assert requirements() == {name: lock[name] for name in requirements()}


def test_the_lock_file_needs_nothing_that_only_one_machine_has() -> None:
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert not re.search(r"file:///|localhost|127\.0\.0\.1|//10\.|//192\.168\.", text)


def test_airflow_is_the_same_range_for_pip_and_for_the_image() -> None:
    assert AIRFLOW in project()["project"]["dependencies"]
    assert AIRFLOW in requirement_lines()


def test_the_packages_of_the_card_are_dependencies_and_requirements() -> None:
    card = {"apache-airflow", "apache-airflow-providers-atlassian-jira", "pandas", "pyarrow", "html2text"}
    declared = {re.split(r"[<>=\[]", line)[0] for line in project()["project"]["dependencies"]}
    assert card <= declared
    assert card <= {re.split(r"[<>=]", line)[0] for line in requirement_lines()}


def test_the_lock_has_no_airflow_older_than_what_the_tests_call_newest() -> None:
    assert locked()["apache-airflow"] == importlib.metadata.version("apache-airflow")


def test_ci_runs_nothing_but_make_test() -> None:
    commands = [
        line
        for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "set ", "cd "))
    ]
    assert commands == ["exec make test"]


def test_no_tracked_file_holds_a_path_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    home_paths = re.compile(rb"/(?:root|home/\w+)/")
    named = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and home_paths.search(path.read_bytes()):
            named.append(name)
    assert named == []
