"""Everything of Airflow that is used here and is not part of its public interface.

Each function says what it takes from Airflow, and what stands in its place when that is gone.
``tests/test_airflow_private.py`` asks the installed Airflow for each name. What is public:
https://airflow.apache.org/docs/apache-airflow/stable/public-airflow-interface.html
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Airflow looks at this variable to tell a server, which may read the metadata database, from a task.
PROCESS_CONTEXT = "_AIRFLOW_PROCESS_CONTEXT"

#: Where Airflow's UI sends a connection for its Test button. Airflow 3.3.1 and 3.3.2 refuse one without a port there
#: (mended by apache/airflow#73298); when the address is gone, :mod:`confluence_to_twig.web.test_button` can go, too.
CONNECTION_TEST_PATH = "/api/v2/connections/test"


@contextlib.contextmanager
def stored_connections() -> Iterator[None]:
    """Inside the block a lookup goes on to the metadata database, after secrets backend and environment.

    Takes the variable ``_AIRFLOW_PROCESS_CONTEXT``, as ``airflow connections`` does. Without it a process that is
    neither server nor task sees no stored connections: they then have to be given as ``AIRFLOW_CONN_…``.
    """
    before = os.environ.get(PROCESS_CONTEXT)
    os.environ[PROCESS_CONTEXT] = "server"
    try:
        yield
    finally:
        if before is None:
            del os.environ[PROCESS_CONTEXT]
        else:
            os.environ[PROCESS_CONTEXT] = before


def create_metadata_database() -> None:
    """Create the tables of the configured metadata database, which must be empty.

    Takes ``airflow.utils.db.initdb``; ``airflow db migrate`` in a process of its own does the same in twice the time.
    """
    from airflow.utils.db import initdb

    initdb()


def build_newest_task_api() -> None:
    """Have ``dag.test`` of this process build one version of the API of tasks instead of all: a third of a small sync.

    The tasks run in this process, so they speak the newest one. Takes the server that ``dag.test`` shares. Where anything
    of it is not as expected, or the result does not answer, Airflow builds what it would have built without this.
    """
    try:
        _build_newest_task_api()
    except Exception:
        logging.getLogger(__name__).warning("Airflow builds every version of its API of tasks.", exc_info=True)


def _build_newest_task_api() -> None:
    from airflow.sdk.api.client import API_VERSION
    from airflow.sdk.execution_time.supervisor import in_process_api_server
    from httpx import Client

    put_back = keep_newest_task_api()
    try:
        with Client(transport=in_process_api_server().transport, base_url="http://in-process.invalid") as client:
            client.get("/health", headers={"airflow-api-version": API_VERSION}).raise_for_status()
    except Exception:
        put_back()
        in_process_api_server.cache_clear()
        raise


def keep_newest_task_api() -> Callable[[], None]:
    """Leave only the newest version of the API of tasks for a server that this process builds. Returns what undoes it.

    Takes the versions and the routes of that API. Which routes only older versions have is asked of a route made for that.
    """
    import airflow.api_fastapi.execution_api.routes as routes
    import airflow.api_fastapi.execution_api.versions as versions
    from cadwyn import HeadVersion, Version, VersionBundle, VersionedAPIRouter
    from fastapi.routing import APIRoute

    example = VersionedAPIRouter()
    example.only_exists_in_older_versions(example.get("/")(lambda: None))
    older = {tag for route in example.routes if isinstance(route, APIRoute) for tag in route.tags}
    bundle, router = versions.bundle, routes.execution_api_router
    every = list(router.routes)

    def put_back() -> None:
        versions.bundle, router.routes[:] = bundle, every

    versions.bundle = VersionBundle(HeadVersion(), Version(bundle.versions[0].value))
    router.routes[:] = [route for route in every if older.isdisjoint(route.tags)]
    return put_back


def task_instances(database: Path) -> list[dict[str, Any]]:
    """``dag_id``, ``run_id``, ``run_state``, ``task_id``, ``map_index`` and ``state`` of every task instance.

    Takes the tables ``dag_run`` and ``task_instance`` of an SQLite metadata database; Airflow's REST API, which needs
    a server, answers the same. Empty while the tables do not exist.
    """
    query = (
        "SELECT r.dag_id, r.run_id, r.state AS run_state, t.task_id, t.map_index, t.state "
        "FROM dag_run r JOIN task_instance t ON t.dag_id = r.dag_id AND t.run_id = r.run_id"
    )
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query)]
        except sqlite3.OperationalError:
            return []


def signed_in_user() -> Any:
    """A FastAPI dependency: the user of a request; who is not signed in gets 401.

    Takes ``get_user`` of ``airflow.api_fastapi.core_api.security``. Without it the page can ask ``GET /auth/me`` of
    Airflow's REST API with the cookie of the request.
    """
    from airflow.api_fastapi.core_api.security import get_user

    return get_user


def may_use_dag(method: str, *, runs: bool = False) -> Any:
    """A FastAPI dependency: the user may read (``GET``) or add to (``POST``) the DAG in the path, or its runs; else 403.

    Takes ``requires_access_dag`` of ``airflow.api_fastapi.core_api.security``. Without it the page can ask
    ``GET /api/v2/dags/{dag_id}`` with the cookie of the request, which only tells who may read.
    """
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.core_api.security import requires_access_dag

    return requires_access_dag(method, DagAccessEntity.RUN) if runs else requires_access_dag(method)


def is_authorized(user: Any, dag_id: str, method: str, *, runs: bool = False) -> bool:
    """What :func:`may_use_dag` asks, also for a DAG that Airflow has not found yet.

    Takes the auth manager of the API server, and ``DagModel.get_team_name``. Without them the page can show what
    ``GET /api/v2/dags`` lists with the cookie of the request.
    """
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from airflow.models.dag import DagModel

    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    entity = {"access_entity": DagAccessEntity.RUN} if runs else {}
    return bool(get_auth_manager().is_authorized_dag(method=method, details=details, user=user, **entity))


def may_read_connection(user: Any, conn_id: str) -> bool:
    """Whether a user may read a connection, whether or not there is one of that name.

    Takes the auth manager of the API server, and ``Connection.get_team_name``. Without them the page can ask
    ``GET /api/v2/connections/{connection_id}`` with the cookie of the request.
    """
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails
    from airflow.models.connection import Connection

    details = ConnectionDetails(conn_id=conn_id, team_name=Connection.get_team_name(conn_id))
    return bool(get_auth_manager().is_authorized_connection(method="GET", details=details, user=user))
