"""All pages made from the data files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.sample_space.api_pages import api_pages
from sandbox.sample_space.cli_pages import cli_pages
from sandbox.sample_space.device_pages import device_pages
from sandbox.sample_space.error_pages import error_pages
from sandbox.sample_space.event_page import event_page
from sandbox.sample_space.gateway_reference import gateway_reference
from sandbox.sample_space.release_pages import release_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.sample_space.sources import PageSource


def generated_pages() -> Iterator[PageSource]:
    """The pages of every data file."""
    yield from device_pages()
    yield from gateway_reference()
    yield from api_pages()
    yield from event_page()
    yield from cli_pages()
    yield from error_pages()
    yield from release_pages()
