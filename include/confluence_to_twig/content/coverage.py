"""How much of a body's text is found again in its Markdown, measured without the converter's own parser."""

from __future__ import annotations

import html
import re
from collections import Counter

from confluence_to_twig.content.characters import replace_illegal, without_invisible

_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
#: The body of an HTML macro, whose tags are not text either.
_HTML_MACRO = re.compile(
    r'(ac:name="html"[^<>]*+>(?:\s*+<ac:parameter\b[^<>]*+>[^<>]*+</ac:parameter>)*+\s*+<ac:plain-text-body>)'
    r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)",
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
    r"</?(?:strong|b|em|i|u|s|del|strike|ins|span|font|small|big|sup|sub|code|tt|kbd|samp|a|ri:[a-z-]+|"
    r"ac:(?:inline-comment-marker|link|link-body|plain-text-link-body))(?=[\s/>])[^<>]*>"
)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LINK_END = re.compile(r"\]\([^()\s]*\)")
#: Every ASCII character that is not a letter or digit separates words, except those of markup, which may be within
#: words.
_MARKUP = b"*_~\\`^"
_PARTED = bytes(code if code > 127 or chr(code).isalnum() else 32 for code in range(256))
_UNUSUAL_BLANKS = "\xa0\u3000\u2002\u2003\u2009\u202f"


def coverage(storage: str, markdown: str) -> float:
    """Share of the words of the storage text that occur, as often, in the Markdown; 1.0 for a text without words."""
    wanted = _words(_visible_text(storage))
    total = wanted.total()
    if not total:
        return 1.0
    found = _words(_LINK_END.sub("", markdown))
    missing = sum(count - found[word] for word, count in wanted.items() if count > found[word])
    return 1.0 - missing / total


def _words(text: str) -> Counter[bytes]:
    plain = without_invisible(text)
    for blank in _UNUSUAL_BLANKS if not plain.isascii() else "":
        plain = plain.replace(blank, " ")
    return Counter(plain.encode("utf-8", "replace").translate(_PARTED, _MARKUP).split())


def _visible_text(storage: str) -> str:
    text = replace_illegal(storage)
    if 'ac:name="html"' in text:
        text = _HTML_MACRO.sub(r"\1\2", text)
    if "<![CDATA[" in text:
        text = _CDATA.sub(lambda match: html.escape(match[1]), text)
    if "<!--" in text:
        text = _COMMENT.sub(" ", text)
    text = _INLINE_TAG.sub("", _UNSEEN.sub(" ", text))
    return html.unescape(_TAG.sub(" ", text))
