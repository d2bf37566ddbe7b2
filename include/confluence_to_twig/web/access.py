"""Who may see what: Airflow's own rights, asked through Airflow's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException

from confluence_to_twig.airflow_private import is_authorized, may_read_connection, may_use_dag, signed_in_user

if TYPE_CHECKING:
    from confluence_to_twig.sources.source import Source

#: Anybody who is signed in; anonymous callers get 401.
User = Annotated[Any, Depends(signed_in_user())]

#: The user may read the DAG named in the path; else 403.
MAY_READ = Depends(may_use_dag("GET"))

#: The user may start runs of the DAG named in the path; else 403. Asking Twig shows page texts, which is more than
#: Airflow shows to those who only watch, and spends some of Twig's request budget.
MAY_ASK = Depends(may_use_dag("POST", runs=True))


def may_read(user: Any, dag_id: str) -> bool:
    """Whether a user may read a DAG, whether or not Airflow has found it already."""
    return is_authorized(user, dag_id, "GET")


def may_ask(user: Any, dag_id: str) -> bool:
    """Whether :data:`MAY_ASK` lets a user through."""
    return is_authorized(user, dag_id, "POST", runs=True)


def sees_kept_out(user: Any, source: Source) -> bool:
    """Whether a user is shown titles and addresses of pages that are kept out or restricted: see ``discretion``."""
    return source.kept_out_titles == "editors" and is_authorized(user, source.dag_id, "PUT")


def require_connection(user: Any, conn_id: str) -> None:
    """Raises 403 for a user who may not read the connection in Airflow: what it sees is seen with its credentials."""
    if not may_read_connection(user, conn_id):
        summary, remedy = (
            "You may not use this connection",
            "It needs the right to read connections. Ask an Airflow admin.",
        )
        raise HTTPException(403, {"summary": summary, "remedy": remedy})
