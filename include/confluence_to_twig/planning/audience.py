"""Audience: who may read a page, as a list of levels that a reader has to pass one and all. Pure.

A level is a set of users and groups, and it is enough to be one of them. The levels of a page are who may read its space,
and the read restrictions of the page and of everything above it
(https://support.atlassian.com/confluence-cloud/docs/manage-permissions-on-the-page-level/). Groups stay groups: who is in
them is Confluence's to know.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from confluence_to_twig.staging.rows import LevelRow

#: The key of the audience without a level: everybody who may use the site.
EVERYBODY = ""
#: A group that stands for the readers of a space of which nobody tells who they are. No user of Twig is ever in it.
SPACE_GROUP = "readers-of-space:"
_KEY_DIGITS = 16
#: Digits of a key that a name has: they only need to tell the audiences of one source apart, and that is checked.
_NAME_DIGITS = 8
_LONGEST_NAME = 80


@dataclass(frozen=True, order=True)
class Level:
    """The users and groups that pass. Sorted and without repeats; see :meth:`of`. An empty one lets nobody pass."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, users: Iterable[str] = (), groups: Iterable[str] = ()) -> Level:
        """The level of these people, in whatever order they are told."""
        return cls(tuple(sorted(set(users))), tuple(sorted(set(groups))))

    def admits(self, other: Level) -> bool:
        """Whether everybody who passes the other one passes this one, whoever is in the groups."""
        return set(other.users) <= set(self.users) and set(other.groups) <= set(self.groups)

    def to_row(self) -> LevelRow:
        """For Parquet and JSON."""
        return {"users": list(self.users), "groups": list(self.groups)}

    @classmethod
    def from_row(cls, row: LevelRow) -> Level:
        """The reverse of :meth:`to_row`; what else a row holds does not matter."""
        return cls.of(row["users"], row["groups"])


@dataclass(frozen=True)
class Audience:
    """The people who pass every level; everybody where there is none. Make it by :meth:`of`: equal people, equal audience.

    :param levels: sorted, without repeats, and without those that another one implies.
    """

    levels: tuple[Level, ...] = ()

    @classmethod
    def of(cls, levels: Iterable[Level]) -> Audience:
        """The audience of a list of levels. A level that admits all of another one says nothing more, and is left out."""
        found = sorted(set(levels))
        return cls(tuple(one for one in found if not any(one != other and one.admits(other) for other in found)))

    @cached_property
    def key(self) -> str:
        """Sixteen hexadecimal digits, the same for the same levels in every run; :data:`EVERYBODY` without a level."""
        if not self.levels:
            return EVERYBODY
        text = json.dumps(self.to_rows(), ensure_ascii=True, separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]

    def is_within(self, other: Audience) -> bool:
        """Whether all of these people belong to the other audience for certain, whoever is in the groups."""
        return all(any(level.admits(own) for own in self.levels) for level in other.levels)

    def to_rows(self) -> list[LevelRow]:
        """For Parquet and JSON."""
        return [level.to_row() for level in self.levels]

    @classmethod
    def from_rows(cls, rows: Iterable[LevelRow]) -> Audience:
        """The reverse of :meth:`to_rows`, of any levels."""
        return cls.of(Level.from_row(row) for row in rows)


def may_include(own: Sequence[LevelRow] | None, included: Sequence[LevelRow] | None) -> bool:
    """Whether a page may contain the text of another one: all of its readers may read that, too, for certain.

    :param own: the levels of the page. :param included: those of the other; None: nobody told. Where nobody tells
        either, the source asked for no difference between readers.
    """
    if own is None or included is None:
        return own is included
    return Audience.from_rows(own).is_within(Audience.from_rows(included))


def space_level(space_key: str) -> Level:
    """The level of a space whose permissions cannot be read: whoever they are, they are told apart from all others."""
    return Level.of(groups=[f"{SPACE_GROUP}{space_key}"])


def label_of(audience: Audience, names: Mapping[str, str], taken: Collection[str]) -> str:
    """What tells the data source of an audience from the others of its source; empty for everybody.

    The name of the group where one level has one group and nobody else, otherwise digits that stay the same.

    :param names: names of groups by id. :param taken: labels of the other audiences, which it must not have.
    """
    if not audience.levels:
        return ""
    digits = audience.key[:_NAME_DIGITS]
    if len(audience.levels) == 1 and not audience.levels[0].users and len(audience.levels[0].groups) == 1:
        [group] = audience.levels[0].groups
        label = " ".join(names.get(group, group).split())
        if len(label) <= _LONGEST_NAME:
            return label if label not in taken else f"{label} {digits}"
    return digits if digits not in taken else audience.key


def described(audience: Audience, names: Mapping[str, str]) -> list[str]:
    """A line for each level, for people: ``group writers or Ada Byron``."""
    if not audience.levels:
        return ["everybody who may use Confluence"]
    return [_described(level, names) for level in audience.levels]


def _described(level: Level, names: Mapping[str, str]) -> str:
    parts = [_group(group, names) for group in level.groups] + [names.get(user, user) for user in level.users]
    return " or ".join(parts) or "nobody"


def _group(group: str, names: Mapping[str, str]) -> str:
    if group.startswith(SPACE_GROUP):
        return f"the readers of space {group.removeprefix(SPACE_GROUP)}, whom nobody tells"
    return f"group {names.get(group, group)}"


def routed(wanted: Mapping[str, int], held: Collection[str], most: int) -> frozenset[str]:
    """The keys of the audiences that have a data source of their own.

    Those whose data source holds pages keep it. The room that is left goes to those with most pages.

    :param wanted: audience → pages that belong to it now. :param held: audiences whose data source holds pages.
    :param most: audiences with levels that there may be; that of everybody does not count.
    """
    stay = {key for key in held if key != EVERYBODY}
    new = sorted((key for key in wanted if key not in stay and key != EVERYBODY), key=lambda key: (-wanted[key], key))
    return frozenset({EVERYBODY, *stay, *new[: max(0, most - len(stay))]})
