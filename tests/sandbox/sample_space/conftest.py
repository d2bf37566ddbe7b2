"""The sample space, loaded once, and its bodies as trees."""

from __future__ import annotations

from html.entities import name2codepoint

import pytest
from lxml import etree

from sandbox.sample_space import load
from sandbox.seed import SeedPage, SeedSpace

NAMESPACES = {"ac": "urn:ac", "ri": "urn:ri"}
BROKEN = "legacy-import"
_ENTITIES = "".join(f'<!ENTITY {name} "&#{code};">' for name, code in name2codepoint.items() if code > 127)


def parse(storage: str) -> etree._Element:
    """A storage body as strict XML, with the named entities that Confluence writes."""
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return etree.fromstring(f"<!DOCTYPE page [{_ENTITIES}]><page {spaces}>{storage}</page>")


def plain_text(storage: str) -> str:
    """The words of a body, cells and blocks parted by a blank."""
    root = parse(storage)
    for element in root.iter():
        if element.tag in ("p", "td", "th", "li", "h1", "h2", "h3", "h4", "tr", "br"):
            element.tail = " " + (element.tail or "")
    return " ".join("".join(root.itertext()).split())


@pytest.fixture(scope="session")
def space() -> SeedSpace:
    return load()


@pytest.fixture(scope="session")
def pages(space: SeedSpace) -> dict[str, SeedPage]:
    return {page.ref: page for page in space.pages}


@pytest.fixture(scope="session")
def trees(space: SeedSpace) -> dict[str, etree._Element]:
    return {page.ref: parse(page.storage) for page in space.pages if page.ref != BROKEN}
