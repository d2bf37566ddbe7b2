"""The operators of the tasks that do not wait: discover, extract, transform.

Imported when DAGs are parsed: nothing heavy at the top; the work itself is in the module named like the task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from confluence_to_twig.runs.run import Run
from confluence_to_twig.tasks.idle import SkipsIdle
from confluence_to_twig.tasks.traced import Traced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from confluence_to_twig.sources.source import Source


class DiscoverOperator(Traced, BaseOperator, SkipsIdle):
    """Look at the space and write the plan. Where that has nothing for them, all tasks up to verify are skipped.

    :param source: the source whose run this task belongs to. :param validated: what validate returned.
    :returns: one entry for each shard of the pages to fetch.
    """

    template_fields = ("validated",)
    inherits_from_skipmixin = True

    def __init__(self, *, source: Source, validated: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.validated = validated

    def execute(self, context: Context) -> list[dict[str, int]]:
        """Plan."""
        from confluence_to_twig.tasks.discover import discover

        run = Run.of(self.source, context)
        found = discover(run, self.validated)
        self.trace(run)
        if found.is_idle:
            self.skip_idle(context, "extract", "transform", "load", "prune")
        return found.shards


class ExtractOperator(Traced, BaseOperator):
    """Fetch the pages of one shard.

    :param shard: an entry of what discover returned.
    """

    template_fields = ("validated", "shard")

    def __init__(self, *, source: Source, validated: Any, shard: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.validated = validated
        self.shard = shard

    def execute(self, context: Context) -> dict[str, Any]:
        """Fetch; a second try asks only for what is missing."""
        from confluence_to_twig.tasks.extract import extract

        _name_map_index(context, f"pages {self.shard['first']}-{self.shard['last']}")
        run = Run.of(self.source, context)
        extracted = extract(run, self.validated, self.shard)
        self.trace(run)
        return extracted


class TransformOperator(Traced, BaseOperator):
    """Make documents and chunks of the pages of one shard.

    :param extracted: what extract returned for it. :param shards: what discover returned.
    """

    template_fields = ("extracted", "shards")

    def __init__(self, *, source: Source, extracted: Any, shards: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.extracted: Mapping[str, Any] = extracted
        self.shards: Sequence[Mapping[str, Any]] = shards

    def execute(self, context: Context) -> dict[str, Any]:
        """Convert; a page that fails is quarantined."""
        from confluence_to_twig.tasks.transform import skip_unplanned, transform

        skip_unplanned(self.extracted, self.shards)
        pages = self.extracted["pages"]
        _name_map_index(context, "1 page" if pages == 1 else f"{pages} pages")
        run = Run.of(self.source, context)
        transformed = transform(run, self.extracted)
        self.trace(run)
        return transformed


def _name_map_index(context: Context, name: str) -> None:
    """Show ``name`` instead of a number in the UI; the task's ``map_index_template`` is ``{{ map_name }}``."""
    context["map_name"] = name
