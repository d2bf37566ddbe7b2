"""What kind of value a macro's parameter is: shown to a reader, or for the machine.

No document lists the parameters of all macros, and anybody may write a macro. So the name's words decide (``buttonText``: text;
``titleColor``: a colour), and where they say nothing, the value: a sentence is shown, ``full-width`` is not.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from confluence_to_twig.content.nodes import names


class ParameterKind(Enum):
    """What becomes of a parameter."""

    TITLE = "title"
    TEXT = "text"
    ASIDE = "aside"  # shown on demand, or elsewhere on the page: a tooltip, a footnote
    ADDRESS = "address"
    DATA = "data"  # JSON with texts inside
    FILE = "file"  # name of a file or diagram: shown where there is nothing else
    MACHINE = "machine"


_SECRET = names("token tokens secret secrets password passwd pwd pass credential credentials auth apikey signature sig")
_TITLES = names("title titles heading headline header caption subtitle sub-title legend")
_TEXTS = names(
    "text texts label description desc summary message msg content body status question answer quote quotation "
    "citation term definition alt value author date time day deadline due start-date end-date remark remarks info note "
    "notes option choice item entry comment hint paragraph sentence reason goal topic subject price phone email mail address-line"
)
_ASIDES = names("tooltip tooltips footnote footnotes hover popup popover endnote")
_ADDRESSES = names("url uri href link src address website homepage site")
_FILES = names("filename file attachment diagramname")
#: Names whose first word says that the address or name is not what a reader sees.
_MACHINE_FIRST = names(
    "base icon avatar thumbnail logo background callback redirect show hide is has use enable disable allow blank empty "
    "default css data macro atlassian ac local extension include exclude sort order filter no placeholder in"
)
#: First words of names that are no reader's: ``multiExcerptName``, ``hostName``.
_UNNAMED = names(
    "multi excerpt class host user field column macro space param parameter template variable module function server index "
    "anchor bookmark cookie font schema table group theme layout plugin bundle property attribute attachment image key event-type"
)
_MACHINE = names(
    "labels id ids uuid guid key keys hash checksum style styles class classes color colour bgcolor width height size sizes "
    "align alignment layout theme icon type types kind mode format version revision sort order limit max min maximum minimum "
    "count depth level levels index position border margin padding font zoom scale columns column fields field filter jql cql "
    "query template language lang locale timezone encoding schema output server host api config configuration options settings "
    "enabled disabled hidden visible reverse toolbar compressed macro extension environment context space spaces target "
    "method timeout cache refresh namespace module include exclude parent root operator placeholder orientation direction "
    "appearance shape ratio loop autoplay controls scrolling frameborder overlay params parameters payload state "
    "firstcolumn headings showonlyonce plaintext richtext separator delimiter user users username"
)
_SUFFIXES = ("title", "text", "label", "caption", "heading", "description", "message", "tooltip", "footnote", "url")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_SWITCH = re.compile(r"(?:true|false|yes|no|on|off|none|null|undefined|auto|default)\Z", re.IGNORECASE)
_MEASURE = re.compile(r"[-+]?\d+(?:\.\d+)?\s*(?:px|em|rem|%|pt|vh|vw)\Z|#[0-9a-fA-F]{3,8}\Z|rgba?\([^)]*\)\Z")
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_:.-]*\d[A-Za-z0-9+/=_:.-]*\Z")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?\Z|ari:\S+\Z|[0-9a-fA-F]{16,}\Z")
_WEB = re.compile(r"(?:https?|ftp)://[^\s<>]+\Z|mailto:\S+@\S+\Z", re.IGNORECASE)
_JSON = re.compile(r"(?:[\[{]|%5[bB]|%7[bB]).*(?:[\]}]|%5[dD]|%7[dD])\s*\Z", re.DOTALL)
_CODE_LIKE = re.compile(r"[{};=<>|~]|\bAND\b|\bOR\b|->")
_ISSUE_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,9}-[1-9]\d{0,6}\Z")
_OPAQUE_CHARS = 24


def parameter_kind(name: str, value: str, *, guess: bool = True) -> ParameterKind:
    """The kind of a parameter; ``MACHINE`` for everything that no reader sees.

    :param guess: whether the value decides where the name says nothing.
    """
    kind = _kind_of_name(name)
    if (
        not value
        or kind is ParameterKind.MACHINE
        or _SWITCH.match(value)
        or _MEASURE.match(value)
        or _UUID.match(value)
    ):
        return ParameterKind.MACHINE
    if _JSON.match(value):
        return ParameterKind.DATA
    if _WEB.match(value) and (guess or kind is not None):
        return ParameterKind.ADDRESS
    if kind is ParameterKind.ADDRESS:
        return kind if value.startswith(("/", "www.", "#")) else _of_sentence(value)
    if kind is None and not guess:
        return ParameterKind.MACHINE
    if kind is None:
        named = name.lower() == "name" and " " in value
        return ParameterKind.TEXT if named or _ISSUE_KEY.match(value) else _of_sentence(value)
    opaque = len(value) >= _OPAQUE_CHARS and _OPAQUE.match(value)
    return ParameterKind.MACHINE if opaque and kind is not ParameterKind.FILE else kind


def without_secrets(url: str) -> str:
    """An address without user name and password, and without its query where that holds a secret."""
    try:
        parts = urlsplit(url)
        secret = any(_is_secret(_words(name)) or name.lower().startswith("x-amz") for name, _ in parse_qsl(parts.query))
    except ValueError:  # not an address: a bracket without its partner
        return ""
    if "@" in parts.netloc:
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return (parts._replace(query="", fragment="") if secret else parts).geturl()


def plain_json(value: str) -> str:
    """A JSON value as JSON: some macros store it percent-encoded."""
    return unquote(value) if value.lstrip().startswith("%") else value


def plain_words(value: str) -> str:
    """A title or text as it is read: some macros store it percent-encoded (``Road%20map``)."""
    return unquote(value) if "%20" in value and not any(map(str.isspace, value)) else value


def _is_secret(words: tuple[str, ...]) -> bool:
    return bool(_SECRET.intersection(words)) or "key" in words


@lru_cache(maxsize=2048)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(name))


@lru_cache(maxsize=2048)
def _kind_of_name(name: str) -> ParameterKind | None:
    """The kind by the name's words; None when they say nothing."""
    words = _words(name)
    if not words:
        return None
    first, last = words[0], words[-1]
    if (
        _SECRET.intersection(words)
        or ("key" in words and "api" in words)
        or (len(words) > 1 and first in _MACHINE_FIRST)
    ):
        return ParameterKind.MACHINE
    if last in _MACHINE or "icon" in words:
        return ParameterKind.MACHINE
    if last == "name":
        if first in {"file", "diagram"}:
            return ParameterKind.FILE
        return ParameterKind.TEXT if len(words) > 1 and first not in _UNNAMED else None
    return ParameterKind.ASIDE if _ASIDES.intersection(words) else _kind_of_word(last)


def _kind_of_word(word: str) -> ParameterKind | None:
    for kind, known in (
        (ParameterKind.TITLE, _TITLES),
        (ParameterKind.TEXT, _TEXTS),
        (ParameterKind.ASIDE, _ASIDES),
        (ParameterKind.ADDRESS, _ADDRESSES),
        (ParameterKind.FILE, _FILES),
    ):
        if word in known:
            return kind
    ending = next((suffix for suffix in _SUFFIXES if word.endswith(suffix) and len(word) > len(suffix) + 2), "")
    if ending:
        return _kind_of_word(ending)
    return ParameterKind.TEXT if word == "displayname" else None


def _of_sentence(value: str) -> ParameterKind:
    """Whether a value that its name says nothing about is written for people."""
    if _CODE_LIKE.search(value):
        return ParameterKind.MACHINE
    written = not value.isascii() and any(character.isalpha() for character in value)
    words = [word for word in value.split() if any(map(str.isalpha, word))]
    return ParameterKind.TEXT if written or len(words) > 2 else ParameterKind.MACHINE
