"""Counting tokens loads the compiled vocabulary, and nothing else of its package."""

from __future__ import annotations

import subprocess
import sys

import pytest

COUNT = """
import sys
from confluence_to_twig.content.chunks.tokens import count_tokens
texts = ["", "hello world", "日本語", "  indented\\n\\n\\tcode = {1: 'x'}"]
counted = [count_tokens(text) for text in texts]
assert count_tokens("<|endoftext|>") > 1, "counted as the text that it is"
assert "bpe_openai" not in sys.modules
import bpe_openai
assert counted == [len(bpe_openai.get_encoding("cl100k_base").encode(text)) for text in texts]
"""


@pytest.mark.slow
def test_the_package_with_its_slow_vocabularies_is_not_imported_and_counts_the_same() -> None:
    subprocess.run([sys.executable, "-c", COUNT], check=True)
