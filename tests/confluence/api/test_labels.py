"""What a search answer tells of a page beside its version."""

from __future__ import annotations

from typing import Any

import pytest

from confluence_to_twig.confluence.api.labels import in_legacy_editor


@pytest.mark.parametrize(
    ("properties", "legacy"),
    [
        ({"editor": {"value": "v1"}}, True),
        ({"editor": {"value": "v2"}}, False),
        ({}, False),
        ([], False),
        (None, False),
    ],
)
def test_only_a_page_that_says_so_is_one_of_the_legacy_editor(properties: Any, legacy: bool) -> None:
    assert in_legacy_editor({"metadata": {"properties": properties}}) is legacy
    assert in_legacy_editor({}) is False
