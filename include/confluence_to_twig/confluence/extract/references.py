"""What a storage body refers to, found without parsing it: people, files, included pages, macros of the server.

Bodies pass through here by the thousand while others are on their way, so this is done by a few regular expressions.
Finding too much costs a needless look-up and nothing else; the converter parses properly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from confluence_to_twig.content.storage.macros import SERVER_RENDERED

#: A page with less text than this outside of macros of the server is worth a rendered body.
LITTLE_TEXT = 200

_USER = re.compile(r'<ri:user\b[^>]*?\bri:(?:account-id|userkey)="([^"]+)"')
_OWN_FILE = re.compile(r'<ri:attachment\b[^>]*?\bri:filename="([^"]+)"[^>]*?/>')
_MACRO = re.compile(r'<ac:structured-macro\b[^>]*?\bac:name="([^"]+)"')
_INCLUDE = re.compile(
    r'<ac:structured-macro\b[^>]*?\bac:name="(?:include|include-page|excerpt-include|multiexcerpt-include(?:-macro)?)"[^>]*?'
    r"(?:/>|>(.{0,5000}?)</ac:structured-macro>)",
    re.DOTALL,
)
_PAGE = re.compile(r"<ri:(?:page|blog-post)\b([^>]*)>")
_TITLE = re.compile(r'ri:content-title="([^"]*)"')
_SPACE_KEY = re.compile(r'ri:space-key="([^"]*)"')
_SPACE = re.compile(r'<ri:space\b[^>]*\bri:space-key="([^"]*)"')
_PLAIN_PARAMETER = re.compile(r'<ac:parameter ac:name="(?:|pageTitle|PageWithExcerpt|page)">([^<]+)</ac:parameter>')
_NO_TEXT = re.compile(r"<ac:parameter\b[^>]*>.*?</ac:parameter>|<[^>]*>|\s+", re.DOTALL)


@dataclass(frozen=True)
class PageReference:
    """A page by title; ``space_key`` is ``None`` for the space of the page that refers to it."""

    space_key: str | None
    title: str


def user_ids(storage: str) -> set[str]:
    """Account ids (on Data Center user keys) of the people a body mentions."""
    return {unescape(found) for found in _USER.findall(storage)} if "<ri:user" in storage else set()


def own_file_names(storage: str) -> set[str]:
    """Names of the page's own attachments that its body shows or links to; those of other pages name that page, too,
    and are not self-closing."""
    return {unescape(found) for found in _OWN_FILE.findall(storage)} if "<ri:attachment" in storage else set()


def included_pages(storage: str) -> list[PageReference]:
    """The pages whose text a body includes as a whole or by excerpt, in order, each once."""
    if "include" not in storage:
        return []
    references = (_reference(macro.group(1) or "") for macro in _INCLUDE.finditer(storage))
    return list(dict.fromkeys(reference for reference in references if reference is not None))


def _reference(macro_body: str) -> PageReference | None:
    page = _PAGE.search(macro_body)
    if page:
        # Some macros name the space beside the page: <ri:space ri:space-key="DOC" />.
        title, space_key = _TITLE.search(page.group(1)), _SPACE_KEY.search(page.group(1)) or _SPACE.search(macro_body)
        return (
            PageReference(unescape(space_key.group(1)) if space_key else None, unescape(title.group(1)))
            if title
            else None
        )
    plain = _PLAIN_PARAMETER.search(macro_body)
    if not plain:
        return None
    # Pages of long ago name the page as text: "Title" or "SPACE:Title".
    key, colon, title_text = unescape(plain.group(1)).partition(":")
    if colon and key and " " not in key:
        return PageReference(key, title_text.strip())
    return PageReference(None, unescape(plain.group(1)).strip())


def needs_rendering(storage: str) -> bool:
    """Whether there is little to read in a body but what only the server can fill in: reports, queries, charts."""
    if not any(name.lower() in SERVER_RENDERED for name in _MACRO.findall(storage)):
        return False
    return len(_NO_TEXT.sub("", storage)) < LITTLE_TEXT
