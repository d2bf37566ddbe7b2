"""The page "Confluence → Twig" in Airflow's UI: as *Twig sync* in the navigation, and as a tab on each DAG.

Airflow finds the class by the entry point ``airflow.plugins``. Every process of Airflow imports this module, tasks
included, so it imports nothing: only the API server asks for app and middleware, which are imported then.
"""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin


class ConfluenceToTwigPlugin(AirflowPlugin):
    """Mounts the app and puts it into the UI."""

    name = "confluence_to_twig"
    external_views: ClassVar[list[dict[str, str]]] = [
        {
            "name": "Twig sync",  # the navigation has room for nine letters
            "href": "confluence-to-twig/",
            "destination": "nav",
            "url_route": "confluence-to-twig",
            "icon": "confluence-to-twig/static/icon.svg",
        },
        {
            "name": "Confluence → Twig",
            "href": "confluence-to-twig/?dag_id={DAG_ID}",
            "destination": "dag",
            "url_route": "confluence-to-twig-source",
            "icon": "confluence-to-twig/static/icon.svg",
        },
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        from confluence_to_twig.web.app import app

        return [{"app": app, "url_prefix": "/confluence-to-twig", "name": "Confluence to Twig"}]

    @property
    def fastapi_root_middlewares(self) -> list[dict[str, Any]]:
        from confluence_to_twig.web.test_button import PortlessTest

        return [{"middleware": PortlessTest, "name": "Test button for connections without a port"}]
