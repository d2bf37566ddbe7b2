"""The page "Confluence → Twig" where the package is on the path without being installed.

Where it is installed, Airflow finds the plugin by its entry point. A second one of the same name would be listed as an
import error, so this file then gives no class.
"""

from importlib.metadata import entry_points

if not entry_points(group="airflow.plugins", name="confluence_to_twig"):
    from confluence_to_twig.web.plugin import ConfluenceToTwigPlugin  # noqa: F401
