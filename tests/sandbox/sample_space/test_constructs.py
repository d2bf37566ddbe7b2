"""Every construct that the converter knows occurs in the sample space, written as Confluence writes it."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from sandbox.seed import SeedSpace

from .conftest import NAMESPACES

MACROS = (
    *("info", "note", "tip", "warning", "panel", "code", "noformat", "expand", "status", "details", "detailssummary"),
    *(
        "excerpt",
        "excerpt-include",
        "include",
        "jira",
        "mathblock",
        "mathinline",
        "iframe",
        "widget",
        "toc",
        "children",
    ),
    *("pagetree", "recently-updated", "rollout-timeline", "drawio", "view-file", "viewpdf", "anchor", "livesearch"),
    *("blog-posts", "contentbylabel", "attachments"),
)

XPATHS = {
    "panel of the new editor, content twice": "//ac:adf-extension/ac:adf-node[@type='panel'][ac:adf-content]"
    "[following-sibling::ac:adf-fallback]",
    "decision list": "//ac:adf-node[@type='decision-list']",
    "panel with title and emoji": "//ac:structured-macro[@ac:name='panel'][ac:parameter[@ac:name='title']]"
    "[ac:parameter[@ac:name='panelIconText']]",
    "info with title": "//ac:structured-macro[@ac:name='warning'][ac:parameter[@ac:name='title']]",
    "code with title": "//ac:structured-macro[@ac:name='code'][ac:parameter[@ac:name='title']]",
    "code without language": "//ac:structured-macro[@ac:name='code'][not(ac:parameter)]",
    "code in a list item": "//li//ac:structured-macro[@ac:name='code']",
    "code in a cell": "//td//ac:structured-macro[@ac:name='code']",
    "list in a cell": "//td/ol/li",
    "pipe in a cell": "//td//code[contains(., '|')]",
    "nested table": "//td/table",
    "colspan": "//td[@colspan]",
    "rowspan": "//th[@rowspan]",
    "header column": "//tr[position() > 1]/th[1][following-sibling::td]",
    "table without header": "//table[not(.//th)]",
    "numbering column": "//td[@class='numberingColumn']",
    "empty cell": "//td/p[not(node())]",
    "column widths": "//table/colgroup/col[@style]",
    "list in a list": "//ul/li/ul/li",
    "numbered list in a bulleted one": "//ul/li/ol/li",
    "bulleted list in a numbered one": "//ol/li/ul/li",
    "several paragraphs in an item": "//li/p[2]",
    "task, open": "//ac:task[ac:task-status='incomplete']",
    "task, done": "//ac:task[ac:task-status='complete']",
    "date": "//time[@datetime]",
    "mention": "//ac:link/ri:user[@ri:account-id]",
    "emoji": "//ac:emoticon[@ac:emoji-fallback]",
    "image, attached, with alt and caption": "//ac:image[@ac:alt][ac:caption]/ri:attachment",
    "image without alt": "//ac:image[not(@ac:alt)]/ri:attachment",
    "image without caption": "//ac:image[not(ac:caption)]/ri:attachment",
    "image, external": "//ac:image/ri:url",
    "image, inline": "//ac:image[@ac:inline='true']",
    "link by title": "//ac:link[ac:link-body]/ri:page",
    "link without body": "//ac:link[not(*[2])]/ri:page",
    "link with plain body": "//ac:link[ac:plain-text-link-body]/ri:page",
    "link as a card": "//ac:link[@ac:card-appearance='inline']/ri:page",
    "link to an anchor elsewhere": "//ac:link[@ac:anchor]/ri:page",
    "link to an anchor here": "//ac:link[@ac:anchor][not(ri:page)]",
    "link to an attachment": "//ac:link/ri:attachment",
    "link to another space": "//ac:link/ri:page[@ri:space-key]",
    "link, external": "//a[starts-with(@href, 'https://')][not(@data-card-appearance)]",
    "smart link": "//a[@data-card-appearance='inline']",
    "layout with two columns": "//ac:layout-section[@ac:type='two_equal'][count(ac:layout-cell) = 2]",
    "layout with a sidebar": "//ac:layout-section[@ac:type='two_left_sidebar']",
    "layout with three columns": "//ac:layout-section[@ac:type='three_equal'][count(ac:layout-cell) = 3]",
    "jira issue": "//ac:structured-macro[@ac:name='jira']/ac:parameter[@ac:name='key']",
    "jira table": "//ac:structured-macro[@ac:name='jira']/ac:parameter[@ac:name='jqlQuery']",
    "inline comment": "//ac:inline-comment-marker[@ac:ref]",
    "placeholder": "//ac:placeholder",
    "quote": "//blockquote/p",
    "rule": "//hr",
    "struck text": "//del",
    "coloured text": "//span[starts-with(@style, 'color')]",
    "subscript": "//sub",
    "superscript": "//sup",
    "block with a local id": "//p[@local-id]",
    "block without a local id": "//p[not(@local-id)]",
    "table with a local id": "//table[@ac:local-id]",
}


@pytest.mark.parametrize("name", MACROS)
def test_has_macro(trees: dict[str, etree._Element], name: str) -> None:
    path = f"//ac:structured-macro[@ac:name='{name}'][@ac:schema-version='1'][@ac:macro-id]"
    assert any(tree.xpath(path, namespaces=NAMESPACES) for tree in trees.values())


@pytest.mark.parametrize("name", XPATHS)
def test_has_construct(trees: dict[str, etree._Element], name: str) -> None:
    assert any(tree.xpath(XPATHS[name], namespaces=NAMESPACES) for tree in trees.values())


def test_has_no_other_macros(trees: dict[str, etree._Element]) -> None:
    path = "//ac:structured-macro/@ac:name"
    assert {name for tree in trees.values() for name in tree.xpath(path, namespaces=NAMESPACES)} == set(MACROS)


def test_code_that_contains_the_end_of_cdata_is_divided(space: SeedSpace) -> None:
    divided = [page.ref for page in space.pages if "]]]]><![CDATA[>" in page.storage]
    assert divided == ["chat-channel"]


@pytest.mark.parametrize(
    ("script", "pattern"),
    [("Japanese", r"[\u3040-\u30ff]{5}"), ("Arabic", r"[\u0600-\u06ff]{4}"), ("German", r"&[aou]uml;")],
)
def test_has_text_in(space: SeedSpace, script: str, pattern: str) -> None:
    assert any(re.search(pattern, page.storage) for page in space.pages), script


def test_named_entities_are_written_as_confluence_writes_them(space: SeedSpace) -> None:
    bodies = "".join(page.storage for page in space.pages)
    assert all(f"&{name};" in bodies for name in ("minus", "deg", "rarr", "hellip", "bdquo", "ldquo", "eacute"))
