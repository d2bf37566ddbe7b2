"""Who may read a space: the level that all its pages have in common."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import ClientClosedError
from confluence_to_twig.errors import PermanentError, PipelineError, TransientError
from confluence_to_twig.planning.audience import Level, space_level

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.restrictions import Readers
    from confluence_to_twig.confluence.api.space import Space

log = logging.getLogger(__name__)


@dataclass
class SpaceLevels:
    """The levels of some spaces.

    :param of: level by space id; None: everybody may read the space. :param names: names of the groups, by their ids.
    :param warnings: of which spaces nobody tells, one sentence each.
    :param failed: spaces of which Confluence does not tell at the moment: they have no level.
    """

    of: dict[str, Level | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    failed: dict[Space, PipelineError] = field(default_factory=dict)

    @property
    def apart(self) -> set[str]:
        """Ids of the spaces that not all people may read who may read the others; what most spaces have in common is all."""
        levels = set(self.of.values())
        if len(levels) < 2:
            return set()
        common = None if None in levels else Counter(self.of.values()).most_common(1)[0][0]
        return {space_id for space_id, level in self.of.items() if level != common}


def read_space_levels(
    client: ConfluenceClient, spaces: Sequence[Space], *, known_names: Mapping[str, str], everyone: Collection[str]
) -> SpaceLevels:
    """Ask who may read each space: one request for each, and one for each group whose name was never told.

    A space whose permissions cannot be read has a level of its own, so that its pages are never among others.

    :param known_names: names of groups by id. :param everyone: groups, by name or id, in which everybody is who may ask Twig.
    """
    found, names, wanted = SpaceLevels(), dict(known_names), {name.casefold() for name in everyone}
    for space, readers in zip(spaces, client.workers.map(lambda space: _readers(client, space), spaces), strict=True):
        if isinstance(readers, TransientError):
            found.failed[space] = readers
            continue
        if isinstance(readers, str):
            found.of[space.id] = space_level(space.key)
            found.warnings.append(
                f"Who may read space {space.key} is not known ({readers}): its pages have an audience of their own."
            )
            continue
        new = _names(client, readers, names)
        names, found.names = names | new, found.names | new
        named = {*readers.groups, *(names.get(group, group) for group in readers.groups)}
        is_open = not readers or wanted & {name.casefold() for name in named}
        found.of[space.id] = None if is_open else Level.of(readers.users, readers.groups)
    return found


def _readers(client: ConfluenceClient, space: Space) -> Readers | str | TransientError:
    """Who may read a space, or why that is not known, or not at the moment."""
    try:
        readers = client.api.space_readers(space)
    except ClientClosedError:
        raise
    except TransientError as error:
        return error
    except PermanentError as error:
        return error.summary
    return "nobody tells" if readers is None else readers


def _names(client: ConfluenceClient, readers: Readers, known: Mapping[str, str]) -> dict[str, str]:
    """The names of groups that have not been told yet. A group without one is called by its id."""
    found: dict[str, str] = {}
    for group in sorted(readers.groups - known.keys()):
        try:
            if name := client.api.group_name(group):
                found[group] = name
        except ClientClosedError:
            raise
        except PipelineError as error:
            log.info("Group %s is called by its id: %s", group, error.summary)
    return found
