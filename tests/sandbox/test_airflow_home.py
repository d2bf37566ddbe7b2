from __future__ import annotations

import sys
from pathlib import Path

from sandbox.airflow_home import airflow_environment


def test_finds_airflow_without_an_activated_environment(tmp_path: Path) -> None:
    environment = airflow_environment(tmp_path / "home", staging=tmp_path, base={"PATH": "/usr/bin"})
    assert environment["PATH"].split(":") == [str(Path(sys.executable).parent), "/usr/bin"]


def test_keeps_what_the_caller_has_set_and_its_own_home(tmp_path: Path) -> None:
    base = {"CONFLUENCE_TWIG_STAGING": "s3://bucket", "AIRFLOW_HOME": "/elsewhere"}
    environment = airflow_environment(tmp_path / "home", staging=tmp_path, port=8123, base=base)
    assert environment["CONFLUENCE_TWIG_STAGING"] == "s3://bucket"
    assert environment["AIRFLOW_HOME"] == str(tmp_path / "home")
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"


def test_its_keys_stay_the_same_and_are_nobody_elses_to_read(tmp_path: Path) -> None:
    first = airflow_environment(tmp_path / "home", staging=tmp_path, base={})
    again = airflow_environment(tmp_path / "home", staging=tmp_path, base={})
    assert first["AIRFLOW__CORE__FERNET_KEY"] == again["AIRFLOW__CORE__FERNET_KEY"]
    assert (tmp_path / "home" / "fernet.key").stat().st_mode & 0o077 == 0
