"""An Airflow of the project's own: its home with an ``airflow.cfg``, and the environment that its processes start with.

What makes it this Airflow stands in the file, so that any command with this AIRFLOW_HOME means the same database, keys
and DAGs.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from confluence_to_twig.cli import patient_sqlite
from confluence_to_twig.sources.location import SOURCES_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE_SOURCES = PROJECT / "include" / "sources.yaml"
#: Holds what each Python process of such an Airflow does first.
STARTUP = PROJECT / "sandbox" / "startup"
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def airflow_environment(
    home: Path, *, staging: Path, port: int | None = None, base: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Environment variables for an Airflow whose state lives in ``home`` and whose UI listens on loopback.

    Values that ``base`` sets already are kept, so that anybody can move staging or point at another sources file.

    :param home: AIRFLOW_HOME; created if need be, with one JWT secret and one Fernet key for its life.
    :param staging: where tasks hand data on, unless ``CONFLUENCE_TWIG_STAGING`` says otherwise.
    :param port: of the API server; None when no server is started.
    """
    home.mkdir(parents=True, exist_ok=True)
    foreign_database = not base.get(DATABASE, "sqlite").startswith("sqlite")
    _write_configuration(
        home, _options(home, staging, port), leave_out="sql_alchemy_connect_args" if foreign_database else None
    )
    ours = {
        "CONFLUENCE_TWIG_STAGING": str(staging),
        SOURCES_VARIABLE: str(SAMPLE_SOURCES),
        # `airflow standalone` starts its parts by the name `airflow`; the environment need not be activated.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), base.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), str(STARTUP), base.get("PYTHONPATH", "")])),
    }
    kept = {name: value for name, value in base.items() if name not in {"AIRFLOW_HOME", "PATH", "PYTHONPATH"}}
    return ours | kept | {"AIRFLOW_HOME": str(home)}


def bare_environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """``base`` without the settings of any Airflow and of this project."""
    return {name: value for name, value in base.items() if not name.startswith(("AIRFLOW", "CONFLUENCE_TWIG"))}


def _options(home: Path, staging: Path, port: int | None) -> dict[str, dict[str, str]]:
    """Section → option → value."""
    connect_args = f"{patient_sqlite.__name__}.CONNECT_ARGS"
    options = {
        "core": {
            "dags_folder": str(PROJECT / "dags"),
            "plugins_folder": str(PROJECT / "plugins"),
            "load_examples": "False",
            "executor": "LocalExecutor",
            "parallelism": "4",
            "test_connection": "Enabled",
            "simple_auth_manager_all_admins": "True",
            "fernet_key": _kept_secret(home / "fernet.key"),
        },
        "api": {"secret_key": _kept_secret(home / "api.key")},
        "api_auth": {"jwt_secret": _kept_secret(home / "jwt.key")},
        "database": {
            "sql_alchemy_conn": f"sqlite:///{home / 'airflow.db'}",
            "sql_alchemy_connect_args": connect_args,
            "sql_alchemy_connect_args_async": connect_args,
        },
        "dag_processor": {"refresh_interval": "15", "min_file_process_interval": "15"},
        "usage_data_collection": {"enabled": "False"},
        "confluence_to_twig": {"sources": str(SAMPLE_SOURCES), "staging": str(staging)},
    }
    if port is not None:
        address = f"http://127.0.0.1:{port}"
        options["api"] |= {"host": "127.0.0.1", "port": str(port), "base_url": address, "workers": "1"}
        options["core"]["execution_api_server_url"] = f"{address}/execution/"
    return options


def _write_configuration(home: Path, options: Mapping[str, Mapping[str, str]], leave_out: str | None) -> None:
    """Write ``airflow.cfg``. It holds the keys, so only its owner may read it."""
    lines = ["# Written anew by each `make run`. Options of your own: AIRFLOW__<SECTION>__<OPTION> in the environment."]
    for section, values in options.items():
        lines.append(f"[{section}]")
        lines += [
            f"{name} = {value.replace('%', '%%')}"
            for name, value in values.items()
            if leave_out is None or not name.startswith(leave_out)
        ]
    path = home / "airflow.cfg"
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _kept_secret(path: Path) -> str:
    """A random key that stays the same for this home; only its owner may read it."""
    if not path.exists():
        from cryptography.fernet import Fernet

        key = Fernet.generate_key().decode() if path.name == "fernet.key" else secrets.token_urlsafe(64)
        path.touch(mode=0o600)
        path.write_text(key, encoding="ascii")
    return path.read_text(encoding="ascii")
