"""Confluence → Twig for Airflow: keep Twig data sources in step with Confluence.

The public names are imported when they are first used: every process of Airflow imports this package for its connection
types and its plugin.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confluence_to_twig.content import chunk_document as chunk_document
    from confluence_to_twig.content import storage_to_markdown as storage_to_markdown
    from confluence_to_twig.dag import build_dags as build_dags
    from confluence_to_twig.dag import confluence_to_twig as confluence_to_twig
    from confluence_to_twig.dag import raise_problems as raise_problems
    from confluence_to_twig.runs.params import form as run_params
    from confluence_to_twig.runs.texts import run_texts as run_texts

# Arrow asks for this once, when it is loaded: https://arrow.apache.org/docs/cpp/env_vars.html. Its own allocator keeps
# 50 MB of what a task has freed, also for its threads and files, which pyarrow.set_memory_pool does not reach.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

_PUBLIC = {
    "build_dags": "confluence_to_twig.dag",
    "confluence_to_twig": "confluence_to_twig.dag",
    "chunk_document": "confluence_to_twig.content",
    "raise_problems": "confluence_to_twig.dag",
    "run_params": "confluence_to_twig.runs.params:form",
    "run_texts": "confluence_to_twig.runs.texts",
    "storage_to_markdown": "confluence_to_twig.content",
}
__all__ = [
    "build_dags",
    "chunk_document",
    "confluence_to_twig",
    "raise_problems",
    "run_params",
    "run_texts",
    "storage_to_markdown",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        module, _, its_name = _PUBLIC[name].partition(":")
        return getattr(import_module(module), its_name or name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
