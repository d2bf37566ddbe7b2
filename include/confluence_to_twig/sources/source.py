"""Source: one entry of ``sources.yaml``, a Confluence space that one DAG keeps in step with one Twig data source.

This module is imported at DAG parse time: it opens one file and imports nothing heavy.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from confluence_to_twig.sources.alert_settings import AlertSettings
from confluence_to_twig.sources.lookback import describe, parse_lookback
from confluence_to_twig.sources.space_key import SpaceKeyError, check_space_key

SOURCES_VARIABLE = "CONFLUENCE_TWIG_SOURCES"
DEFAULT_SOURCES = Path(__file__).resolve().parents[2] / "sources.yaml"

ContentKind = Literal["page", "blogpost"]
_KINDS: dict[str, ContentKind] = {"pages": "page", "blogposts": "blogpost"}


def _check_space_key(value: str) -> str:
    try:
        return check_space_key(value)
    except SpaceKeyError as error:
        raise ValueError(f"{error.summary} {error.remedy}") from None


def _check_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", value):
        raise ValueError(
            f"{value!r} cannot name a DAG; use letters, digits, '.', '-' and '_', at most 100, starting with a letter or digit"
        )
    return value


def _check_schedule(value: str | None) -> str | None:
    if value is None or value.strip().lower() in {"", "manual", "none"}:
        return None
    from croniter import CroniterBadCronError, croniter

    try:
        croniter(value)
    except (CroniterBadCronError, ValueError, KeyError):
        raise ValueError(
            f'{value!r} is not a cron expression; write five fields, for instance "0 2 * * *" for 02:00 UTC every day, '
            'or "manual" for a source that only runs when it is triggered'
        ) from None
    return value.strip()


def _content_kinds(value: Any) -> Any:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not set(map(str, names)) <= set(_KINDS):
        raise ValueError(f"{value!r} is not allowed; list one or both of: pages, blogposts")
    return tuple(dict.fromkeys(_KINDS[name] for name in names))


def _start_of_day(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


class Source(BaseModel):
    """One source. Field by field this is the configuration reference of the README.

    :raises pydantic.ValidationError: a field is missing, unknown or not allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, AfterValidator(_check_name)]
    space_key: Annotated[str, AfterValidator(_check_space_key)]
    schedule: Annotated[str | None, AfterValidator(_check_schedule)] = "0 2 * * *"
    lookback: Annotated[timedelta | None, BeforeValidator(lambda v: None if v is None else parse_lookback(v))] = None
    start_date: Annotated[datetime, BeforeValidator(_start_of_day)] = datetime(2024, 1, 1, tzinfo=UTC)
    catchup: bool = False
    owner: str = "data-engineering"
    tags: tuple[str, ...] = ()

    confluence_conn_id: str = "confluence_default"
    content: Annotated[tuple[ContentKind, ...], BeforeValidator(_content_kinds)] = ("page", "blogpost")
    restricted_pages: Literal["skip", "include"] = "skip"
    exclude_labels: tuple[str, ...] = ()
    comments: bool = False
    attachments: Literal["none", "names", "text"] = "names"
    render_macros: bool = True

    twig_conn_id: str = "twig_default"
    twig_name: str | None = None
    delivery: Literal["api", "files"] = "api"
    files_path: str | None = None
    files_format: Literal["folder", "zip"] = "folder"
    repair: bool = False

    confluence_pool: str | None = None
    twig_pool: str | None = None
    shard_size: Annotated[int, Field(ge=1, le=10_000)] = 5_000
    max_active_shards: Annotated[int, Field(ge=1, le=64)] = 4
    retries: Annotated[int, Field(ge=0, le=20)] = 3
    retry_delay: Annotated[timedelta, BeforeValidator(parse_lookback)] = timedelta(seconds=15)
    alerts: AlertSettings = AlertSettings()
    brake_pages: Annotated[int, Field(ge=1)] = 20
    brake_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    approval_timeout: Annotated[timedelta, BeforeValidator(parse_lookback)] = timedelta(days=3)
    keep_runs: Annotated[int, Field(ge=1)] = 30

    @model_validator(mode="after")
    def _files_need_a_path(self) -> Source:
        if self.delivery == "files" and not self.files_path:
            raise ValueError("files_path: delivery 'files' needs the folder or bucket that Twig reads from")
        return self

    @property
    def dag_id(self) -> str:
        """``confluence_to_twig__<name>``."""
        return f"confluence_to_twig__{self.name}"

    @property
    def data_source_name(self) -> str:
        """What the data source is called in Twig: ``twig_name``, else the source's own name."""
        return self.twig_name or self.name

    @property
    def lookback_text(self) -> str:
        """The lookback as the UI shows it."""
        return describe(self.lookback) if self.lookback else "whole space"


@dataclass(frozen=True)
class SourcesFile:
    """What a sources file yields: its usable sources, and one line for each mistake in it."""

    path: Path
    sources: tuple[Source, ...]
    problems: tuple[str, ...]

    def named(self, name: str) -> Source:
        """The source of that name. Raises ``KeyError`` with the names that exist."""
        for source in self.sources:
            if source.name == name:
                return source
        known = ", ".join(source.name for source in self.sources) or "none"
        raise KeyError(f"no source named {name!r} in {self.path.name}; known: {known}")


class SourcesError(ValueError):
    """At least one entry of the sources file is not usable; the text has one line for each mistake."""


def sources_path() -> Path:
    """``CONFLUENCE_TWIG_SOURCES`` if set, else ``include/sources.yaml``."""
    return Path(os.environ.get(SOURCES_VARIABLE) or DEFAULT_SOURCES)


def load_sources(path: Path | None = None) -> SourcesFile:
    """Read the sources file. Never raises for its content: a bad entry becomes a line in ``problems``."""
    path = path or sources_path()
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return SourcesFile(path, (), (f"{path}: there is no such file; set {SOURCES_VARIABLE} or create it",))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return SourcesFile(path, (), (f"{path.name}: not valid YAML: {_one_line(error)}",))
    entries = raw.get("sources") if isinstance(raw, dict) else None
    if not isinstance(entries, list):
        return SourcesFile(
            path, (), (f"{path.name}: write a top-level key 'sources:' with a list of sources below it",)
        )
    return _collect(path, entries)


def _collect(path: Path, entries: list[Any]) -> SourcesFile:
    sources: dict[str, Source] = {}
    problems: list[str] = []
    for number, entry in enumerate(entries, start=1):
        where = f"{path.name}: source {_label(entry, number)}"
        try:
            source = Source.model_validate(entry)
        except ValidationError as error:
            problems += [f"{where}, {_explain(detail)}" for detail in error.errors(include_url=False)]
            continue
        if source.name in sources:
            problems.append(f"{where}, field 'name': used twice; each source needs its own name, the first one is kept")
        else:
            sources[source.name] = source
    return SourcesFile(path, tuple(sources.values()), tuple(problems))


def _label(entry: Any, number: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return f"'{name}'" if name else f"number {number}"


def _explain(detail: Any) -> str:
    field = ".".join(str(part) for part in detail["loc"]) or None
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = f"unknown; allowed are {', '.join(Source.model_fields)}"
    elif detail["type"] == "missing":
        message = "missing; every source needs it"
    elif detail["type"] != "value_error":
        message = f"{message}, not {detail['input']!r}"
    if field is None:
        field, _, rest = message.partition(": ")
        message = rest or message
    return f"field '{field}': {message}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
