"""What may be a space key."""

from __future__ import annotations

import re

from confluence_to_twig.errors import PermanentError

MAX_LENGTH = 255
_KEY = re.compile(r"~?\w[\w.:@+-]*")
_IN_ADDRESS = re.compile(r"/(?:spaces|display)/(~?\w[\w.:@+-]*)")


class SpaceKeyError(PermanentError):
    """What was given as a space key cannot be one."""


def check_space_key(key: str) -> str:
    """Return ``key`` without surrounding blanks if it can be a space key, else raise :class:`SpaceKeyError`.

    Usually 2-10 upper-case letters, but up to 255 letters and digits of either case exist, and personal spaces begin
    with ``~`` and may contain dots (https://confluence.atlassian.com/doc/create-a-space-139456.html). Keys are
    case-sensitive, so nothing is changed.
    """
    stripped = key.strip()
    if not stripped:
        raise SpaceKeyError("The space key is empty.", 'Give the key of the space, such as "PROD".')
    in_address = _IN_ADDRESS.search(stripped)
    if in_address:
        raise SpaceKeyError(
            f'"{stripped}" is an address, not a space key.', f'Give only the key in it: "{in_address.group(1)}".'
        )
    if len(stripped) > MAX_LENGTH:
        raise SpaceKeyError(f"The space key has {len(stripped)} characters.", f"At most {MAX_LENGTH} are possible.")
    if not _KEY.fullmatch(stripped):
        raise SpaceKeyError(
            f'"{stripped}" cannot be a space key.',
            "A key has letters and digits only, a personal space begins with ~. "
            'It stands in the address of the space: ".../spaces/KEY/overview".',
        )
    return stripped
