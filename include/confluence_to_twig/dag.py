"""
### Confluence → Twig

Keeps one Twig data source in step with Confluence spaces.

```
validate → discover → extract[shard] → transform[shard]
         → load → prune → verify
```

| task | what it does | when it is red |
|---|---|---|
| validate | proves both connections, finds the space, resolves the window | the message says what to change, and where |
| discover | sweeps the space, compares it with what Twig holds, writes the plan with a reason for every page | retries by itself; an incomplete sweep deletes nothing |
| extract | fetches the bodies of the planned pages | a retry asks only for what is missing |
| transform | storage format → Markdown → chunks | never for one bad page: that page is quarantined |
| load | sends what differs, remembers every acknowledged batch | clear it: it goes on where it stopped |
| prune | deletes what is gone; many deletions at once wait for approval | clear it |
| verify | waits for Twig, compares counts, asks Twig for sample pages | names each page that is not right |

Trigger it by hand with *Whole space*, *Modified since* or *Only these pages*; start a backfill for past windows.
Every task can be cleared at any time: the end state is the same.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import (
    AssetOrTimeSchedule,
    AssetWatcher,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    TaskGroup,
    dag,
    get_parsing_context,
    task,
)

from confluence_to_twig.alerts.notify import ApprovalNeeded, alerts_of, token_expires
from confluence_to_twig.planning.spaces import is_pattern
from confluence_to_twig.runs.assets import changes_asset, former_space_asset, space_asset, twig_asset
from confluence_to_twig.runs.params import form
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.placement import placed
from confluence_to_twig.sources.source import Source, Sources, SourcesError, SourcesFile, load_sources
from confluence_to_twig.sources.templated import SHAPING, named_by, rendered, shape_of
from confluence_to_twig.tasks.load import LoadOperator
from confluence_to_twig.tasks.operators import DiscoverOperator, ExtractOperator, TransformOperator
from confluence_to_twig.tasks.prune import PruneOperator
from confluence_to_twig.tasks.retries import retries
from confluence_to_twig.tasks.verify import VerifyOperator

if TYPE_CHECKING:
    from airflow.sdk import DAG, Asset

log = logging.getLogger(__name__)


def timetable(source: Source) -> Any:
    """The data interval is the lookback; without one, intervals tile the time so that a backfill covers it once."""
    if source.schedule is None:
        return None
    if source.lookback is None:
        return CronDataIntervalTimetable(source.schedule, timezone="UTC")
    return CronTriggerTimetable(source.schedule, timezone="UTC", interval=source.lookback)


def schedule_of(source: Source) -> Any:
    """The timetable; for a source that runs on change, changes as well."""
    times = timetable(source)
    if not source.on_change:
        return times
    from confluence_to_twig.tasks.change_trigger import ChangeTrigger

    trigger = ChangeTrigger(
        source.name,
        source.confluence_conn_id,
        list(source.spaces) or [source.space_key],
        list(source.content),
        archived=source.archived_spaces == "include",
        poll_every=source.poll_every.total_seconds(),
        quiet_for=source.quiet_for.total_seconds(),
        sweep_every=source.sweep_every.total_seconds() if source.sweep_every else None,
    )
    changes = [changes_asset(source=source.name, watchers=[AssetWatcher(name=source.name, trigger=trigger)])]
    return AssetOrTimeSchedule(timetable=times, assets=changes) if times else changes


def build(source: Source) -> DAG:
    """The DAG of one source."""

    @dag(
        dag_id=source.dag_id,
        auto_register=False,
        dag_display_name=f"Confluence {source.spaces_text} → Twig {source.data_source_name}",
        description=f"{source.space_label[:1].upper()}{source.space_label[1:]} to Twig data source {source.data_source_name}, {source.lookback_text}",
        schedule=schedule_of(source),
        start_date=source.start_date,
        catchup=source.catchup,
        max_active_runs=1,
        doc_md=__doc__,
        tags=["confluence", "twig", *source.tags],
        default_args={"owner": source.owner, **retries(source)},
        params=form(),
        **alerts_of(source),
    )
    def confluence_to_twig() -> None:
        _wire(source, assets_of=source)

    return confluence_to_twig()


def confluence_to_twig(*, space_key: str = "", group_id: str = "confluence_to_twig", **settings: Any) -> TaskGroup:
    """The tasks that bring one space, or several, into step with Twig, as a task group of a DAG of one's own.

    All settings that say what is synced, and where to, are templates: ``space_key``, ``name``, ``confluence_conn_id``,
    ``twig_conn_id``, ``twig_name`` and every other one that is not named below. ``validate`` renders them (they are in its
    template field ``op_kwargs``), checks them and freezes them for the run. Where no template names space, connection and
    source, each finished run is an event of the asset ``twig://<name>``, as for a source of ``sources.yaml``.

    :param space_key: key of the space; or leave it out and give ``spaces``.
    :param group_id: as for every task group; it comes before the names of the tasks.
    :param settings: fields of a source in ``sources.yaml``. ``name`` is what staging and Twig call the source; without it
        the space key. No templates, since they shape the DAG: ``queue``, ``executor_config``, ``confluence_pool``,
        ``twig_pool``, ``max_active_shards``, ``retries``, ``retry_delay``, ``approval_timeout``. Not here, since they are
        the DAG's own: ``schedule``, ``start_date``, ``catchup``, ``owner``, ``tags``, ``alerts``.
    :raises SourcesError: a setting is unknown, or is no template and not allowed.
    """
    given = {"space_key": space_key, **settings} if space_key else settings
    shape = shape_of(given)
    with TaskGroup(group_id=group_id, default_args=retries(shape)) as group:
        templates = {name: value for name, value in given.items() if name not in SHAPING}
        _wire(shape, templates, assets_of=named_by(given))
    return group


def _wire(
    source: Source,
    settings: dict[str, Any] | None = None,
    *,
    assets_of: Source | None,
) -> None:
    """The seven tasks, in the DAG or task group of the enclosing block.

    :param source: the source; where there are ``settings``, only what shapes the DAG counts of it.
    :param settings: templates; what they are rendered to is the source.
    :param assets_of: the source whose space is read and whose documents are written; None: not known before the run.
    """
    inlets, outlets = _assets(assets_of)
    from_confluence = {"pool": source.confluence_pool, **placed(source, "confluence")}

    @task(multiple_outputs=False, **from_confluence)  # not an XCom, and a request, for each of its parts as well
    def validate(settings: dict[str, Any] | None = None) -> dict[str, Any]:
        from confluence_to_twig.tasks.validate import validate as step

        of_run = source if settings is None else rendered(settings)
        return step(Run.current(of_run), token_expires=token_expires)

    validated = validate() if settings is None else validate(settings)
    of_shard = {"max_active_tis_per_dagrun": source.max_active_shards, "map_index_template": "{{ map_name }}"}
    discover = DiscoverOperator(
        task_id="discover", source=source, validated=validated, inlets=inlets, **from_confluence
    )
    extract = ExtractOperator.partial(
        task_id="extract", source=source, validated=validated, **of_shard, **from_confluence
    ).expand(shard=discover.output)
    transform = TransformOperator.partial(
        task_id="transform", source=source, shards=discover.output, **of_shard, **placed(source, "processor")
    ).expand(extracted=extract.output)
    to_twig = {"source": source, "pool": source.twig_pool, **placed(source, "twig")}
    load = LoadOperator(task_id="load", transformed=transform.output, **to_twig)
    prune = PruneOperator(task_id="prune", notifiers=[ApprovalNeeded(source)], **to_twig)
    verify = VerifyOperator(task_id="verify", inlets=inlets, outlets=outlets, **to_twig)
    load >> prune >> verify
    # Where discover skips all in between, verify comes right after it.
    discover >> verify


def _assets(source: Source | None) -> tuple[list[Asset], list[Asset]]:
    """What a run reads, and what it writes."""
    if source is None:
        return [], []
    keys = [source.space_key] if source.space_key else [entry for entry in source.spaces if not is_pattern(entry)]
    spaces = [space_asset(conn_id=source.confluence_conn_id, space_key=key) for key in keys]
    former = [former_space_asset(source.space_key)] if source.space_key else []
    return [*spaces, *former], [twig_asset(source=source.name)]


def build_dags(sources: Sources | None = None) -> list[DAG]:
    """One DAG for each good source, for a DAG file; Airflow registers them by itself.

    Never raises for a source: what is wrong is logged, and :func:`raise_problems` shows it.

    :param sources: a path, an object-storage URL, ``variable://name``, or a list of sources; without it
        ``CONFLUENCE_TWIG_SOURCES``, else ``$AIRFLOW_HOME/include/sources.yaml``.
    """
    dags, problems = _build_each(load_sources(sources))
    for problem in problems:
        log.warning("%s", problem)
    for built in dags:
        # Airflow registers a DAG that is used in a block; one that broke off while it was built never gets here.
        built.auto_register = True
        with built:
            pass
    return dags


def raise_problems(sources: Sources | None = None) -> None:
    """Show every mistake in the sources as an import error of the DAG file that calls this.

    In a file of its own it never holds back a DAG of a good source.

    :param sources: as for :func:`build_dags`.
    :raises SourcesError: there is a mistake; one line for each.
    """
    _, problems = _build_each(load_sources(sources))
    if problems:
        raise SourcesError("\n".join(problems))


def _build_each(file: SourcesFile) -> tuple[list[DAG], list[str]]:
    """The DAGs of a file, and its problems with those that building them brought up.

    A task's process asks for its own DAG only (https://airflow.apache.org/docs/apache-airflow/stable/howto/
    dynamic-dag-generation.html), so that a task starts as fast beside a hundred sources as beside one.
    """
    dags, problems = [], list(file.problems)
    wanted = get_parsing_context().dag_id
    for source in file.sources:
        if wanted is not None and wanted != source.dag_id:
            continue
        try:
            built = build(source)
            built.timetable.validate()
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            problems.append(f"{file.location}: source '{source.name}': Airflow refuses it as a DAG: {reason}")
        else:
            dags.append(built)
    return dags, problems
