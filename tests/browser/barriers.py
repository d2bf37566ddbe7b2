"""What axe finds on a page."""

from __future__ import annotations

from typing import Any

import pytest

#: A colour depends on the theme; no other rule does.
COLOURS = {"runOnly": ["color-contrast"]}
#: The further rows of a table look like its first ones, and the further tables of the documentation like the first two: to measure
#: each cell of all of them takes seconds of a processor.
WRAPPED = ".md-typeset__scrollwrap"
FIRST_ONES = {"exclude": [["tbody tr:nth-child(n+4)"], [f"{WRAPPED} ~ {WRAPPED} ~ {WRAPPED}"]]}


def violations(page: Any, colours_only: bool = False) -> list[dict[str, Any]]:
    """Those of all rules, or of the one that another theme can break."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    options = {"resultTypes": ["violations"]} | (COLOURS if colours_only else {})
    found: list[dict[str, Any]] = axe.Axe().run(page, FIRST_ONES, options).response["violations"]
    return found


def barriers(page: Any, place: str, colours_only: bool = False) -> dict[str, list[str]]:
    """Place and rule → some of the elements, for what keeps somebody out."""
    return {
        f"{place}: {violation['id']}": [node["html"][:120] for node in violation["nodes"][:3]]
        for violation in violations(page, colours_only)
        if violation["impact"] in {"serious", "critical"}
    }
