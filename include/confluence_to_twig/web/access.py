"""Who may see what: Airflow's own rights, asked through Airflow's own code.

The modules below ``airflow.api_fastapi`` are not a public interface, so this is the only file that imports them; the
tests sign in as real users against the Airflow version that the project pins.
"""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from airflow.models.dag import DagModel
from fastapi import Depends

#: Anybody who is signed in; anonymous callers get 401.
User = Annotated[Any, Depends(get_user)]

#: The user may read the DAG named in the path; else 403.
MAY_READ = Depends(requires_access_dag("GET"))

#: The user may start runs of the DAG named in the path; else 403. Asking Twig shows page texts, which is more than
#: Airflow shows to those who only watch, and spends some of Twig's request budget.
MAY_ASK = Depends(requires_access_dag("POST", DagAccessEntity.RUN))


def may_read(user: Any, dag_id: str) -> bool:
    """Whether a user may read a DAG, whether or not Airflow has found it already."""
    return bool(get_auth_manager().is_authorized_dag(method="GET", details=_details(dag_id), user=user))


def may_ask(user: Any, dag_id: str) -> bool:
    """Whether :data:`MAY_ASK` lets a user through."""
    allowed = get_auth_manager().is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=_details(dag_id), user=user
    )
    return bool(allowed)


def _details(dag_id: str) -> DagDetails:
    return DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
