"""Discretion: titles and addresses of pages that are kept out of Twig or restricted are not for everybody who may look.

Who may read a DAG is decided in Airflow, who may see a page in Confluence. So the page counts such pages, and names them
to nobody; where the source says ``kept_out_titles: editors``, it names them to those who may edit its DAG.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.planning.decision import GONE, RESTRICTION_REASONS
from confluence_to_twig.runs.history import newest_first
from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.layout import RunStaging
from confluence_to_twig.staging.parquet import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging

Row = dict[str, Any]

WITHHELD = "This is about a page that is kept out of Twig or restricted, so it is not named here"
#: A text names a page as "Title (address): …", or as "Title (id): …".
_ADDRESS, _ID = re.compile(r"https?://\S+"), re.compile(r"\((\d+)\)")
_NOTHING: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


def is_kept_out(plan: pa.Table) -> pa.ChunkedArray:
    """True for the rows of a plan whose page is kept out of Twig, is restricted, or may be hidden from the account.

    A page that is deleted although Confluence still lists it is kept out from now on.
    """
    reason = plan["reason"]
    deleted = pc.and_(pc.equal(plan["action"], "delete"), pc.or_(pc.is_valid(plan["version"]), pc.equal(reason, GONE)))
    told = pc.is_in(reason, value_set=pa.array(sorted(RESTRICTION_REASONS)))
    found = pc.or_(pc.or_(pc.equal(plan["action"], "skip"), deleted), told)
    if "restricted" not in plan.column_names:  # a plan of an earlier release
        return found
    return pc.or_(found, pc.fill_null(plan["restricted"], fill_value=False))


class Discretion:
    """What one viewer is shown of a source. The newest plan says which pages are not for everybody.

    :param everything: the viewer may see all of it.
    """

    def __init__(self, staging: SourceStaging, *, everything: bool) -> None:
        self._staging = staging
        self._everything = everything

    @cached_property
    def _withheld(self) -> tuple[frozenset[str], frozenset[str]]:
        """Ids and addresses."""
        if self._everything:
            return _NOTHING
        plans = (_kept_out(RunStaging(self._staging.runs / row.folder).plan) for row in newest_first(self._staging))
        return next((found for found in plans if found is not None), _NOTHING)

    def of_plan(self, plan: pa.Table) -> pa.Table:
        """The rows of a plan, of any run, that may be shown."""
        if self._everything:
            return plan
        now = pc.is_in(plan["page_id"], value_set=pa.array(sorted(self._withheld[0]), pa.string()))
        return plan.filter(pc.invert(pc.or_(is_kept_out(plan), now)))

    def of_rows(self, rows: Iterable[Row]) -> list[Row]:
        """The rows with a ``page_id`` that may be shown."""
        ids, _ = self._withheld
        return [row for row in rows if row["page_id"] not in ids]

    def of_answer(self, answer: Any) -> Any:
        """The same JSON, without the texts that name a page that may not be shown."""
        if isinstance(answer, str):
            return WITHHELD if self._is_named_in(answer) else answer
        if isinstance(answer, dict):
            return {name: self.of_answer(value) for name, value in answer.items()}
        if isinstance(answer, list):
            return [self.of_answer(value) for value in answer]
        return answer

    def _is_named_in(self, text: str) -> bool:
        addresses, numbers = _ADDRESS.findall(text), _ID.findall(text)
        if not addresses and not numbers:
            return False
        ids, urls = self._withheld
        named = any(url in urls for found in addresses for url in _without_punctuation(found))
        return named or not ids.isdisjoint(numbers)


def _without_punctuation(text: str) -> Iterable[str]:
    """An address as it stands in a sentence, and without what may be the sentence's: ``…/1):``, ``…/1)``, ``…/1``."""
    yield text
    while text and not text[-1].isalnum():
        text = text[:-1]
        yield text


def _read_kept_out(path: ObjectStoragePath) -> tuple[frozenset[str], frozenset[str]]:
    plan = read_table(path)
    found = plan.filter(is_kept_out(plan))
    return frozenset(found["page_id"].to_pylist()), frozenset(found["url"].to_pylist())


_kept_out = Remembered(_read_kept_out, keep=200)
