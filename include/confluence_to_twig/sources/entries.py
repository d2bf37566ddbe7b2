"""The entries of a sources file: its YAML, taken apart so that a broken entry costs nothing but itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any

import yaml

_DASH = re.compile(r"( *)-(\s|$)")
_KEY = re.compile(r"[A-Za-z_][\w-]*\s*:")


class UnusableError(Exception):
    """There is no list of sources in the text; the message says why."""


@dataclass
class Entries:
    """What a text yields.

    :param found: position in the list, from 1 on → entry, not checked any further.
    :param problems: position and why that entry could not be read; 0 is the file.
    :param other_keys: top-level keys beside ``sources``.
    """

    found: dict[int, Any] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)
    other_keys: tuple[str, ...] = ()


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: usually two entries, the second one without its dash."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if name and name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the field {name!r} stands there twice; is a dash missing?", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def read_entries(text: str) -> Entries:
    """The entries below ``sources:``.

    :raises UnusableError: there is no such list.
    """
    try:
        raw = _load(text)
    except Exception as error:
        # PyYAML also raises ValueError (a date that is none) and RecursionError (a thousand brackets).
        return _one_by_one(text, error)
    entries = raw.get("sources") if isinstance(raw, dict) else None
    if isinstance(raw, dict) and "sources" in raw and entries is None:
        entries = []  # the key alone, as in a file that waits for its first source
    if not isinstance(entries, list):
        raise UnusableError("write a top-level key 'sources:' with a list of sources below it")
    others = tuple(str(key) for key in raw if key != "sources")
    return Entries(dict(enumerate(entries, start=1)), other_keys=others)


def _one_by_one(text: str, whole: Exception) -> Entries:
    """Each entry for itself, for a text that is not YAML as a whole."""
    entries = Entries()
    for number, piece in enumerate(_pieces(text), start=1):
        try:
            (entries.found[number],) = _load(piece)
        except Exception as error:
            entries.problems.append((number, f"not valid YAML: {_why(error)}"))
    if not entries.found and not entries.problems:
        raise UnusableError(f"not valid YAML: {_why(whole)}")
    if not entries.problems:
        entries.problems.append((0, f"not valid YAML: {_why(whole)}"))
    return entries


def _pieces(text: str) -> list[str]:
    """The lines of each entry of a block list below ``sources:``. The last one ends where another top-level key begins."""
    lines = text.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if re.match(r"sources\s*:\s*(#.*)?$", line)), len(lines))
    dashes = [(number, dash[1]) for number, line in enumerate(lines) if number > start and (dash := _DASH.match(line))]
    begins = [number for number, indent in dashes if indent == dashes[0][1]]
    pieces = [lines[begin:end] for begin, end in pairwise([*begins, len(lines)])]
    if pieces:
        pieces[-1] = list(takewhile(lambda line: not _KEY.match(line), pieces[-1]))
    return ["".join(piece) for piece in pieces]


def _load(text: str) -> Any:
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return " ".join(str(error).split())[:300]
