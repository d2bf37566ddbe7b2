"""Who may see what: Airflow's own rights, asked through Airflow's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException

from confluence_to_twig.airflow_private import is_authorized, may_read_connection, may_use_dag, signed_in_user

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.sources.source import Source

#: Anybody who is signed in; anonymous callers get 401.
User = Annotated[Any, Depends(signed_in_user())]

#: The user may read the DAG named in the path; else 403.
MAY_READ = Depends(may_use_dag("GET"))

#: The user may start runs of the DAG named in the path; else 403. Asking Twig shows page texts, which is more than
#: Airflow shows to those who only watch, and spends some of Twig's request budget.
MAY_ASK = Depends(may_use_dag("POST", runs=True))

_WHO = "for those who may edit the DAG, where the source says kept_out_titles: editors."
FOR_FEW = {"summary": "You may ask only for everybody", "remedy": f"Other audiences are {_WHO}"}
AGENT_FOR_FEW = {
    "summary": "The agent is not asked for you",
    "remedy": "It may answer from restricted pages, as a source with its Twig connection brings them to Twig. "
    f"The answer is {_WHO}",
}


def may_read(user: Any, dag_id: str) -> bool:
    """Whether a user may read a DAG, whether or not Airflow has found it already."""
    return is_authorized(user, dag_id, "GET")


def may_ask(user: Any, dag_id: str) -> bool:
    """Whether :data:`MAY_ASK` lets a user through."""
    return is_authorized(user, dag_id, "POST", runs=True)


def sees_kept_out(user: Any, source: Source) -> bool:
    """Whether a user is shown titles and addresses of pages that are kept out or restricted: see ``discretion``."""
    return source.kept_out_titles == "editors" and is_authorized(user, source.dag_id, "PUT")


def sees_all_of_agent(user: Any, source: Source, sources: Iterable[Source]) -> bool:
    """Whether a user may see whatever the agent of the source's Twig connection says.

    An agent reads every data source that it lists, so all sources of the connection that bring restricted pages to Twig
    have to show them to the user.
    """
    alike = (other for other in sources if other.twig_conn_id == source.twig_conn_id)
    return all(other.restricted_pages == "skip" or sees_kept_out(user, other) for other in alike)


def require_kept_out(user: Any, source: Source) -> None:
    """Raises 403 for a user who is not shown restricted pages: an answer for few people would show their text."""
    if not sees_kept_out(user, source):
        raise HTTPException(403, FOR_FEW)


def require_connection(user: Any, conn_id: str) -> None:
    """Raises 403 for a user who may not read the connection in Airflow: what it sees is seen with its credentials."""
    if not may_read_connection(user, conn_id):
        summary, remedy = (
            "You may not use this connection",
            "It needs the right to read connections. Ask an Airflow admin.",
        )
        raise HTTPException(403, {"summary": summary, "remedy": remedy})
