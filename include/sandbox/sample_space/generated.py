"""All pages made from the data files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from include.sandbox.sample_space.sources import PageSource


def generated_pages() -> Iterator[PageSource]:
    """The pages of every data file."""
    yield from ()
