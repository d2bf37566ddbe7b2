"""Count cl100k tokens offline: the vocabulary comes with the package ``bpe-openai``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@cache
def _encoder() -> Callable[[str], Sequence[int]]:
    import bpe_openai  # takes half a second, which a process that counts nothing should not pay

    encode: Callable[[str], Sequence[int]] = bpe_openai.get_encoding("cl100k_base").encode_ordinary
    return encode


def count_tokens(text: str) -> int:
    """Exact number of cl100k tokens; ``<|endoftext|>`` and its like count as the text they are."""
    return len(_encoder()(text))
