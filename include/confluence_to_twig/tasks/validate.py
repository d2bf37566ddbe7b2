"""Validate: can both sides be reached, is the space there, and which window does this run cover?"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.content import Count
from confluence_to_twig.confluence.api.errors import SpaceNotFoundError
from confluence_to_twig.confluence.api.expiry import expiry_warning
from confluence_to_twig.confluence.api.hook import ConfluenceHook
from confluence_to_twig.confluence.sweep.space_levels import read_space_levels
from confluence_to_twig.planning.spaces import chosen_spaces
from confluence_to_twig.planning.window import resolve_window
from confluence_to_twig.runs.record import Record, recorded
from confluence_to_twig.runs.retention import keep_history
from confluence_to_twig.runs.run_spaces import RunSpaces
from confluence_to_twig.runs.timeline import settings_of
from confluence_to_twig.staging.audience_manifests import read_all
from confluence_to_twig.staging.last_inventory import last_inventory_of, read_look_state
from confluence_to_twig.staging.layout import close_to_others, group_may_use
from confluence_to_twig.tasks.targets import targets_of
from confluence_to_twig.tasks.twig_target import data_source_of
from confluence_to_twig.twig.hook import TwigHook

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.staging.last_inventory import LookState

log = logging.getLogger(__name__)


def validate(run: Run, *, token_expires: Callable[[Source, date, str], None]) -> dict[str, Any]:
    """Prove the connections and resolve the window.

    :param token_expires: is told the source, the day and a warning when the token of its connection runs out soon.
    :returns: what the later tasks need, all JSON: ``window``, ``source`` (frozen for this run), ``space`` (null: it is not
        there any more, and Twig holds pages of it; or the source has many, see :mod:`confluence_to_twig.runs.run_spaces`), ``sign_in``, ``page_count``.
    :raises PermanentError: credentials, space, parameters or configuration need a human.
    """
    close_to_others(run.source_staging.home, group=group_may_use())
    with recorded(run) as record:
        keep_history(run)  # here, too: a source whose runs all fail would never get to the end of one
        window = resolve_window(run.facts, lookback=run.source.lookback, since=run.params.since, full=run.params.full)
        log.info("Window: %s", window)
        record.details |= {"window": window.to_json(), "run_type": run.facts.run_type, "params": _asked(run)}
        record.details["settings"] = settings_of(run.source)
        found = _check_connections(run, record, token_expires)
        return {"window": window.to_json(), "source": run.source.frozen(), **found}


def _check_connections(run: Run, record: Record, token_expires: Callable[[Source, date, str], None]) -> dict[str, Any]:
    hook = ConfluenceHook(run.source.confluence_conn_id)
    with hook.client() as client, record.traffic("confluence", client):
        expires_on = client.settings.token_expires_on
        record.details["token_expires_on"] = expires_on and expires_on.isoformat()
        space = None if run.source.spaces else _find_space(run, client, record)
        sign_in = client.sign_in()
        spaces = _find_spaces(run, client, record) if run.source.spaces else ()
        states = [read_look_state(last_inventory_of(run.source_staging, space.id)) for space in spaces]
        _warn_of_closed(run, client, record, spaces, new=not all(states))
        # The number is for a sentence: it is counted while Twig is asked.
        counting = client.workers.submit(partial(_count, run, client), space) if space else None
        _check_twig(run, record)
        counted = counting.result() if counting else _known(states)
        record.figures["requests"] = client.requests_made
    if space or spaces:
        log.info("Connection successful, found %s", f"{len(spaces):,} spaces" if spaces else counted)
    if space and counted == Count(0):
        record.warn(
            f'The space "{space.key}" exists, but no page of it is visible to {sign_in.display_name}. '
            "Check that this account may view the space's pages."
        )
    if expires_on and (warning := expiry_warning(expires_on, datetime.now(UTC).date())):
        record.warn(warning)
        token_expires(run.source, expires_on, warning)
    found = space.to_json() if space else None
    record.details |= {
        "space": found,
        "page_count": counted.number,
        "found": f"{len(spaces):,} spaces" if spaces else str(counted),
    }
    return {"space": found, "sign_in": sign_in.to_json(), "page_count": counted.number}


def _count(run: Run, client: ConfluenceClient, space: Space) -> Count:
    """For a sentence: as many as the last look saw, without a request; the first run counts."""
    known = read_look_state(last_inventory_of(run.source_staging, space.id))
    return Count(known[1]) if known else client.count(space, run.source.content)


def _known(states: Sequence[tuple[LookState, int] | None]) -> Count:
    """What the last looks at many spaces saw: counting each of them would take a request and more for each."""
    return Count(sum(state[1] for state in states if state), exact=all(states))


def _find_spaces(run: Run, client: ConfluenceClient, record: Record) -> tuple[Space, ...]:
    """The spaces that fit the source's keys and patterns, left for the tasks of this run.

    None at all is a mistake, unless Twig still answers from pages of them: then prune asks what to do.
    """
    source, listed = run.source, client.api.all_spaces()
    selected, unknown = chosen_spaces(source.spaces, listed, archived=source.archived_spaces == "include")
    others = {space.id for space in listed} - {space.id for space in selected}
    RunSpaces(tuple(selected), frozenset(others)).write(run.staging)
    held = _held(run) if not selected else 0
    if not selected and not held:
        raise SpaceNotFoundError(
            f"No space fits {source.spaces_text}",
            f"This account sees {len(listed):,} spaces. Keys are case-sensitive; a pattern fits personal spaces only "
            "where it begins with ~, and archived ones only with archived_spaces: include.",
        )
    if unknown:
        record.warn(
            f"The account sees no space {', '.join(unknown)}. If Twig holds pages of it and it is gone for good, approve "
            "their deletion in the task prune; if it is not, give the account the permission to view it again."
        )
    log.info("Spaces: %s", ", ".join(space.key for space in selected) or "none")
    return tuple(selected)


def _warn_of_closed(run: Run, client: ConfluenceClient, record: Record, spaces: Sequence[Space], *, new: bool) -> None:
    """Name the spaces that not everybody may read, where one data source holds the pages of all of them.

    That takes a request for each space, so it is asked when one is new, and in full runs.

    :param new: whether one of them was never looked at.
    """
    source = run.source
    if source.restricted_pages == "audiences" or len(spaces) < 2 or not (new or run.params.full):
        return
    apart = read_space_levels(client, spaces, known_names={}, everyone=source.everyone_groups).apart
    if closed := [space.key for space in spaces if space.id in apart]:
        record.warn(
            f"Not everybody who may read the other spaces may read {', '.join(closed)}, or Confluence does not tell: in "
            f"{source.data_source_name} their pages stand among the others, for all who may ask it. Give such spaces a "
            "source of their own, or set restricted_pages: audiences (docs/audiences.md)."
        )


def _held(run: Run) -> int:
    """Pages that Twig still answers from."""
    return 0 if run.params.dry_run else read_all(run.source_staging, ["page_id"]).num_rows


def _find_space(run: Run, client: ConfluenceClient, record: Record) -> Space | None:
    """The space, or None when it is gone or hidden and Twig still answers from it: then prune asks what to do."""
    try:
        return client.space(run.source.space_key)
    except SpaceNotFoundError as error:
        if not (held := _held(run)):
            raise
        record.warn(
            f"{error.summary}. Twig still answers from {held:,} pages of it. If the space is gone for good, approve "
            "their deletion in the task prune, and remove the source. If it is not, give the account the permission to "
            f"view it again; the pages stay until somebody approves. {error.remedy}"
        )
        return None


def _check_twig(run: Run, record: Record) -> None:
    if run.source.delivery == "files":
        return
    with TwigHook(run.source.twig_conn_id).client() as client, record.traffic("twig", client):
        if run.params.dry_run:
            list(client.list_data_sources(search=run.source.data_source_name))
        else:
            for target in targets_of(run):
                log.info("Twig data source: %s (%s)", data_source_of(target, client).id, target.name)


def _asked(run: Run) -> dict[str, Any]:
    params = run.params
    return {
        "full": params.full,
        "since": params.since,
        "page_ids": list(params.page_ids),
        "force": params.force,
        "dry_run": params.dry_run,
    }
