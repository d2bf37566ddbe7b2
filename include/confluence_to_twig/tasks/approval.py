"""The question before a mass deletion, in Markdown: figures first, and nothing that comes from a page. Pure.

Airflow shows it to everybody who may read the DAG, and takes Markdown for Markdown: so no title stands in it. The pages
are listed on the page *Confluence → Twig*.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from confluence_to_twig.twig.pruner import PrunePlan

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")


@dataclass(frozen=True)
class Asked:
    """Where and until when a question stands.

    :param source: the source's name. :param until: when the pages are kept without an answer.
    :param deletions_url: :param held_back_url: where the pages are listed; empty if Airflow does not know its address.
    """

    source: str
    until: datetime
    deletions_url: str = ""
    held_back_url: str = ""


def question(wanted: PrunePlan, asked: Asked) -> tuple[str, str]:
    """Subject and body.

    :param wanted: at least one page to delete, or one document to send with much less text.
    """
    return _subject(wanted, asked.source), "\n\n".join(_paragraphs(wanted, asked))


def _subject(wanted: PrunePlan, source: str) -> str:
    if wanted.shrunk:
        return f"Delete {wanted} of {source} from Twig?"
    return f"Delete {len(wanted.deletions):,} of {wanted.held:,} pages of {source} from Twig?"


def _paragraphs(wanted: PrunePlan, asked: Asked) -> list[str]:
    reasons = Counter([entry.reason for entry in wanted.deletions] + [entry.reason for entry in wanted.shrunk])
    counted = "\n".join(f"* {number:,} × {_plain(reason)}" for reason, number in reasons.most_common())
    return [
        f"{asked.source} would lose {wanted}: {wanted.text_share:.0%} of its text. "
        "None of it has been deleted; everything else of this run is done.",
        counted,
        _where(wanted, asked),
        "**Delete them** if this is meant: a section was removed, archived or emptied in Confluence.",
        "**Keep them** if it surprises you: for instance when the sync account lost its rights, or Confluence answers with "
        "empty pages. Mend that in Confluence; the next run starts from what it finds then. Twig goes on answering from "
        "these pages.",
        f"Without an answer until {asked.until:%-d %B %Y, %H:%M} UTC they are kept; the next run asks again about what it "
        "finds then.",
    ]


def _where(wanted: PrunePlan, asked: Asked) -> str:
    if not asked.deletions_url:
        return f"The page *Confluence → Twig* lists them: {asked.source}, tab *Plan*."
    links = [
        f"[{words}]({url})"
        for words, url, entries in (
            ("See the pages that would go", asked.deletions_url, wanted.deletions),
            ("See the pages that would lose text", asked.held_back_url, wanted.shrunk),
        )
        if entries
    ]
    return " · ".join(links)


def _plain(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", text.replace("\n", " "))
