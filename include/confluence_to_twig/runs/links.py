"""Where a source can be looked at: links of its tasks, and the addresses behind them.

Imported when DAGs are parsed: nothing heavy at the top.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from confluence_to_twig.staging.binding import Binding
    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

#: Twig documents no address of a single data source in its web app; so the link leads to the app.
TWIG_APP = "https://app.twig.so"
_TWIG_HOSTS = {"api.twig.so", "app.twig.so", "twig.so", "www.twig.so"}


def twig_url(binding: Binding | None) -> str:
    """Where a person sees the data source: Twig's app, or the page of another Twig, such as the sandbox; else empty."""
    if binding is None:
        return ""
    host = urlsplit(binding.base_url).hostname or ""
    if host in _TWIG_HOSTS:
        return TWIG_APP
    return f"{binding.base_url}/?source={quote(binding.data_source_id, safe='')}"


def airflow_url(path: str) -> str:
    """A place in Airflow's UI, by ``[api] base_url``; empty if that is not set."""
    from airflow.sdk import conf

    base = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{base}/{path}" if base else ""


def plan_url(source: str, run_id: str, **wanted: str) -> str:
    """The plan of a run on the page *Confluence → Twig*. :param wanted: which rows: ``action``, ``outcome``, …"""
    query = urlencode({"run": run_id, **wanted})
    return airflow_url(f"plugin/confluence-to-twig/confluence-to-twig/#/{quote(source, safe='')}/plan?{query}")


class _SourceLink(BaseOperatorLink):
    """A link that the worker finds out at the end of the task and Airflow keeps with it. It never raises."""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address, or an empty text while there is none: then the UI shows no link."""
        try:
            return self._address(_staging(operator), ti_key.run_id)
        except Exception as error:
            log.warning("No link %r: %s", self.name, type(error).__name__)
            return ""

    def _address(self, staging: SourceStaging, run_id: str) -> str:
        raise NotImplementedError


class TwigLink(_SourceLink):
    """The Twig data source."""

    name = "Twig data source"

    def _address(self, staging: SourceStaging, run_id: str) -> str:
        from confluence_to_twig.staging.binding import read_binding

        return twig_url(read_binding(staging))


class SpaceLink(_SourceLink):
    """The Confluence space, as the run's first task found it."""

    name = "Confluence space"

    def _address(self, staging: SourceStaging, run_id: str) -> str:
        from confluence_to_twig.staging.files import read_json

        record = read_json(staging.run(run_id).home / "report" / "validate.json")
        return str((record["details"]["space"] or {}).get("url", ""))


def _staging(operator: Any) -> SourceStaging:
    """The operator that has just run knows the source of its run."""
    from confluence_to_twig.staging.layout import SourceStaging, staging_root

    return SourceStaging(staging_root(), operator.source.name)


#: For ``operator_extra_links`` of the tasks that end in Twig.
LINKS = (TwigLink(), SpaceLink())
