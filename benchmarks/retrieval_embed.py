"""Embed texts with a small static model that comes inside its package. Runs in an environment of its own.

Standard input: a JSON list of texts. Standard output: their vectors as float32, one after the other.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from static_model import get_embeddings


def main() -> None:
    """Embed everything in one go."""
    texts = json.load(sys.stdin)
    vectors = np.concatenate(
        [np.asarray(get_embeddings(texts[at : at + 500]), np.float32) for at in range(0, len(texts), 500)]
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    sys.stdout.buffer.write(vectors.tobytes())


if __name__ == "__main__":
    main()
