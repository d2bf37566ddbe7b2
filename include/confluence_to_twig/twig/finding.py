"""Finding: one thing that verify found not to be as it should, with its evidence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Kind = Literal[
    "counts", "missing", "changed", "twice", "foreign", "still cited",
    "unlisted", "uncited", "other text", "unasked",
]  # fmt: skip
#: What Twig itself says, twice, against the manifest. All others are suspicions, which only warn.
PROVEN: frozenset[Kind] = frozenset({"counts", "missing", "changed", "twice", "foreign", "still cited"})
#: A page that Twig was asked for and does not cite.
MISSED: frozenset[Kind] = frozenset({"uncited", "other text"})
#: What only a listing can clear.
OF_THE_LIST: frozenset[Kind] = frozenset({"missing", "changed", "twice", "foreign", "unlisted"})
#: What only a search can clear.
OF_SEARCH: frozenset[Kind] = frozenset({"uncited", "other text", "unasked", "still cited"})


@dataclass(frozen=True)
class Finding:
    """Something open.

    :param page_id: empty for the data source as a whole.
    :param detail: what exactly it is about, such as a content hash: another one makes it another finding.
    :param evidence: a sentence for people.
    :param questions: what the search was asked, to ask it again in the next run.
    :param since: when it was found first, in UTC. :param run_id: the run that found it first.
    :param acknowledged: a person knows of it, and wants to hear no more of it as long as it stays the same.
    """

    kind: Kind
    page_id: str
    title: str
    url: str
    detail: str
    evidence: str
    questions: tuple[str, ...] = ()
    since: datetime | None = None
    run_id: str = ""
    acknowledged: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for the same thing in every run."""
        return self.kind, self.page_id, self.detail

    @property
    def is_proven(self) -> bool:
        """Whether it fails the run."""
        return self.kind in PROVEN

    def __str__(self) -> str:
        return f"{self.title} ({self.url or self.page_id}): {self.evidence}" if self.page_id else self.evidence
