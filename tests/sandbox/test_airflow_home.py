from __future__ import annotations

import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

from sandbox.airflow_home import DATABASE, airflow_environment


def test_finds_airflow_without_an_activated_environment(tmp_path: Path) -> None:
    environment = airflow_environment(tmp_path / "home", staging=tmp_path, base={"PATH": "/usr/bin"})
    assert environment["PATH"].split(":") == [str(Path(sys.executable).parent), "/usr/bin"]


def test_keeps_what_the_caller_has_set_and_its_own_home(tmp_path: Path) -> None:
    base = {"CONFLUENCE_TWIG_STAGING": "s3://bucket", "AIRFLOW_HOME": "/elsewhere"}
    environment = airflow_environment(tmp_path / "home", staging=tmp_path, port=8123, base=base)
    assert environment["CONFLUENCE_TWIG_STAGING"] == "s3://bucket"
    assert environment["AIRFLOW_HOME"] == str(tmp_path / "home")


def test_its_processes_collect_garbage_more_seldom_and_start_as_the_installation_wants(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('theirs')", encoding="utf-8")
    base = {"PYTHONPATH": str(tmp_path)}
    environment = airflow_environment(tmp_path / "home", staging=tmp_path, base=base)
    command = [sys.executable, "-c", "import gc; print(gc.get_threshold()[0])"]
    told = [
        subprocess.run(command, env=it, capture_output=True, text=True, check=True).stdout.split()
        for it in (base, environment)
    ]
    assert [words[0] for words in told] == ["theirs", "theirs"]
    assert int(told[1][1]) > 10 * int(told[0][1])


def configuration(home: Path) -> ConfigParser:
    parser = ConfigParser()
    parser.read(home / "airflow.cfg", encoding="utf-8")
    return parser


def test_its_home_alone_says_which_airflow_it_is(tmp_path: Path) -> None:
    airflow_environment(tmp_path / "home", staging=tmp_path, port=8123, base={})
    written = configuration(tmp_path / "home")
    assert written["api"]["base_url"] == "http://127.0.0.1:8123"
    assert written["api"]["host"] == "127.0.0.1"
    assert written["database"]["sql_alchemy_conn"] == f"sqlite:///{tmp_path / 'home' / 'airflow.db'}"
    assert Path(written["core"]["dags_folder"]).is_dir()


def test_its_keys_stay_the_same_and_are_nobody_elses_to_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    keys = []
    for port in (8123, 8124):
        airflow_environment(home, staging=tmp_path, port=port, base={})
        written = configuration(home)
        keys.append([written["core"]["fernet_key"], written["api_auth"]["jwt_secret"], written["api"]["secret_key"]])
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 3
    for name in ("fernet.key", "jwt.key", "api.key", "airflow.cfg"):
        assert (home / name).stat().st_mode & 0o077 == 0


def test_another_database_gets_its_usual_connections(tmp_path: Path) -> None:
    airflow_environment(tmp_path / "ours", staging=tmp_path, base={})
    airflow_environment(tmp_path / "theirs", staging=tmp_path, base={DATABASE: "postgresql://db/airflow"})
    arguments = {"sql_alchemy_connect_args", "sql_alchemy_connect_args_async"}
    assert arguments <= set(configuration(tmp_path / "ours")["database"])
    assert not arguments & set(configuration(tmp_path / "theirs")["database"])
