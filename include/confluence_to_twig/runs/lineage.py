"""Lineage: what a task read and wrote, for OpenLineage. Imported when DAGs are parsed: nothing heavy at the top.

A dataset is named by the system that holds it (https://openlineage.io/docs/spec/naming), and the same in every run:

===============================================  =================================================
namespace, name                                  what it is
===============================================  =================================================
``confluence://<host>``, ``<space key>``         the space
``file`` or ``s3://<bucket>``, ``<…>/<kind>``    what a run stages: ``inventory``, ``plan``, ``pages``, ``documents``, ``chunks``
``twig``, ``<source>``                           what Twig holds for the source
===============================================  =================================================

A task makes its lineage while it runs, in its own process: OpenLineage asks for it in a fork of that process, where
connections cannot be looked up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging


@dataclass(frozen=True)
class Dataset:
    """A dataset as a task read or wrote it. None: not known.

    :param rows: read or written by this task. :param size: in bytes. :param fields: name and type of each column.
    :param rules: of the quality gate, as :meth:`confluence_to_twig.runs.quality.Verdict.to_json` has them.
    """

    namespace: str
    name: str
    rows: int | None = None
    size: int | None = None
    files: int | None = None
    fields: tuple[tuple[str, str], ...] = ()
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Lineage:
    """What a task read and wrote."""

    reads: tuple[Dataset, ...] = ()
    writes: tuple[Dataset, ...] = ()


def is_traced() -> bool:
    """Whether Airflow has an OpenLineage provider that sends events."""
    try:
        from airflow.providers.openlineage.conf import is_disabled
    except ImportError:
        return False
    return not is_disabled()


def space(host: str, space_key: str, rows: int | None = None) -> Dataset:
    """A Confluence space. :param host: of its site."""
    return Dataset(f"confluence://{host}", space_key, rows)


def twig(source: str, **known: Any) -> Dataset:
    """What Twig holds for a source."""
    return Dataset("twig", source, **known)


def staged(staging: SourceStaging, kind: str, paths: Iterable[ObjectStoragePath]) -> Dataset:
    """Files of one kind in a run's folder, with what they say of themselves. Files that are not there do not count."""
    from confluence_to_twig.staging.files import file_system
    from confluence_to_twig.staging.parquet import opened

    rows = size = files = 0
    fields: tuple[tuple[str, str], ...] = ()
    for path in paths:
        try:
            with opened(path) as (parquet, _):
                rows += parquet.metadata.num_rows
                fields = tuple((column.name, str(column.type)) for column in parquet.schema_arrow)
            size += file_system(path).size(path.path)
        except FileNotFoundError:
            continue
        files += 1
    home = staging.home
    if home.protocol == "file":
        return Dataset("file", f"{home.path}/{kind}", rows, size, files, fields)
    bucket, _, key = home.path.lstrip("/").partition("/")
    return Dataset(f"{home.protocol}://{bucket}", f"{key}/{kind}", rows, size, files, fields)


def to_openlineage(lineage: Lineage) -> Any:
    """The lineage as OpenLineage's provider takes it from an operator."""
    from airflow.providers.openlineage.extractors import OperatorLineage

    return OperatorLineage(inputs=[*map(_read, lineage.reads)], outputs=[*map(_written, lineage.writes)])


def _read(dataset: Dataset) -> Any:
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as assertions
    from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as metrics

    facets: dict[str, Any] = {}
    if dataset.rows is not None:
        facets["dataQualityMetrics"] = metrics.DataQualityMetricsInputDatasetFacet(
            columnMetrics={}, rowCount=dataset.rows, bytes=dataset.size, fileCount=dataset.files
        )
    if dataset.rules:
        facets["dataQualityAssertions"] = assertions.DataQualityAssertionsDatasetFacet(
            [
                assertions.Assertion(name, rule["good"], expected=str(rule["limit"]), actual=_shown(rule["value"]))
                for name, rule in dataset.rules.items()
            ]
        )
    return InputDataset(dataset.namespace, dataset.name, inputFacets=facets, facets=_columns(dataset))


def _written(dataset: Dataset) -> Any:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    facets: dict[str, Any] = {}
    if dataset.rows is not None:
        facets["outputStatistics"] = statistics.OutputStatisticsOutputDatasetFacet(
            dataset.rows, dataset.size, dataset.files
        )
    return OutputDataset(dataset.namespace, dataset.name, outputFacets=facets, facets=_columns(dataset))


def _columns(dataset: Dataset) -> dict[str, Any]:
    from openlineage.client.facet_v2 import schema_dataset as schema

    if not dataset.fields:
        return {}
    return {
        "schema": schema.SchemaDatasetFacet([schema.SchemaDatasetFacetFields(*column) for column in dataset.fields])
    }


def _shown(value: float | None) -> str | None:
    return None if value is None else str(value)
