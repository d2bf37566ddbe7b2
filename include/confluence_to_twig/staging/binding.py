"""Binding: which Twig data source the staging of a source belongs to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.files import read_json, write_json

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging


@dataclass(frozen=True)
class Binding:
    """The data source that was found or created for a source.

    :param base_url: the Twig it is in; an id of another Twig means nothing here.
    """

    data_source_id: str
    name: str
    type: str
    base_url: str


def binding_path(staging: SourceStaging) -> ObjectStoragePath:
    """``<source>/twig.json``."""
    return staging.home / "twig.json"


def read_binding(staging: SourceStaging) -> Binding | None:
    """The remembered data source, or None. Raises :class:`~confluence_to_twig.errors.PermanentError` when the file is broken."""
    path = binding_path(staging)
    try:
        raw = read_json(path)
        return Binding(*(str(raw[name]) for name in ("data_source_id", "name", "type", "base_url")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise PermanentError(
            f"{path} is not readable ({type(error).__name__})", "Delete it: it is written anew by the next run."
        ) from error


def write_binding(staging: SourceStaging, binding: Binding) -> None:
    """Remember the data source; the file is replaced in one step."""
    write_json(binding_path(staging), asdict(binding))
