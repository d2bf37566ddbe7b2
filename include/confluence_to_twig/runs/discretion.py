"""Discretion: titles and addresses of pages that are kept out of Twig or restricted are not for everybody who may look.

Who may read a DAG is decided in Airflow, who may see a page in Confluence. Whoever reads the DAG reads its logs and its
errors, and alerts go to many: there such pages are counted and never named. The records in staging name them; the page
*Confluence → Twig* shows them to those who may see them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.planning.decision import GONE, RESTRICTION_REASONS
from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.parquet import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import RunStaging

WITHHELD = "This is about a page that is kept out of Twig or restricted, so it is not named here"
#: Before a run has a plan, nobody knows whether a page is for everybody.
NOT_YET_KNOWN = "This names a page, so it stands on the page Confluence → Twig only, for those who may see it"
#: A text names a page as "Title (address): …", as "Title (id): …", or as "page id".
_ADDRESS, _ID = re.compile(r"https?://\S+"), re.compile(r"\(((?:att)?\d+)\)|\bpage (\d+)\b")
_PAGE_ADDRESS = re.compile(r"/pages/|/blog/|[?&]pageId=|/display/")


def is_kept_out(plan: pa.Table) -> pa.ChunkedArray:
    """True for the rows of a plan whose page is kept out of Twig, is restricted, or may be hidden from the account.

    A page that is deleted although Confluence still lists it is kept out from now on. With ``restricted_pages: audiences``
    a page is restricted as well where only some may read its space.
    """
    reason = plan["reason"]
    deleted = pc.and_(pc.equal(plan["action"], "delete"), pc.or_(pc.is_valid(plan["version"]), pc.equal(reason, GONE)))
    told = pc.is_in(reason, value_set=pa.array(sorted(RESTRICTION_REASONS)))
    found = pc.or_(pc.or_(pc.equal(plan["action"], "skip"), deleted), told)
    if "target" in plan.column_names:
        found = pc.or_(found, pc.fill_null(pc.not_equal(plan["target"], ""), fill_value=False))
    if "restricted" not in plan.column_names:  # a plan of an earlier release
        return found
    return pc.or_(found, pc.fill_null(plan["restricted"], fill_value=False))


@dataclass(frozen=True)
class Withheld:
    """Pages that are not to be named: their ids, addresses and titles."""

    ids: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()

    def is_named_in(self, text: str) -> bool:
        """Whether a text names one of them."""
        if not self.ids:
            return False
        addresses, numbers = _ADDRESS.findall(text), _ids_in(text)
        named = any(url in self.urls for found in addresses for url in _without_punctuation(found))
        return named or not self.ids.isdisjoint(numbers) or any(_says(text, title) for title in self.titles)


def discreet(staging: RunStaging, text: str) -> str:
    """A text for everybody who may look: each line that names a page that is not to be named says so instead."""
    withheld = withheld_by(staging.plan)
    return "\n".join(_line(withheld, line) for line in text.split("\n"))


def _line(withheld: Withheld | None, line: str) -> str:
    if withheld is None:
        names_one = _ids_in(line) or any(map(_PAGE_ADDRESS.search, _ADDRESS.findall(line)))
        return NOT_YET_KNOWN if names_one else line
    return WITHHELD if withheld.is_named_in(line) else line


def _says(text: str, title: str) -> bool:
    """Whether a text names a page by its title: quoted, or with something in brackets behind it. A title may be any word."""
    return title in text and any(form in text for form in (f'"{title}"', repr(title), f"{title} ("))


def _ids_in(text: str) -> list[str]:
    return [one or other for one, other in _ID.findall(text)]


def _without_punctuation(text: str) -> Iterable[str]:
    """An address as it stands in a sentence, and without what may be the sentence's: ``…/1):``, ``…/1)``, ``…/1``."""
    yield text
    while text and not text[-1].isalnum():
        text = text[:-1]
        yield text


def _read(path: ObjectStoragePath) -> Withheld:
    plan = read_table(path)
    found = plan.filter(is_kept_out(plan)).select(["page_id", "url", "title"])
    ids, urls, titles = (frozenset(column.drop_null().to_pylist()) for column in found.columns)
    return Withheld(ids, urls, titles - {""})


#: What a plan withholds; None where there is no plan.
withheld_by = Remembered(_read, keep=200)
