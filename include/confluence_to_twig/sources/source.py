"""Source: one entry of ``sources.yaml``, Confluence spaces that one DAG keeps in step with one Twig data source.

This module is imported at DAG parse time: it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import Any

from pydantic import ValidationError, model_validator

from confluence_to_twig.sources.entries import Entries, UnusableError, read_entries
from confluence_to_twig.sources.location import SOURCES_VARIABLE as SOURCES_VARIABLE
from confluence_to_twig.sources.location import (
    LastGood,
    UnreadableError,
    configured_location,
    display_name,
    is_remote,
    read_text,
)
from confluence_to_twig.sources.lookback import describe
from confluence_to_twig.sources.mistakes import explain, shown
from confluence_to_twig.sources.source_fields import SourceFields

#: Keys and patterns that are named in a title.
NAMED_SPACES = 5
#: Between the name of a source's data source and what is added for an audience.
AUDIENCE_SEPARATOR = " · "
#: What may be given for the sources: where they are written down, or the sources themselves.
Sources = str | PathLike[str] | Iterable["Source | Mapping[str, Any]"]


class Source(SourceFields):
    """One source, whose fields fit together. ``docs/configuration.md`` describes every field.

    :raises pydantic.ValidationError: a field is missing, unknown or not allowed.
    """

    @model_validator(mode="after")
    def _files_need_a_path(self) -> Source:
        if self.delivery == "files" and not self.files_path:
            raise ValueError("files_path: delivery 'files' needs the folder or bucket that Twig reads from")
        return self

    @model_validator(mode="after")
    def _takes_nothing_in_and_out(self) -> Source:
        for wanted, unwanted in (("root_pages", "exclude_root_pages"), ("include_labels", "exclude_labels")):
            if both := sorted(set(getattr(self, wanted)) & set(getattr(self, unwanted))):
                raise ValueError(f"{unwanted}: {both[0]!r} stands in {wanted}, too; take it out of one of them")
        return self

    @model_validator(mode="after")
    def _has_spaces(self) -> Source:
        if not (self.space_key or self.spaces):
            raise ValueError('space_key: missing; every source needs it, or spaces, such as [PROD, "ENG*"]')
        if self.space_key and self.spaces:
            raise ValueError(
                f"spaces: stands beside space_key; write {self.space_key!r} into the list, or leave it out"
            )
        return self

    def frozen(self) -> dict[str, Any]:
        """The settings as JSON, to be read back by ``Source.model_validate``."""
        unset = set() if self.space_key else {"space_key"}
        return self.model_dump(mode="json", exclude=unset)

    @property
    def dag_id(self) -> str:
        """``confluence_to_twig__<name>``."""
        return f"confluence_to_twig__{self.name}"

    @property
    def spaces_text(self) -> str:
        """The space key, or keys and patterns, as messages and the UI show them."""
        more = len(self.spaces) - NAMED_SPACES
        return self.space_key or ", ".join(self.spaces[:NAMED_SPACES]) + (f" and {more} more" if more > 0 else "")

    @property
    def space_label(self) -> str:
        """The same in a sentence: ``space PROD``, ``spaces PROD, ENG*``."""
        return f"{'space' if self.space_key else 'spaces'} {self.spaces_text}"

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
    """What was given as sources yields: the usable ones, and one line for each mistake.

    :param location: where they are written down, as messages name it.
    """

    location: str
    sources: tuple[Source, ...]
    problems: tuple[str, ...]

    def named(self, name: str) -> Source:
        """The source of that name. Raises ``KeyError`` with the names that exist."""
        for source in self.sources:
            if source.name == name:
                return source
        known = ", ".join(source.name for source in self.sources) or "none"
        raise KeyError(f"no source named {name!r} in {self.location}; known: {known}")


class SourcesError(ValueError):
    """At least one source is not usable; the text has one line for each mistake."""


def load_sources(sources: Sources | None = None) -> SourcesFile:
    """Read the sources. Never raises for what they are: a bad one becomes a line in ``problems``.

    :param sources: where they are written down (a path, an object-storage URL or ``variable://name``), or a list of
        them; without it ``CONFLUENCE_TWIG_SOURCES``, else ``[confluence_to_twig] sources``, else
        ``$AIRFLOW_HOME/include/sources.yaml``.
    """
    if sources is None or isinstance(sources, (str, PathLike)):
        return _load(fspath(sources) if sources is not None else configured_location())
    if isinstance(sources, Mapping) or not isinstance(sources, Iterable):
        return SourcesFile("sources", (), (f"sources: write a list of sources, not {shown(sources)}",))
    return _collect("sources", Entries(dict(enumerate(sources, start=1))))


def _load(location: str) -> SourcesFile:
    shown = display_name(location)
    try:
        text = read_text(location)
        entries = read_entries(text)
    except UnreadableError as error:
        return _fall_back(location, str(error))
    except UnusableError as error:
        return _fall_back(location, f"{shown}: {error}")
    if is_remote(location) and not entries.problems:
        LastGood(location).write(text)
    return _collect(shown, entries)


def _fall_back(location: str, problem: str) -> SourcesFile:
    """The sources of the last good read of a store, and why they are needed."""
    shown = display_name(location)
    kept = LastGood(location).read() if is_remote(location) else None
    if kept is None:
        return SourcesFile(shown, (), (problem,))
    text, moment = kept
    file = _collect(shown, read_entries(text))
    stale = f"{problem}; the sources are those of the last good read, {moment:%Y-%m-%d %H:%M} UTC"
    return SourcesFile(shown, file.sources, (stale, *file.problems))


@dataclass
class _Collected:
    sources: dict[str, Source] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def _collect(location: str, entries: Entries) -> SourcesFile:
    found = _Collected()
    for number, why in entries.problems:
        found.problems.append(f"{location}: source number {number}: {why}" if number else f"{location}: {why}")
    for key in entries.other_keys:
        if key in Source.model_fields:
            found.problems.append(f"{location}: field '{key}' stands beside 'sources:'; indent it below its source")
    for number, entry in entries.found.items():
        where = f"{location}: source {_label(entry, number)}"
        try:
            _add(found, where, entry)
        except Exception as error:
            # Whatever an entry is made of, it takes nothing but itself away.
            found.problems.append(f"{where}: cannot be read ({type(error).__name__}); write it as the README shows")
    return SourcesFile(location, tuple(found.sources.values()), tuple(found.problems))


def _add(found: _Collected, where: str, entry: Any) -> None:
    try:
        source = Source.model_validate(entry)
    except ValidationError as error:
        found.problems += [f"{where}, {explain(Source, detail)}" for detail in error.errors(include_url=False)]
        return
    if source.name in found.sources:
        problem = "used twice; each source needs its own name, the first one is kept"
        found.problems.append(f"{where}, field 'name': {problem}")
    elif source.delivery == "api" and (other := _with_the_same_target(found, source)):
        problem = (
            f"{source.data_source_name!r} is the Twig data source of source {other.name!r} too; each would replace"
        )
        problem += " the pages of the other. Write a twig_name that no other source has; the first source is kept"
        found.problems.append(f"{where}, field 'twig_name': {problem}")
    else:
        found.sources[source.name] = source


def _with_the_same_target(found: _Collected, source: Source) -> Source | None:
    """The earlier source that loads into the same data source over the same Twig connection, or may do so for an audience."""
    for other in found.sources.values():
        one, two = sorted((source, other), key=lambda entry: len(entry.data_source_name))
        named_alike = one.data_source_name == two.data_source_name or (
            one.restricted_pages == "audiences"
            and two.data_source_name.startswith(f"{one.data_source_name}{AUDIENCE_SEPARATOR}")
        )
        if named_alike and (one.delivery, one.twig_conn_id) == (two.delivery, two.twig_conn_id):
            return other
    return None


def _label(entry: Any, number: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else getattr(entry, "name", None)
    return f"'{name[:100]}'" if isinstance(name, str) and name.strip() else f"number {number}"
