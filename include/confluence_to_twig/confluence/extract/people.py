"""Display names of the people behind account ids, each asked for once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import ForbiddenError, MissingScopeError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.confluence.api.interface import ContentApi

log = logging.getLogger(__name__)


class People:
    """Remembers who was found, and whom nobody knows. Not thread-safe."""

    def __init__(self, api: ContentApi) -> None:
        self._api = api
        self._known: dict[str, str] = {}
        self._asked: set[str] = set()
        self.problem = ""

    def look_up(self, ids: Iterable[str]) -> None:
        """Ask for those that were not asked for before: one request for 250 people."""
        unknown = sorted(set(ids) - self._asked - {""})
        if not unknown or self.problem:
            return
        self._asked.update(unknown)
        try:
            self._known |= self._api.user_names(unknown)
        except (MissingScopeError, ForbiddenError, NotFoundError) as error:
            # Pages without names are worth more than no pages.
            self.problem = f"People are shown without their names: {error.summary}"
            log.warning("%s", self.problem)

    def name(self, account_id: str | None) -> str | None:
        """The name, if there was one."""
        return self._known.get(account_id) if account_id else None

    def among(self, ids: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs of id and name, sorted by id, of those that have one."""
        return [(account_id, self._known[account_id]) for account_id in sorted(set(ids)) if account_id in self._known]
