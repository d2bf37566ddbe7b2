"""Detect a document's language by its script, and for Latin script by its most common words."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain

_SAMPLE_CHARS = 2_000
_FEWEST_LETTERS = 20
#: Each begins with one of few characters, which is what makes it fast to find.
_CODE = re.compile(r"\n(`{3,}|~{3,}).*?\n\1|`[^`\n]*`|\]\([^)\s]*\)", re.DOTALL)
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_NOT_LATIN = re.compile("[\u0370-\u1fff\u2e80-\uffff]")
_COMMON_WORDS = {
    "en": "the and of to in is for that with are this on be it as or you not from by can an if when",
    "de": "der die und das ist nicht ein eine den von zu mit auf für sich dem werden wird auch oder bei",
    "fr": "le la les et des est une pour dans que qui sur pas avec vous ce sont au du par être",
    "es": "el los las una que por con para del es se como más está su al este pero son",
    "it": "il che di per una con non sono della del è alla nel gli come più dei questo si",
    "pt": "o os as uma que para com não do da em é se dos ao mais por como você são",
    "nl": "de het een van en is dat op te voor met zijn niet aan er bij ook naar wordt",
    "pl": "w na się nie jest że do to z jak po od są przez dla oraz który być",
    "sv": "och att det som en är av för på med den till inte har om ett kan från",
}
_WORD_LANGUAGES = {
    word.encode(): [language for language, words in _COMMON_WORDS.items() if word in words.split()]
    for word in " ".join(_COMMON_WORDS.values()).split()
}
_ASCII = bytes(range(128))
#: Bytes of UTF-8: all of ASCII but its letters part words.
_PARTED = bytes(code if code > 127 or chr(code).isalpha() else 32 for code in range(256))


def detect_language(markdown: str) -> str | None:
    """ISO 639-1 code of the language of the document's beginning, code and links left out; None when in doubt."""
    text = _sample(markdown[: 4 * _SAMPLE_CHARS])
    if _letters(text[:100]) < _FEWEST_LETTERS and _letters(text) < _FEWEST_LETTERS:
        return None
    if _NOT_LATIN.search(_beyond_ascii(text)):
        letters = _letters(text)
        for language, script in _SCRIPTS:
            if len(script.findall(text)) * (10 if language == "ja" else 5) > letters:
                return language
    return _by_common_words(text)


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _sample(beginning: str) -> str:
    """The first characters that are neither code nor links, which are looked for only as far as that."""
    parts: list[str] = []
    missing, position = _SAMPLE_CHARS, 1
    beginning = f"\n{beginning}"
    for match in _CODE.finditer(beginning):
        start = match.start()
        parts.append(beginning[position : start + 1 if beginning[start] == "\n" else start])
        missing, position = missing - len(parts[-1]) - 1, match.end()
        if missing <= 0:
            return " ".join(parts)[:_SAMPLE_CHARS]
    return " ".join([*parts, beginning[position:]])[:_SAMPLE_CHARS]


def _words(text: str) -> list[bytes]:
    """Runs of letters."""
    data = text.encode()
    for character in set(_beyond_ascii(text)):
        if not character.isalnum() or character.isdecimal():
            data = data.replace(character.encode(), b" ")
    return data.translate(_PARTED).split()


def _beyond_ascii(text: str) -> str:
    return text.encode().translate(None, _ASCII).decode()


def _by_common_words(text: str) -> str | None:
    words = _words(text.lower())
    common = filter(_WORD_LANGUAGES.__contains__, words)
    votes = Counter(chain.from_iterable(map(_WORD_LANGUAGES.__getitem__, common)))
    if not votes:
        return None
    best, count = max(votes.items(), key=lambda vote: (vote[1], vote[0]))
    return best if count * 20 >= len(words) else None
