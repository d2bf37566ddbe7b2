"""Airflow's API server with the roles of its own SimpleAuthManager, in this process."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from confluence_to_twig.sources.source import SOURCES_VARIABLE
from confluence_to_twig.staging.layout import ROOT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

#: ``user`` may edit DAGs and start runs, ``viewer`` only looks, ``stranger`` may nothing.
PASSWORDS = {name: f"{name}-password" for name in ("admin", "user", "viewer", "stranger")}


@contextlib.contextmanager
def app_with_roles(folder: Path) -> Iterator[FastAPI]:
    """The app, with users whose passwords are :data:`PASSWORDS`; needs the metadata database.

    :param folder: holds ``sources.yaml``; ``staging`` in it is the staging.
    """
    from airflow.api_fastapi.app import create_app, purge_cached_app

    (folder / "passwords.json").write_text(json.dumps(PASSWORDS), encoding="ascii")
    with pytest.MonkeyPatch.context() as patch:
        users = "admin:admin,user:user,viewer:viewer,stranger:"
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", users)
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(folder / "passwords.json"))
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "only-for-this-test-" + "x" * 64)
        patch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")  # as Airflow's API server sets it
        patch.setenv(SOURCES_VARIABLE, str(folder / "sources.yaml"))
        patch.setenv(ROOT_VARIABLE, str(folder / "staging"))
        purge_cached_app()
        yield create_app("core")
        purge_cached_app()
