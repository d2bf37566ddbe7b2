"""Diagram sources as macros store them: base64, deflate, percent-encoding, JSON, or plain."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from urllib.parse import unquote

from confluence_to_twig.content.attachments.outcome import UnreadableFileError

#: A source that inflates to more than this is a bomb. Drawings of a few megabytes occur: pictures are part of the file.
UNPACKED_MAX_BYTES = 20_000_000
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}\Z")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
#: Keys of JSON bodies that hold a diagram's source, best first: ``{"umlDefinition": "@startuml…"}``.
_SOURCE_KEYS = re.compile(
    r"definition\Z|source\Z|code\Z|mermaid\Z|uml\Z|diagram\Z|markup\Z|text\Z|content\Z|body\Z|data\Z", re.IGNORECASE
)
_MAX_NESTED = 5


def inflate(data: bytes, wbits: int = -15) -> bytes:
    """What deflate packed, as far as it is not too much.

    :raises UnreadableFileError: it is damaged, or unpacks to more than ``UNPACKED_MAX_BYTES``.
    """
    unpacker = zlib.decompressobj(wbits)
    try:
        unpacked = unpacker.decompress(data, UNPACKED_MAX_BYTES + 1)
    except zlib.error as error:
        raise UnreadableFileError("it cannot be unpacked") from error
    if len(unpacked) > UNPACKED_MAX_BYTES:
        raise UnreadableFileError("it unpacks to too many bytes")
    if not unpacker.eof:
        raise UnreadableFileError("it is cut off")
    return unpacked


def from_base64(text: str) -> bytes | None:
    """The bytes behind base64 of either alphabet, with or without padding; None when it is none."""
    packed = "".join(text.split("\n"))
    if len(packed) < 4 or not _BASE64.match(packed):
        return None
    standard = packed.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def decoded_source(text: str) -> str:
    """A diagram's source in plain text: out of JSON, base64, raw or zlib deflate, and percent-encoding; else as it is."""
    plain = text.strip()
    if plain.startswith(("{", "[", '"', "%7B", "%7b")):
        plain = _in_json(_unquoted(plain)) or plain
    packed = from_base64(plain) if plain else None
    if packed is None:
        return _unquoted(plain)
    unpacked = _first_inflated(packed)
    try:
        source = (packed if unpacked is None else unpacked).decode()
    except UnicodeDecodeError:
        return plain
    printable = all(character.isprintable() or character.isspace() for character in source)
    # A short word is base64 by its letters alone: what it would stand for is no text.
    return _unquoted(source).strip() if printable and (unpacked is not None or len(source) > 5) else plain


def _first_inflated(data: bytes) -> bytes | None:
    for wbits in (-15, 15, 31):
        try:
            return inflate(data, wbits)
        except UnreadableFileError:
            continue
    return None


def _unquoted(text: str) -> str:
    """Percent-encoding undone where it hides all blanks, or all line breaks: a source that has both and ``%20`` is plain."""
    hidden = not re.search(r"\s", text) or ("%0A" in text.upper() and "\n" not in text)
    return unquote(text) if hidden and _PERCENT.search(text) else text


def _in_json(text: str) -> str:
    """The source inside JSON, or an empty string."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    for _ in range(_MAX_NESTED):
        if isinstance(value, str):
            return value
        if not isinstance(value, dict):
            return ""
        found = [
            (match.start(), key)
            for key in value
            if (match := _SOURCE_KEYS.search(key)) and isinstance(value[key], str | dict)
        ]
        if not found:
            return ""
        value = value[found[0][1]]
    return ""
