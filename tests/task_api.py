"""The API over which tasks talk to Airflow."""

from __future__ import annotations

from functools import cache


@cache
def keep_newest() -> None:
    """Spare the process several seconds: Airflow builds every version of this API, and the tasks of tests speak the newest."""
    from airflow.api_fastapi.execution_api import routes, versions
    from cadwyn import HeadVersion, Version, VersionBundle
    from cadwyn.route_generation import _DELETED_ROUTE_TAG  # what only older versions have

    versions.bundle = VersionBundle(HeadVersion(), Version(versions.bundle.versions[0].value))
    kept = [route for route in routes.execution_api_router.routes if _DELETED_ROUTE_TAG not in route.tags]
    routes.execution_api_router.routes[:] = kept
