"""Count cl100k tokens offline: the vocabulary comes with the package ``bpe-openai``."""

from __future__ import annotations

import sys
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_BINDING = "bpe_openai._bindings"


@cache
def _counter() -> Callable[[str], int]:
    # The package's own classes only encode, into lists, and refuse texts of a million characters; its binding counts.
    count: Callable[[str], int] = _binding().tokenizer_for_encoding("cl100k_base").count
    return count


def _binding() -> ModuleType:
    """The package's compiled module alone, which has the vocabularies in it.

    To import the package is to read three vocabularies into Python dictionaries: 0.8 s and 65 MB in each process
    that converts pages.
    """
    if _BINDING not in sys.modules:
        package = find_spec("bpe_openai")
        spec = package and PathFinder.find_spec(_BINDING, package.submodule_search_locations)
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"{_BINDING} is missing: install the package bpe-openai again", name=_BINDING)
        binding = module_from_spec(spec)
        spec.loader.exec_module(binding)
        sys.modules[_BINDING] = binding  # for an import of the package itself, which must not load it twice
    return sys.modules[_BINDING]


def count_tokens(text: str) -> int:
    """Exact number of cl100k tokens; ``<|endoftext|>`` and its like count as the text they are."""
    return _counter()(text)


def last_word(text: str, start: int, end: int) -> int:
    """Where the last word of ``text[start:end]`` begins, with the blank before it; ``start`` where no blank stands alone.

    A cl100k token that has a blank between two words begins with it, so the tokens of both sides add up, whatever
    follows the word.
    """
    blank = text.rfind(" ", start + 1, end - 1)
    alone = blank > start and not text[blank - 1].isspace() and not text[blank + 1].isspace()
    return blank if alone else start
