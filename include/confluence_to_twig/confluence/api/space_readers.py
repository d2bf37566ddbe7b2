"""Who may read a space, from its permissions. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.content import reading
from confluence_to_twig.confluence.api.restrictions import UNRESTRICTED, Readers

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Access classes to which everybody belongs who may use Confluence. There are also ``jsm-project-admins`` and
#: ``all-product-admins`` (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space-roles/).
_EVERYBODY = frozenset({"anonymous-users", "authenticated-users", "all-licensed-users"})


def readers_from_v2(permissions: Iterable[Any]) -> Readers | None:
    """Read the permissions of a space (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space-permissions/).

    A principal that is neither a user nor a group (a role, an access class of few) counts as a group that nobody is known
    to be in.

    :returns: ``UNRESTRICTED`` when everybody may read the space; None when it names nobody: then nobody tells.
    :raises confluence_to_twig.confluence.api.errors.BrokenAnswerError: an entry lacks what each has.
    """
    users, groups = set[str](), set[str]()
    for item in permissions:
        with reading(item):
            operation, principal = item["operation"], item["principal"]
            kind, name = str(principal["type"]).casefold().replace("_", "-"), str(principal["id"])
            if (operation["key"], operation["targetType"]) != ("read", "space"):
                continue
        if kind == "access-class" and name.casefold() in _EVERYBODY:
            return UNRESTRICTED
        if kind == "user":
            users.add(name)
        else:
            groups.add(name if kind == "group" else f"{kind}:{name}")
    return Readers(frozenset(users), frozenset(groups)) if users or groups else None
