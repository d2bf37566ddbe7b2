"""How much of what a reader sees of a body is found again in its Markdown, measured without the converter's own parser."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from functools import partial
from operator import contains
from typing import NamedTuple
from urllib.parse import unquote

from confluence_to_twig.content.characters import INVISIBLE, without_invisible
from confluence_to_twig.content.diagrams.encoded import decoded_source
from confluence_to_twig.content.nodes import Node
from confluence_to_twig.content.parameter_kinds import ParameterKind, parameter_kind, plain_words
from confluence_to_twig.content.raw_markdown import without_code_sources, without_comments
from confluence_to_twig.content.storage.links import clean_url, escaped
from confluence_to_twig.content.storage.macros import NAVIGATION, has_rule, has_source
from confluence_to_twig.content.storage.shown import json_items

_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
#: The body of an HTML macro, whose tags are not text either.
_HTML_MACRO = re.compile(
    r'(ac:name="html"[^<>]*+>(?:\s*+<ac:parameter\b[^<>]*+>[^<>]*+</ac:parameter>)*+\s*+<ac:plain-text-body>)'
    r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)",
    re.DOTALL,
)
#: The body of a Markdown macro.
_MARKDOWN_MACRO = re.compile(
    r'(ac:name="[^"<>]*markdown[^"<>]*"[^<>]*+>(?:\s*+<ac:parameter\b[^<>]*+>[^<>]*+</ac:parameter>)*+\s*+<ac:plain-text-body><!\[CDATA\[)'
    r"(.*?)(\]\]>|\Z)",
    re.DOTALL,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
#: Elements whose text is not visible.
_UNSEEN = re.compile(
    r"<(ac:parameter|ac:adf-fallback|ac:placeholder|ac:task-id|ac:task-uuid|ac:task-status|ac:adf-attribute|script|style)\b"
    r"(?:[^<>]*/>|[^<>]*>.*?(?:</\1\s*>|\Z))",
    re.DOTALL,
)
#: Elements within a word or a sentence: the text on either side of their tags stays together.
_INLINE_TAG = re.compile(
    r"</?(?:s(?:trong|pan|mall|trike|u[bp]|amp)?|b(?:ig|d[io])?|em|i(?:ns)?|u|d(?:el|fn)|font|c(?:ode|ite)|tt|kbd|mark|q|var|wbr|"
    r"a(?:bbr|cronym|c:(?:inline-comment-marker|link(?:-body)?|plain-text-link-body))?|r(?:i:[a-z-]+|[bpt]|uby))(?=[\s/>])[^<>]*+>"
)
#: To look for one character is faster than for two. Where a tag has the beginning of another one inside, the text is broken.
_TAG = re.compile(r"</?[A-Za-z][^>]*+>")
_TAG_OF_BROKEN_TEXT = re.compile(r"</?[A-Za-z][^<>]*+>")
_LINK_END = re.compile(r"\]\([^()\s]*\)")
#: Every ASCII character that is not a letter or digit separates words, except those of markup, which may be within
#: words.
_MARKUP = b"*_~\\`^"
_PARTED = bytes(code if code > 127 or chr(code).isalnum() else 32 for code in range(256))
_UNUSUAL_BLANKS = "–—…“”‘’\xa0\u3000\u2002\u2003\u2009\u202f"
#: Arrows, symbols and emoji, with what changes how they look. They are no words: an element may have become one, directly
#: beside a word.
_SYMBOL = (
    "\u203c\u2049\u20e3\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\ufe0f"
    "\U0001f000-\U0001faff"
)
_SYMBOLS = re.compile(f"[{_SYMBOL}]")
_INVISIBLE_OR_SYMBOL = re.compile(f"[{INVISIBLE}{_SYMBOL}]")
_ASCII = bytes(range(128))


#: Beginnings of macros, their parameters, settings of apps, and bodies without markup, in the order of the page.
_PARTS = re.compile(
    r"""<ac:(?:structured-)?macro\b[^<>]*?\bac:name="(?P<macro>[^"]*)"[^<>]*>
      | <ac:parameter\b(?:[^<>]*/>|(?P<head>[^<>]*)>(?P<value>.*?)(?:</ac:parameter\s*>|\Z))
      | <ac:adf-(?:parameter|attribute)\b[^<>]*?\bkey="(?P<key>[^"]*)"[^<>/]*>(?P<setting>[^<>]*)</ac:adf-(?:parameter|attribute)\s*>
      | <ac:plain-text-body\s*>(?P<body>[^<>]*)</ac:plain-text-body\s*>""",
    re.DOTALL | re.VERBOSE,
)
_MARKS_OF_PARTS = ("<ac:parameter", "<ac:adf-", "plantuml", "mermaid", "graphviz")
_DATE = re.compile(r'<time\b[^<>]*?\bdatetime="([^"<>]+)"[^<>]*>(?:[^<>]*</time>)?')
_PERSON = re.compile(r"<ri:user\b[^<>]*>")
_NAME = re.compile(r'\bac:name="([^"]*)"')
_FILE = re.compile(r'<ri:attachment\b[^<>]*?\bri:filename="([^"]*)"')
_SMART_LINK = re.compile(r"""<a\b([^<>]*\bdata-(?:card-appearance|datasource)=[^<>]*)>([^<>]*)</a>""")
_HREF = re.compile(r'\bhref="([^"]*)"')
_FILE_IN_ADDRESS = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=]+")
_SHOWN = frozenset({ParameterKind.TITLE, ParameterKind.TEXT, ParameterKind.ASIDE})
_MOST_MISSING = 50


class Coverage(NamedTuple):
    """The share of the words found again, 0 to 1, and the words and file names that were not."""

    share: float
    missing: tuple[str, ...]


def coverage(storage: str, markdown: str) -> Coverage:
    """Which of the words that the storage text shows occur, as often, in the Markdown; all of none are 1.0.

    :param storage: a text that went through :func:`~confluence_to_twig.content.characters.replace_illegal`.

    Texts, shown parameters of macros, and names of files count; the name of a file may be part of an address.
    """
    text, files = _visible_text(storage)
    wanted = _words(text)
    total = len(wanted) + len(files)
    if not total:
        return Coverage(1.0, ())
    found = _words(_LINK_END.sub("", markdown))
    lost = {} if _in_order(wanted, found) else _lost(wanted, found)
    lost_files = _not_named(files, markdown)
    missing = (*(word.decode(errors="replace") for word in lost), *lost_files)
    return Coverage(1.0 - (sum(lost.values()) + len(lost_files)) / total, missing[:_MOST_MISSING])


def _in_order(wanted: list[bytes], found: list[bytes]) -> bool:
    """Whether all words come in the same order, with others between: mostly so, and told in half the time of counting."""
    following = iter(found)  # which `in` reads up to the word
    return all(map(partial(contains, following), wanted))  # type: ignore[arg-type]


def _lost(wanted: list[bytes], found: list[bytes]) -> dict[bytes, int]:
    """The words that come less often than wanted, and how often they are missing."""
    counts = Counter(found)
    return {
        word: left for word, count in Counter(wanted).items() if (left := count - counts[word]) > 0 and _is_word(word)
    }


def _is_word(word: bytes) -> bool:
    """Whether it is more than a dash or quotation mark, which may have a neighbour without a blank between."""
    return word.isalnum() or any(map(str.isalnum, word.decode(errors="replace")))


def _not_named(files: set[str], markdown: str) -> list[str]:
    if not files:
        return []
    absent = [name for name in sorted(files) if name not in markdown and clean_url(escaped(name)) not in markdown]
    plain = _as_named(markdown) if absent else ""
    return [name for name in absent if _as_named(name) not in plain]


def _as_named(name: str) -> str:
    return without_invisible(unicodedata.normalize("NFC", unquote(name))).replace("\\", "")


def _words(text: str) -> list[bytes]:
    data = text.encode("utf-8", "replace")
    unusual = data.translate(None, _ASCII).decode()
    if unusual:
        for character in _UNUSUAL_BLANKS:
            if character in unusual:
                data = data.replace(character.encode(), b" ")
        if _INVISIBLE_OR_SYMBOL.search(unusual):
            data = _SYMBOLS.sub(" ", without_invisible(data.decode())).encode()
    return data.translate(_PARTED, _MARKUP).split()


def _visible_text(storage: str) -> tuple[str, set[str]]:
    """The text that a reader sees, and the names of files that the body shows or links to."""
    text = _opened(storage)
    if "base64," in text:
        text = _FILE_IN_ADDRESS.sub(" ", text)
    if "script:" in text:
        text = without_code_sources(text)
    if "<time" in text:
        text = _DATE.sub(r" \1 ", text)
    if "<ri:user" in text:
        text = _PERSON.sub(" ", text)
    if "<![CDATA[" in text:
        text = _CDATA.sub(lambda match: html.escape(match[1]), text)
    if "<!--" in text:
        text = _COMMENT.sub(" ", text)
    if "data-card-appearance" in text or "data-datasource" in text:
        text = _SMART_LINK.sub(_words_of_smart_link, text)
    if any(mark in text for mark in _MARKS_OF_PARTS):
        text = _PARTS.sub(_ShownParts(), text)
    text = _UNSEEN.sub(" ", text)
    files = {html.unescape(name) for name in _FILE.findall(text)} if "<ri:attachment" in text else set()
    return html.unescape(_without_tags(text)), files - {""}


def _opened(text: str) -> str:
    """Storage with the bodies of HTML and Markdown macros as they are shown."""
    if 'ac:name="html"' in text:
        text = _HTML_MACRO.sub(r"\1\2", text)
    if "<!--" in text and "markdown" in text:
        text = _MARKDOWN_MACRO.sub(lambda match: f"{match[1]}{without_comments(match[2])}{match[3]}", text)
    return text


def _without_tags(text: str) -> str:
    text = _INLINE_TAG.sub("", text)
    if text.rfind("<") < text.rfind(">"):  # else each beginning of a tag would be followed to the end of the text
        plain, tags = _TAG.subn(" ", text)
        if tags == text.count("<"):
            return plain
    return _TAG_OF_BROKEN_TEXT.sub(" ", text)


def _words_of_smart_link(match: re.Match[str]) -> str:
    """Its text, unless that is the address: a title or query stands for that."""
    href = _HREF.search(match[1])
    address, words = html.unescape(href[1]).strip() if href else "", html.unescape(match[2]).strip()
    return " " if words in {address, unquote(address)} else match[0]


class _ShownParts:
    """Replaces parameters by what a reader sees of them. A parameter belongs to the macro that began last."""

    def __init__(self) -> None:
        self._macro = ""
        self._begun = 0
        self._titles: list[str] | None = None

    def __call__(self, match: re.Match[str]) -> str:
        if match["macro"] is not None:
            self._macro = match["macro"].strip().lower()
            self._begun, self._titles = match.end(), None
            return match[0]
        if match["body"] is not None:
            return html.escape(decoded_source(html.unescape(match["body"]))) if has_source(self._macro) else match[0]
        if match["key"] is not None:
            return (
                " " if match["key"] == "text" and "adf-attribute" in match[0][:20] else self._shown(match, guess=True)
            )
        return self._shown(match, guess=not has_rule(self._macro))

    def _shown(self, match: re.Match[str], *, guess: bool) -> str:
        name, value = _named(match)
        if "<" in value:
            return f" {value} " if guess else " "
        plain = html.unescape(value).strip()
        kind = parameter_kind(name, plain, guess=guess)
        if kind in {ParameterKind.TITLE, ParameterKind.TEXT}:
            plain = plain_words(plain)
        if kind in _SHOWN and (self._macro not in NAVIGATION or kind is ParameterKind.TITLE):
            return f" {plain if '</' in plain else html.escape(plain)} "
        if kind is ParameterKind.DATA and guess:
            if self._titles is None:
                self._titles = _titles(match.string, self._begun)
            items = Node("", {}, json_items(plain, self._titles)).walk()
            return html.escape(
                " ".join(part for item in items for part in ("", *item.children) if isinstance(part, str))
            )
        return " "


def _named(part: re.Match[str]) -> tuple[str, str]:
    """Name and value of a parameter or setting."""
    if part["key"] is not None:
        return part["key"], part["setting"]
    name = _NAME.search(part["head"] or "")
    return name[1] if name else "", part["value"] or ""


def _titles(text: str, begun: int) -> list[str]:
    """The titles of the macro that began there, which are shown once: its data may have them, too."""
    titles: list[str] = []
    for part in _PARTS.finditer(text, begun):
        if part["macro"] is not None:
            break
        name, value = _named(part)
        plain = html.unescape(value).strip()
        if parameter_kind(name, plain) is ParameterKind.TITLE:
            titles.append(plain_words(plain))
    return titles
