"""Why a file that Twig holds as a document is not among the files of its page any more: asked before anything is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.side_requests import SideRequests
from confluence_to_twig.confluence.sweep.attached_files import file_row
from confluence_to_twig.confluence.sweep.missing import explain_missing_of
from confluence_to_twig.planning.decision import GONE, STILL_THERE, UNTOLD
from confluence_to_twig.planning.files import ids_told, page_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.sweep.missing import Places
    from confluence_to_twig.staging.rows import HeldRow

REMOVED = "no longer attached to its page"
NOT_READ = "not a kind of file that is read any more"


def explain_missing_files(
    client: ConfluenceClient, held: Sequence[HeldRow], inventory: pa.Table, gone: Mapping[str, str], places: Places
) -> dict[str, str]:
    """Ask the page of each file for its own list, one request a page; a page that is gone itself takes its files along.

    :param held: files that Twig holds. :param inventory: with the files that its pages are known to have.
    :param gone: why pages that Twig holds are not in the inventory, of :func:`.missing.explain_missing_of`.
    :returns: a reason for each file that the inventory does not have: of its page, or ``no longer attached to its page``, ``still
        there`` or ``untold``, both no reasons to delete anything.
    """
    told = ids_told(inventory)
    homes = {row["page_id"]: page_of(row) for row in held if row["page_id"] not in told}
    kinds = dict(zip(inventory["page_id"].to_pylist(), inventory["kind"].to_pylist(), strict=True)) if homes else {}
    of_pages = dict(gone) | _never_held(client, set(homes.values()) - gone.keys() - kinds.keys(), places)
    lists = SideRequests(client.workers, "the files that Twig holds of it")
    asked = sorted(set(homes.values()) & kinds.keys())
    listed = {
        page_id: {attachment.id: attachment for attachment in attachments}
        for page_id, attachments in lists.ask(
            asked, 1, lambda ids: (ids[0], client.api.attachments_of(ids[0], kinds[ids[0]]))
        )
    }
    reasons: dict[str, str] = {}
    for file_id, home in homes.items():
        if home in of_pages:
            reasons[file_id] = of_pages[home]
        elif home not in listed:
            reasons[file_id] = UNTOLD
        elif attachment := listed[home].get(file_id):
            reasons[file_id] = STILL_THERE if file_row(attachment) else NOT_READ
        else:
            reasons[file_id] = REMOVED
    return reasons


def _never_held(client: ConfluenceClient, pages: set[str], places: Places) -> dict[str, str]:
    """What became of pages of which Twig holds nothing but files. Nobody wrote down which of them are blog posts."""
    reasons = explain_missing_of(client, sorted(pages), "page", places)
    rest = sorted(page_id for page_id, reason in reasons.items() if reason == GONE)
    return reasons | explain_missing_of(client, rest, "blogpost", places)
