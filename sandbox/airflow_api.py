"""The few calls of Airflow's REST API that starting and watching a run needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.airflow_settings import AirflowSettings


#: Paths that answer 200 when an API server is ready for people, and for tasks: the routes of the latter are made when they are asked
#: for the first time, for several seconds of a processor, and on a busy machine the first task gives up before.
READY = ("api/v2/monitor/health", "execution/health")
#: An Airflow that shares two busy cores with its own start can take long over a call.
CALL_SECONDS = 120


class AirflowApi:
    """Airflow on loopback, signed in as the one admin that everybody is there.

    :param base_url: for instance ``http://127.0.0.1:8080``.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False

    def sign_in(self) -> None:
        """Get a token. Works while every user is an admin."""
        answer = self._session.get(f"{self.base_url}/auth/token", timeout=CALL_SECONDS)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """One call below ``/api/v2``. Raises ``requests.HTTPError`` with Airflow's own words."""
        answer = self._session.request(method, f"{self.base_url}/api/v2/{path}", timeout=CALL_SECONDS, **kwargs)
        if answer.status_code >= 400:
            raise requests.HTTPError(f"{method} {path}: {answer.status_code} {answer.text[:500]}", response=answer)
        return answer.json() if answer.content else None

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """The DAG's details, or None while the DAG processor has not found it."""
        try:
            found: dict[str, Any] = self.call("GET", f"dags/{dag_id}/details")
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                return None
            raise
        return found

    def runs(self, dag_id: str, *states: str) -> list[dict[str, Any]]:
        """The DAG's runs, oldest first, in one of the states if any are given."""
        found: list[dict[str, Any]] = self.call(
            "GET", f"dags/{dag_id}/dagRuns", params={"state": states, "order_by": "run_after", "limit": 100}
        )["dag_runs"]
        return found

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Start a run without a logical date."""
        run: dict[str, Any] = self.call(
            "POST", f"dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": dict(conf or {})}
        )
        return run

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Every task instance of a run."""
        found: list[dict[str, Any]] = self.call(
            "GET", f"dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances", params={"limit": 1000}
        )["task_instances"]
        return found

    def run_state(self, dag_id: str, run_id: str) -> str:
        """``queued``, ``running``, ``success`` or ``failed``."""
        return str(self.call("GET", f"dags/{dag_id}/dagRuns/{quote(run_id)}")["state"])

    def import_errors(self) -> list[dict[str, Any]]:
        """What the DAG processor could not import."""
        found: list[dict[str, Any]] = self.call("GET", "importErrors")["import_errors"]
        return found

    def apply(self, settings: AirflowSettings) -> None:
        """Create or replace the connections, pools and variables of ``airflow_settings.yaml``.

        A connection that somebody has pointed at another host than this machine stays as it is.
        """
        theirs = {found["connection_id"] for found in self._connections() if not _is_here(found.get("host"))}
        for conn_id, fields in settings.connections.items():
            if conn_id in theirs:
                continue
            body = {"connection_id": conn_id, **fields}
            if isinstance(body.get("extra"), dict):
                body["extra"] = json.dumps(body["extra"])
            self._upsert("connections", conn_id, body)
        for name, pool in settings.pools.items():
            self._upsert("pools", name, {"name": name, **pool, "include_deferred": False})
        for key, value in settings.variables.items():
            self._upsert("variables", key, {"key": key, "value": value})

    def _connections(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "connections", params={"limit": 1000})["connections"]
        return found

    def _upsert(self, kind: str, identity: str, body: Mapping[str, Any]) -> None:
        try:
            self.call("POST", kind, json=body)
        except requests.HTTPError as error:
            if error.response is None or error.response.status_code != 409:
                raise
            self.call("PATCH", f"{kind}/{quote(identity, safe='')}", json=body)


def _is_here(host: str | None) -> bool:
    name = urlsplit(host if "://" in (host or "") else f"//{host or ''}").hostname
    return name in {"127.0.0.1", "localhost", "::1"}
