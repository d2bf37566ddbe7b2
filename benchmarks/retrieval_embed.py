"""Embed texts with WordLlama, whose vectors come inside its package. Runs in an environment of its own.

Standard input: a JSON list of texts. Standard output: their vectors as float32, one after the other.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import wordllama


def main() -> None:
    """Embed everything in one go."""
    # The tokenizer lies in the package too, where the loader looks only when it is called the cache.
    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    sys.stdout.buffer.write(model.embed(json.load(sys.stdin), norm=True).astype(np.float32).tobytes())


if __name__ == "__main__":
    main()
