"""Count cl100k tokens offline: the vocabulary comes with the package ``bpe-openai``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def _counter() -> Callable[[str], int]:
    # The package's own classes only encode, into lists, and refuse texts of a million characters; its binding counts.
    from bpe_openai import _bindings  # here, because it takes half a second

    count: Callable[[str], int] = _bindings.tokenizer_for_encoding("cl100k_base").count
    return count


def count_tokens(text: str) -> int:
    """Exact number of cl100k tokens; ``<|endoftext|>`` and its like count as the text they are."""
    return _counter()(text)
