"""The examples of the library functions, in their docstrings and in ``docs/content.md``, give what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs" / "content.md"


@pytest.mark.parametrize("name", ["chunks.chunking", "conversion"])
def test_examples_of_the_functions(name):
    result = doctest.testmod(importlib.import_module(f"confluence_to_twig.content.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_examples_of_the_documentation():
    result = doctest.testfile(str(DOCS), module_relative=False)
    assert result.attempted > 0
    assert result.failed == 0
