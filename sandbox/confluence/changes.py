"""The control methods by name, for callers outside the process: ``{"change": "edit", "page": "…", "title": "…"}``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from sandbox.confluence.decoration_control import PartControl
from sandbox.confluence.page_control import PageControl
from sandbox.confluence.site_control import SiteControl
from sandbox.seed import SeedPage, SeedSpace, SeedUser

#: Every public method that changes something.
CHANGES = {
    name: method
    for control in (PageControl, PartControl, SiteControl)
    for name, method in vars(control).items()
    if callable(method) and not name.startswith("_")
}
_SEEDS: dict[str, Any] = {"add_page": SeedPage, "add_space": SeedSpace, "add_user": SeedUser}
#: Arguments whose JSON form differs from what the method takes: ISO time, base64.
_FORMS: dict[str, Any] = {"at": datetime, "content": bytes}


class ChangeError(ValueError):
    """The change is unknown, or its arguments are wrong; the text says which."""


def apply_change(control: Any, change: dict[str, Any]) -> Any:
    """Run one control method on ``control`` (the sandbox) and return what it returns.

    :raises ChangeError: naming what is wrong with ``change``.
    """
    arguments = dict(change)
    name = arguments.pop("change", None)
    if name not in CHANGES:
        raise ChangeError(f"unknown change {name!r}; there are: {', '.join(sorted(CHANGES))}")
    try:
        for argument, form in {**_FORMS, "seed": _SEEDS.get(name, str)}.items():
            if arguments.get(argument) is not None:
                arguments[argument] = msgspec.convert(arguments[argument], form)
        names = arguments.pop("names") if name in ("label", "unlabel") else ()
        return CHANGES[name](control, *([arguments.pop("page")] if names else ()), *names, **arguments)
    except (KeyError, TypeError, ValueError) as error:
        raise ChangeError(f"{name}: {error}") from error
