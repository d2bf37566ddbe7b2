"""Shows every mistake in the sources file as an import error of this file; a DAG of a good source is never held back."""

from __future__ import annotations

# Airflow only parses files that mention "dag" and "airflow".
from confluence_to_twig.sources.source import SourcesError, load_sources

if problems := load_sources().problems:
    raise SourcesError("\n".join(problems))
