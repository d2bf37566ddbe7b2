"""An Airflow of the project's own: its home, and the environment every process of it is started with."""

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
    ours = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__FERNET_KEY": _kept_secret(home / "fernet.key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": _kept_secret(home / "jwt.key"),
        DATABASE: f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": f"{patient_sqlite.__name__}.CONNECT_ARGS",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS_ASYNC": f"{patient_sqlite.__name__}.CONNECT_ARGS",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "15",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "15",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "CONFLUENCE_TWIG_STAGING": str(staging),
        SOURCES_VARIABLE: str(PROJECT / "include" / "sources.yaml"),
        # `airflow standalone` starts its parts by the name `airflow`; the environment need not be activated.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), base.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), base.get("PYTHONPATH", "")])),
    }
    if port is not None:
        ours |= {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        }
    if not base.get(DATABASE, "sqlite").startswith("sqlite"):
        ours = {name: value for name, value in ours.items() if "CONNECT_ARGS" not in name}
    return ours | {name: value for name, value in base.items() if name not in {"AIRFLOW_HOME", "PATH", "PYTHONPATH"}}


def _kept_secret(path: Path) -> str:
    """A random key that stays the same for this home; only its owner may read it."""
    if not path.exists():
        from cryptography.fernet import Fernet

        key = Fernet.generate_key().decode() if path.name == "fernet.key" else secrets.token_urlsafe(32)
        path.touch(mode=0o600)
        path.write_text(key, encoding="ascii")
    return path.read_text(encoding="ascii")
