"""The files that install the project agree with each other."""

from __future__ import annotations

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
    "uvicorn",
}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked() -> dict[str, str]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    return {package["name"]: package["version"] for package in lock["package"] if "version" in package}


def requirements() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_requirements_pin_every_dependency_that_the_image_does_not_bring() -> None:
    declared = {re.split(r"[<>=\[]", line)[0] for line in project()["project"]["dependencies"]}
    assert requirements().keys() == declared - FROM_THE_IMAGE


def test_requirements_pin_the_locked_versions() -> None:
    lock = locked()
    assert requirements() == {name: lock[name] for name in requirements()}


def test_the_lock_file_needs_nothing_that_only_one_machine_has() -> None:
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert not re.search(r"file:///|localhost|127\.0\.0\.1|//10\.|//192\.168\.", text)


def test_the_packages_of_the_card_are_dependencies() -> None:
    declared = {re.split(r"[<>=\[]", line)[0] for line in project()["project"]["dependencies"]}
    assert {
        "apache-airflow",
        "apache-airflow-providers-atlassian-jira",
        "pandas",
        "pyarrow",
        "html2text",
    } <= declared


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
