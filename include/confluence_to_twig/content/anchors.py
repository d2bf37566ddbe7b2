"""The fragment that Confluence gives a heading."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import quote, urlsplit

from confluence_to_twig.sources.cloud_domains import is_cloud_host

# What a fragment may hold unescaped: by RFC 3986, section 3.5, and brackets, as the URL standard has it
# (https://url.spec.whatwg.org/#fragment-percent-encode-set). Parentheses stay out because Markdown links end there.
_SAFE = "-._~!$&'*+,;=:@/?[]"
_BLANK = re.compile(r"\s")

# Pages of Cloud are at /wiki/spaces/. A Data Center from 9 on whose context path is /wiki cannot be told from it.
_DATA_CENTER_PAGE = re.compile(
    r"https?://[^/?#]+(?!/wiki/spaces/)(?:/[^/?#]+)*?/(?:display/|spaces/|pages/viewpage\.action)"
)
#: The value of the page's property ``editor`` for the legacy editor of Cloud; ``v2`` is the new one
#: (https://github.com/atlassian-api/atlassian-python-api/pull/857).
LEGACY_EDITOR = "v1"


def heading_anchor(text: str) -> str:
    """The fragment of a heading as Confluence Cloud's editor makes it, percent-encoded, without ``#``.

    White space becomes ``-``, case and punctuation stay: ``Set up (v2)`` → ``Set-up-%28v2%29``. Known from what tools
    that write into Confluence found out: github.com/sphinx-contrib/confluencebuilder/pull/921 (spaces to hyphens),
    github.com/kovetskiy/mark/issues/492 (case and ``/._`` kept).
    """
    anchor = _BLANK.sub("-", text.strip())
    return anchor if anchor.isascii() and anchor.replace("-", "").isalnum() else quote(anchor, safe=_SAFE)


def has_titled_anchors(page_url: str, editor: str = "") -> bool:
    """Whether the fragments of a page begin with its title: on Data Center, and on Cloud in pages of the legacy editor.

    :param editor: the page's property ``editor``; empty when it is not known.
    """
    on_cloud = is_cloud_host(urlsplit(page_url).hostname or "") or not _DATA_CENTER_PAGE.match(page_url)
    return editor == LEGACY_EDITOR or not on_cloud


def anchor_on(text: str, page_url: str, page_title: str, editor: str = "") -> str:
    """The fragment of a heading, or of an anchor of that name, on the page at ``page_url``.

    Data Center and the legacy editor put the page's title before it, and leave white space out of both: ``Set up`` on
    *Release notes* → ``Releasenotes-Setup``, as
    http://finnotype.blogspot.com/2014/01/duplicate-heading-anchors-in-confluence.html shows.
    """
    return _titled_anchor(text, page_title) if has_titled_anchors(page_url, editor) else heading_anchor(text)


def _titled_anchor(text: str, page_title: str) -> str:
    return quote(_BLANK.sub("", f"{page_title}-{text}"), safe=_SAFE)


class Anchors:
    """The fragments of one page's headings, in order: the second of two equal ones ends in ``.1``.

    The suffix is what github.com/mihaeu/cosmere/issues/32 shows of a rendered page.

    :param editor: see :func:`has_titled_anchors`.
    """

    def __init__(self, page_url: str = "", page_title: str = "", editor: str = "") -> None:
        self._title = page_title
        self._titled = has_titled_anchors(page_url, editor)
        self._seen: Counter[str] = Counter()

    def add(self, text: str, named: str = "") -> str:
        """The fragment of the next heading.

        :param named: the same text, where the new editor takes another one: see :class:`~confluence_to_twig.content.model.Heading`.
        """
        anchor = _titled_anchor(text, self._title) if self._titled else heading_anchor(named or text)
        self._seen[anchor] += 1
        repeated = self._seen[anchor] - 1
        return f"{anchor}.{repeated}" if repeated else anchor
