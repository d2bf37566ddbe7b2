"""Display names of the people behind account ids, each asked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import EndpointRemovedError
from confluence_to_twig.confluence.api.side_requests import SideRequests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.confluence.api.client import ConfluenceClient


class People:
    """Remembers who was found, and whom nobody knows. Not thread-safe.

    :param requests: the look-ups; whom they failed for stands there.
    """

    def __init__(self, client: ConfluenceClient) -> None:
        # One route for everybody: where it was removed, asking for fewer people does not help.
        self.requests = SideRequests(client.workers, "a name", "Account", hopeless=(EndpointRemovedError,))
        self._api = client.api
        self._known: dict[str, str] = {}
        self._asked: set[str] = set()

    def look_up(self, ids: Iterable[str]) -> None:
        """Ask for those that were not asked for before: one request for 250 people."""
        unknown = sorted(set(ids) - self._asked - {""})
        self._asked.update(unknown)
        for names in self.requests.ask(unknown, self._api.users_at_once, self._api.user_names):
            self._known |= names

    def name(self, account_id: str | None) -> str | None:
        """The name, if there was one."""
        return self._known.get(account_id) if account_id else None

    def among(self, ids: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs of id and name, sorted by id, of those that have one."""
        return [(account_id, self._known[account_id]) for account_id in sorted(set(ids)) if account_id in self._known]
