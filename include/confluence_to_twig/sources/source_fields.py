"""The fields of an entry of ``sources.yaml``: kind, default and meaning of each, in the order of the documentation.

``docs/configuration.md`` is made of them (``docs/configuration_reference.py``). Imported when DAGs are parsed: nothing heavy.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from confluence_to_twig.sources.alert_settings import AlertSettings
from confluence_to_twig.sources.fields import (
    IN_SECONDS,
    NO_BOOLEAN,
    AttachmentsMode,
    ConnId,
    ContentKinds,
    Label,
    Location,
    Lookback,
    MaxAge,
    Name,
    PageReference,
    RenderAgain,
    Schedule,
    SpaceKey,
    SpacePattern,
    StartDate,
    SweepEvery,
    Tag,
    Text,
    TitlePattern,
    duration,
)
from confluence_to_twig.sources.placement import ExecutorConfig, Queue  # noqa: TC001 - pydantic reads them
from confluence_to_twig.sources.quality_settings import QualitySettings


class SourceFields(BaseModel):
    """What may be written about one source. :class:`confluence_to_twig.sources.source.Source` adds what must fit together."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: Name
    """Names the DAG and, unless `twig_name` does, the Twig data source."""
    space_key: SpaceKey = ""
    """The part after `/spaces/` in the space's address; case-sensitive."""
    spaces: Annotated[tuple[SpacePattern, ...], Field(max_length=1_000)] = ()
    """Instead of `space_key`: keys and patterns, such as `[PROD, "ENG*"]` or `["*"]` ([many
    spaces](selection.md#many-spaces))."""
    archived_spaces: Literal["skip", "include"] = "skip"
    """`include`: patterns fit archived spaces, too."""
    schedule: Schedule = "0 2 * * *"
    """Cron expression of five fields in UTC, `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, or `manual`."""
    lookback: Lookback = None
    """`90 days`, `12 hours`, `P90D` or a number of days, at least a minute: how far back a run reaches for pages that
    it has seen before and that Twig does not hold. Not set: the whole space."""
    start_date: StartDate = datetime(2024, 1, 1, tzinfo=UTC)
    """As in any DAG; at most a year ahead. A backfill cannot start before it."""
    catchup: bool = False
    """As in any DAG."""
    owner: Text = "data-engineering"
    """As shown in the UI."""
    tags: Annotated[tuple[Tag, ...], Field(max_length=100)] = ()
    """As shown in the UI."""

    confluence_conn_id: ConnId = "confluence_default"
    """The Airflow connection to Confluence."""
    content: ContentKinds = ("page", "blogpost")
    """Kinds of content: `pages`, `blogposts` or both."""
    restricted_pages: Literal["skip", "include", "audiences"] = "skip"
    """`include` lets pages with a read restriction into Twig, where everybody who may ask can read them. `audiences`
    gives those who may read a page a data source of their own: [audiences](audiences.md)."""
    max_audiences: Annotated[int, Field(ge=0, le=1_000), NO_BOOLEAN] = 20
    """With `audiences`: data sources besides that of everybody. Pages of further audiences stay out."""
    everyone_groups: tuple[Text, ...] = ()
    """Names or ids of Confluence groups in which everybody is who may ask Twig: a space that such a group may read is
    open."""
    unreadable_parents: Literal["skip", "include"] = "skip"
    """What counts of a folder, database, whiteboard or smart link whose restriction Confluence does not tell: `skip`
    keeps new pages below it out, `include` takes it for open."""
    kept_out_titles: Literal["hidden", "editors"] = "hidden"
    """The page *Confluence → Twig* counts pages that are kept out or restricted; `editors` shows their titles and
    addresses to those who may edit the DAG."""
    root_pages: tuple[PageReference, ...] = ()
    """Ids or titles of pages or folders: only these page trees ([selection](selection.md#page-trees))."""
    exclude_root_pages: tuple[PageReference, ...] = ()
    """The same, to leave page trees out."""
    include_labels: tuple[Label, ...] = ()
    """Only pages with one of these labels."""
    exclude_labels: tuple[Label, ...] = ()
    """Pages with one of these labels stay out and are taken out."""
    exclude_titles: tuple[TitlePattern, ...] = ()
    """Patterns with `*` and `?`, such as `"*(draft)"`; case does not matter."""
    max_age: MaxAge = None
    """Only pages modified within that time: `365 days`, at least an hour."""
    comments: bool = False
    """Appends the open comments of a page to its document."""
    attachments: AttachmentsMode = "names"
    """`none`, `names` (a list with links), `text` (also the [text of files](content.md#files)) or
    `documents` (each of these files is a [document of its own](confluence.md#files-as-documents))."""
    render_macros: bool = True
    """Fetches the rendered page where the storage format holds nothing to read, such as a page-properties report."""
    render_again: RenderAgain = timedelta(days=1)
    """A page whose text was rendered is rendered again after that time, at most 200 pages a run, the oldest first; `0`
    or `none`: never."""
    sweep_every: SweepEvery = None
    """The longest time between two full sweeps, a minute to 31 days; runs between them are
    [lanes](runs.md#full-sweeps-and-lanes). Not set: 1 hour below 2,000 pages, 6 hours below 20,000, a day above.
    Where the schedule leaves as much time between two runs, each run sweeps."""
    on_change: bool = False
    """Cloud only: beside the `schedule`, a run starts when something changed in one of its spaces ([on change](runs.md#on-change))."""
    poll_every: Annotated[timedelta, duration(timedelta(seconds=5), timedelta(hours=1)), IN_SECONDS] = timedelta(
        seconds=30
    )
    """With `on_change`: time between two looks."""
    quiet_for: Annotated[timedelta, duration(timedelta(0), timedelta(minutes=10)), IN_SECONDS] = timedelta(seconds=5)
    """With `on_change`: how long a burst of changes must have ended for."""

    twig_conn_id: ConnId = "twig_default"
    """The Airflow connection to Twig."""
    twig_name: Text | None = None
    """Name of the Twig data source. Not set: `name`. Two sources with one Twig connection need two: of such sources,
    the first one is kept."""
    delivery: Literal["api", "files"] = "api"
    """`files` writes [files](file-delivery.md) to a folder, drive or bucket that Twig reads."""
    files_path: Location | None = None
    """With `files`: the folder, drive or bucket."""
    files_format: Literal["docx", "txt", "md", "zip", "folder"] | None = None
    """Not set: `docx`, or what a source wrote before. `folder` is `md` without a limit, as in the first release."""
    files_limit: Annotated[int, Field(ge=1, le=10_000_000), NO_BOOLEAN] = 1_000
    """Files that this source may have; with more pages than that, pages share
    [bundles](file-delivery.md#plans-and-when-pages-share-a-file)."""
    repair: bool = False
    """Every run compares Twig with the manifest, document by document, and mends what differs."""
    files_settle: Annotated[timedelta, duration(timedelta(0), timedelta(days=366)), IN_SECONDS] = timedelta(hours=24)
    """With `delivery: files`, how long a page that Twig does not cite is waiting for Twig, before it is a warning
    ([verify](verify.md#delivery-by-files))."""
    audit_every: Annotated[timedelta, duration(timedelta(0), timedelta(days=366)), IN_SECONDS] = timedelta(hours=24)
    """How often `verify` compares all documents with Twig's list one by one, besides counts and what a run loaded;
    `0`: every run ([verify](verify.md))."""

    queue: Queue = {}
    """The queue of its tasks: one for all, or by kind: `{confluence: …, processor: …, twig: …}` ([which
    tasks](deploy.md#which-task-runs-where))."""
    executor_config: ExecutorConfig = {}
    """What your executor wants for its tasks, for all or by kind; `pod_override` as in YAML."""
    confluence_pool: Text | None = None
    """An Airflow pool for tasks that ask Confluence. A task that names a missing pool never starts."""
    twig_pool: Text | None = None
    """The same for tasks that ask Twig."""
    shard_size: Annotated[int, Field(ge=1, le=10_000), NO_BOOLEAN] = 5_000
    """Pages in a mapped task."""
    max_active_shards: Annotated[int, Field(ge=1, le=64), NO_BOOLEAN] = 4
    """Mapped tasks at a time."""
    retries: Annotated[int, Field(ge=0, le=20), NO_BOOLEAN] = 3
    """For faults that pass by themselves; other faults fail at once."""
    retry_delay: Annotated[timedelta, duration(timedelta(seconds=1), timedelta(days=1)), IN_SECONDS] = timedelta(
        seconds=15
    )
    """Time before the first retry."""
    alerts: AlertSettings = AlertSettings()
    """Who is told of failed runs, approvals, expiring tokens and stale sources: [alerts](alerts.md). Not set: only the
    log."""
    quality: QualitySettings = QualitySettings()
    """Limits of the verdict on each run, such as `{min_cited: 0.95}`: [quality gate](verify.md#quality-gate)."""
    brake_pages: Annotated[int, Field(ge=1, le=10_000_000), NO_BOOLEAN] = 20
    """A run asks before it takes out at least so many pages that are `brake_share` of the source."""
    brake_share: Annotated[float, Field(gt=0, le=1), NO_BOOLEAN] = 0.2
    """See `brake_pages`: a share of the source's pages. More than half of the text is asked about in any case."""
    brake_most: Annotated[int, Field(ge=1, le=10_000_000), NO_BOOLEAN] = 200
    """A run asks before it takes out so many pages, whatever share they are."""
    approval_timeout: Annotated[timedelta, duration(timedelta(minutes=1), timedelta(days=366)), IN_SECONDS] = timedelta(
        days=3
    )
    """No answer by then keeps the pages."""
    keep_runs: Annotated[int, Field(ge=1, le=10_000), NO_BOOLEAN] = 30
    """Run folders kept in staging, and as many of runs that broke off; the history keeps 1,500 lines."""
    keep_audit: Annotated[timedelta, duration(timedelta(days=31), timedelta(days=36_500)), IN_SECONDS] = timedelta(
        days=1_825
    )
    """How long the audit of deletions is kept, in whole months."""
