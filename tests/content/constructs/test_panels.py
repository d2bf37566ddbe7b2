"""Panels become block quotes with a label."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import storage_to_markdown
from tests.content.constructs.example import macro


@pytest.mark.parametrize(
    ("name", "label"), [("info", "Info"), ("note", "Note"), ("tip", "Tip"), ("warning", "Warning")]
)
def test_info_note_tip_and_warning_panels(read_back, name, label):
    page = read_back(macro(name, "<p>Back up <em>first</em>.</p>"))
    assert page.xpath("string(blockquote/p)") == f"{label}: Back up first."
    assert page.xpath("string(blockquote/p/strong)") == f"{label}:"


def test_panel_title_joins_the_label(read_back):
    page = read_back(macro("info", "<p>Two ways.</p>", title="Before you start"))
    assert page.xpath("string(blockquote/p)") == "Info: Before you start: Two ways."


def test_panel_without_title_is_a_plain_quote():
    assert storage_to_markdown(macro("panel", "<p>Just so.</p>", bgColor="#fff", panelIconText="X")) == "> Just so."


def test_custom_panel_with_title_is_labelled_by_it():
    assert storage_to_markdown(macro("panel", "<p>Monday.</p>", title="On call")) == "> **On call:** Monday."


def test_panel_that_begins_with_a_list_has_its_label_above(read_back):
    page = read_back(macro("tip", "<ul><li><p>one</p></li><li><p>two</p></li></ul>"))
    assert page.xpath("string(blockquote/p)") == "Tip:"
    assert page.xpath("blockquote/ul/li/text()") == ["one", "two"]


def test_panel_holds_code_tables_and_panels(read_back):
    inner = (
        '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a\n\nb]]></ac:plain-text-body>'
        "</ac:structured-macro><table><tbody><tr><th>A</th></tr><tr><td>1</td></tr><tr><td>2</td></tr></tbody></table>"
    )
    page = read_back(macro("warning", "<p>Mind.</p>" + inner + macro("note", "<p>Inside.</p>")))
    assert page.xpath("string(blockquote/pre/code)") == "a\n\nb\n"
    assert page.xpath("blockquote/table//td/text()") == ["1", "2"]
    assert page.xpath("string(blockquote/blockquote/p)") == "Note: Inside."


def test_neighbouring_panels_stay_two(read_back):
    page = read_back(macro("info", "<p>a</p>") + macro("info", "<p>b</p>"))
    assert len(page.xpath("blockquote")) == 2


def test_empty_panel_leaves_nothing():
    assert storage_to_markdown(macro("info", "<p />")) == ""


def test_adf_extension_panel_once_only(read_back):
    storage = (
        '<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute>'
        "<ac:adf-content><p>Read me.</p></ac:adf-content></ac:adf-node>"
        '<ac:adf-fallback><div class="panel"><div class="panelContent"><p>Read me.</p></div></div></ac:adf-fallback>'
        "</ac:adf-extension>"
    )
    assert storage_to_markdown(storage) == "> **Note:** Read me."


@pytest.mark.parametrize(
    ("kind", "markdown"), [("success", "> **Success:** Done."), ("error", "> **Error:** Done."), ("custom", "> Done.")]
)
def test_adf_extension_panel_of_another_kind(kind, markdown):
    storage = (
        f'<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">{kind}</ac:adf-attribute>'
        "<ac:adf-content><p>Done.</p></ac:adf-content></ac:adf-node></ac:adf-extension>"
    )
    assert storage_to_markdown(storage) == markdown


@pytest.mark.parametrize(
    "node", ["", '<ac:adf-node type="extension"><ac:adf-attribute key="text">Roadmap</ac:adf-attribute></ac:adf-node>']
)
def test_adf_extension_without_content_uses_its_fallback(node):
    storage = f"<ac:adf-extension>{node}<ac:adf-fallback><p>Only here.</p></ac:adf-fallback></ac:adf-extension>"
    assert storage_to_markdown(storage) == "Only here."


def test_adf_extension_with_nothing_but_an_image_shows_it_once():
    image = '<ac:image ac:alt="Plan"><ri:url ri:value="https://e.com/i.png" /></ac:image>'
    storage = (
        f'<ac:adf-extension><ac:adf-node type="panel"><ac:adf-content><p>{image}</p></ac:adf-content></ac:adf-node>'
        f"<ac:adf-fallback><div>{image}</div></ac:adf-fallback></ac:adf-extension>"
    )
    assert storage_to_markdown(storage) == "> **Note:** ![Plan](https://e.com/i.png)"


def test_adf_decisions(read_back):
    item = '<ac:adf-node type="decision-item"><ac:adf-attribute key="state">DECIDED</ac:adf-attribute>{}</ac:adf-node>'
    storage = (
        '<ac:adf-extension><ac:adf-node type="decision-list">'
        + item.format("<ac:adf-content>Use Go</ac:adf-content>")
        + item.format("<ac:adf-content>Ship on Monday</ac:adf-content>")
        + "</ac:adf-node><ac:adf-fallback><ul><li>Use Go</li></ul></ac:adf-fallback></ac:adf-extension>"
    )
    assert read_back(storage).xpath("ul/li/text()") == ["Decision: Use Go", "Decision: Ship on Monday"]


def test_words_in_a_panel_of_the_new_editor_that_stand_beside_its_content_are_kept():
    storage = (
        '<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute>'
        "Beside <ac:adf-content><p>within</p></ac:adf-content></ac:adf-node></ac:adf-extension>"
    )
    markdown = storage_to_markdown(storage)
    assert "Beside" in markdown
    assert "within" in markdown
