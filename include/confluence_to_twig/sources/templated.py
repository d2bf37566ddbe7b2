"""A source whose settings are templates: what of it is known when a DAG file is parsed, and what it is in a run.

Imported when DAGs are parsed: nothing heavy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.sources.mistakes import explain
from confluence_to_twig.sources.source import Source, SourcesError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Settings that Airflow needs when the DAG file is parsed.
SHAPING = frozenset(
    {
        "queue",
        "executor_config",
        "confluence_pool",
        "twig_pool",
        "max_active_shards",
        "retries",
        "retry_delay",
        "approval_timeout",
    }
)
#: Settings of a source that are the DAG's own in somebody's own DAG.
_OF_THE_DAG = frozenset(
    {"schedule", "start_date", "catchup", "on_change", "poll_every", "quiet_for", "owner", "tags", "alerts"}
)
#: Settings that name the space and what Twig holds.
_NAMING = ("name", "space_key", "spaces", "confluence_conn_id")
_PLACEHOLDERS = {"name": "templated", "space_key": "TEMPLATED"}


def shape_of(settings: Mapping[str, Any]) -> Source:
    """What shapes the DAG, with placeholders for templates; and a check of everything that is not a template.

    :raises SourcesError: a setting is unknown or not allowed.
    """
    if wrong := sorted(_OF_THE_DAG & settings.keys()):
        raise SourcesError(f"{', '.join(wrong)}: set this on the DAG that the task group is in")
    if wrong := sorted(name for name in SHAPING & settings.keys() if _is_template(settings[name])):
        raise SourcesError(f"{', '.join(wrong)}: shapes the DAG, so it cannot be a template")
    literal = {name: value for name, value in settings.items() if not _is_template(value)}
    if "files_path" in settings:
        literal.setdefault("files_path", _PLACEHOLDERS["name"])
    try:
        return Source.model_validate({**_placeholders(settings), **literal})
    except ValidationError as error:
        raise SourcesError("\n".join(_lines(error))) from None


def _placeholders(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What stands for the required settings, where a template gives them in a run."""
    if "spaces" in settings:
        return {"name": _PLACEHOLDERS["name"], "spaces": [_PLACEHOLDERS["space_key"]]}
    return dict(_PLACEHOLDERS)


def named_by(settings: Mapping[str, Any]) -> Source | None:
    """A source with the name, space and connection of these settings; None where a template names one of them."""
    naming = {name: settings[name] for name in _NAMING if name in settings}
    return None if _is_template(naming) else rendered(naming)


def rendered(settings: Mapping[str, Any]) -> Source:
    """The source of a run.

    :param settings: the settings as Airflow rendered them.
    :raises PermanentError: what came out is not allowed.
    """
    named = dict(settings)
    if not named.get("name"):
        named["name"] = re.sub(r"[^A-Za-z0-9._-]", "-", str(named.get("space_key") or "")).strip("-._")
    try:
        return Source.model_validate(named)
    except ValidationError as error:
        raise PermanentError(
            "The rendered settings are not those of a source: " + "; ".join(_lines(error)),
            "Look at the rendered templates of this task, correct what they come from, and clear it.",
        ) from None


def _is_template(value: Any) -> bool:
    """Whether Airflow's templating changes a value, wherever in it."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, (list, tuple)):
        return any(map(_is_template, value))
    return isinstance(value, dict) and any(map(_is_template, value.values()))


def _lines(error: ValidationError) -> list[str]:
    return [explain(Source, detail) for detail in error.errors(include_url=False)]
