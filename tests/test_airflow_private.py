"""What is used of Airflow though it is not public. When one of these fails, :mod:`airflow_private` says what else there is."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from starlette.routing import Match

from confluence_to_twig import airflow_private
from confluence_to_twig.airflow_private import CONNECTION_TEST_PATH, PROCESS_CONTEXT, stored_connections, task_instances
from tests.conftest import HOME

PACKAGE = Path(airflow_private.__file__).parent
#: Packages that Airflow's page on its public interface names.
PUBLIC = (
    "airflow.sdk",
    "airflow.providers",
    "airflow.triggers.base",
    "airflow.plugins_manager",  # AirflowPlugin
)
USED = [
    ("airflow.api_fastapi.core_api.security", "get_user"),
    ("airflow.api_fastapi.core_api.security", "requires_access_dag"),
    ("airflow.api_fastapi.auth.managers.models.resource_details", "DagAccessEntity"),
    ("airflow.api_fastapi.auth.managers.models.resource_details", "DagDetails"),
    ("airflow.api_fastapi.app", "get_auth_manager"),
    ("airflow.api_fastapi.auth.managers.models.resource_details", "ConnectionDetails"),
    ("airflow.api_fastapi.execution_api.routes", "execution_api_router"),
    ("airflow.api_fastapi.execution_api.versions", "bundle"),
    ("airflow.sdk.api.client", "API_VERSION"),
    ("airflow.sdk.execution_time.supervisor", "in_process_api_server"),
    ("airflow.models.connection", "Connection"),
    ("airflow.models.dag", "DagModel"),
    ("airflow.utils.db", "initdb"),
]


def imported_from_airflow(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in names if name.split(".")[0] == "airflow"}


def test_no_other_module_uses_private_names() -> None:
    private = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in PACKAGE.rglob("*.py")
        if path.name != "airflow_private.py"
        for name in imported_from_airflow(path)
        if not name.startswith(PUBLIC)
    }
    assert private == set()


@pytest.mark.parametrize(("module", "name"), USED)
def test_airflow_still_has_what_is_used(module: str, name: str) -> None:
    assert hasattr(import_module(module), name), f"see {airflow_private.__name__} for what to use instead"


def test_the_adapter_uses_nothing_that_is_not_named_here() -> None:
    used = imported_from_airflow(PACKAGE / "airflow_private.py")
    assert used == {module for module, _ in USED}


def test_airflow_still_tests_connections_at_that_address() -> None:
    from airflow.api_fastapi.app import create_app

    request = {"type": "http", "method": "POST", "path": CONNECTION_TEST_PATH, "headers": []}
    assert Match.FULL in {route.matches(request)[0] for route in create_app(apps="core").routes}


def test_where_tasks_speak_another_version_of_their_api_airflow_builds_all_of_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.api_fastapi.execution_api import routes, versions
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    before = versions.bundle, list(routes.execution_api_router.routes)
    monkeypatch.setattr("airflow.sdk.api.client.API_VERSION", "2001-01-01")
    airflow_private.build_newest_task_api()
    assert "Airflow builds every version" in caplog.text
    assert (versions.bundle, list(routes.execution_api_router.routes)) == before
    assert in_process_api_server.cache_info().currsize == 0


def test_only_the_newest_version_of_the_api_of_tasks_is_built(
    airflow_db: None, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.api_fastapi.execution_api import versions
    from airflow.sdk.api.client import API_VERSION, Client
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    airflow_private.build_newest_task_api()
    assert [version.value for version in versions.bundle.versions] == [API_VERSION]
    assert "Airflow builds every version" not in caplog.text
    tasks = Client(base_url="http://in-process.invalid", token="", transport=in_process_api_server().transport)
    assert tasks.variables.get("unknown").error.value == "VARIABLE_NOT_FOUND"


@pytest.fixture
def stored(airflow_db: None) -> Iterator[str]:
    """The id of a connection that only the metadata database holds."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        connection = Connection(conn_id="only_stored", conn_type="twig", host="stored.example")
        session.add(connection)
        session.commit()
        yield "only_stored"
        session.delete(connection)


def test_a_bare_process_sees_stored_connections_inside_the_block_only(stored: str) -> None:
    with stored_connections():
        assert BaseHook.get_connection(stored).host == "stored.example"
    assert PROCESS_CONTEXT not in os.environ
    with pytest.raises(AirflowNotFoundException):
        BaseHook.get_connection(stored)


def test_the_environment_goes_before_the_metadata_database(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ONLY_STORED", "twig://environment.example")
    with stored_connections():
        assert BaseHook.get_connection(stored).host == "environment.example"


def test_task_instances_are_read_from_the_tables_of_this_airflow(airflow_db: None, tmp_path: Path) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

    assert {"dag_id", "run_id", "state"} <= set(DagRun.__table__.columns.keys())
    assert {"dag_id", "run_id", "task_id", "map_index", "state"} <= set(TaskInstance.__table__.columns.keys())
    assert isinstance(task_instances(HOME / "airflow.db"), list)
    empty = tmp_path / "empty.db"
    empty.touch()
    assert task_instances(empty) == []
