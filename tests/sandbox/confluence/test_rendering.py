from __future__ import annotations

import json

import pytest

from sandbox.confluence import SandboxConfluence
from sandbox.confluence.rendering import atlas_doc, representation
from sandbox.seed import SeedAttachment, SeedPage, SeedSpace, SeedUser


def view(body: str, *others: SeedPage) -> str:
    """The rendered body of a page with one attachment in a space with other pages."""
    file = SeedAttachment("plan.pdf", "application/pdf", b"%PDF")
    page = SeedPage("page", "Page", body, attachments=(file,), page_id="500")
    users = (SeedUser("712020:ada", "Ada Novak", "ada@example.com"),)
    site = SandboxConfluence(SeedSpace("DOCS", "Docs", "", (page, *others), users))
    return representation(site.store, site.find("page"), "export_view").text()


def macro(name: str, inside: str) -> str:
    return f'<ac:structured-macro ac:name="{name}">{inside}</ac:structured-macro>'


def parameter(name: str, value: str) -> str:
    return f'<ac:parameter ac:name="{name}">{value}</ac:parameter>'


def rich(body: str) -> str:
    return f"<ac:rich-text-body>{body}</ac:rich-text-body>"


@pytest.mark.parametrize(
    ("storage", "html"),
    [
        ("<p>a &amp; b&nbsp;&ndash; c<br/></p>", "<p>a &amp; b\u00a0– c<br/></p>"),
        ("<h2>My part</h2>", '<h2 id="Page-Mypart">My part</h2>'),
        ("<table><tbody><tr><td>1</td></tr></tbody></table>", '<td class="confluenceTd">1</td>'),
        (
            macro("info", rich("<p>x</p>")),
            'class="confluence-information-macro confluence-information-macro-information"',
        ),
        (macro("note", parameter("title", "T") + rich("")), '<p class="title">T</p>'),
        (
            macro("code", parameter("language", "sql") + "<ac:plain-text-body><![CDATA[a < b]]></ac:plain-text-body>"),
            'data-syntaxhighlighter-params="brush: sql; gutter: false">a &lt; b</pre>',
        ),
        (macro("expand", parameter("title", "More") + rich("<p>x</p>")), 'expand-control-text">More</span>'),
        (macro("status", parameter("title", "DONE") + parameter("colour", "Green")), 'aui-lozenge-green">DONE</span>'),
        (macro("toc", "") + "<h1>One</h1>", '<a href="#Page-One">One</a>'),
        (macro("jira", parameter("key", "AB-1")), '<a href="/browse/AB-1">AB-1</a>'),
        (macro("unknown", rich("<p>kept</p>")), '<div data-macro-name="unknown"><p>kept</p></div>'),
        (macro("attachments", ""), "plan.pdf</a>"),
        ('<ac:link><ri:user ri:account-id="712020:ada"/></ac:link>', 'data-account-id="712020:ada"'),
        ('<ac:link><ri:user ri:account-id="712020:ada"/></ac:link>', ">Ada Novak</a>"),
        ('<ac:link><ri:attachment ri:filename="plan.pdf"/></ac:link>', "/wiki/download/attachments/500/plan.pdf?"),
        ('<ac:link ac:anchor="x"><ac:link-body>go</ac:link-body></ac:link>', '<a href="#Page-x">go</a>'),
        ('<ac:link><ri:page ri:content-title="Nowhere"/></ac:link>', '<a href="#">Nowhere</a>'),
        ('<ac:image ac:alt="A"><ri:attachment ri:filename="plan.pdf"/></ac:image>', 'alt="A" data-linked-resource'),
        ('<ac:image><ri:url ri:value="https://e.x/i.png"/></ac:image>', 'src="https://e.x/i.png"'),
        ('<time datetime="2026-01-02"/>', "2026-01-02</time>"),
        ('<ac:emoticon ac:name="smile" ac:emoji-fallback="🙂"/>', "🙂"),
        ("<ac:placeholder>hint</ac:placeholder>", ""),
        (
            "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>complete</ac:task-status>"
            "<ac:task-body>Do</ac:task-body></ac:task></ac:task-list>",
            '<li class="checked" data-inline-task-id="7">Do</li>',
        ),
        (
            '<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell><p>x</p></ac:layout-cell></ac:layout-section></ac:layout>',
            '<div class="columnLayout"><div class="cell"><div class="innerCell"><p>x</p></div></div></div>',
        ),
    ],
)
def test_storage_is_rendered_as_exporters_know_it(storage: str, html: str) -> None:
    assert html in view(storage)


def test_an_adf_extension_shows_its_content_once() -> None:
    body = "<ac:adf-extension><ac:adf-node><ac:adf-content><p>once</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>once</p></ac:adf-fallback></ac:adf-extension>"
    assert view(body).count("once") == 1


def test_links_lead_to_the_page_of_that_title() -> None:
    other = SeedPage("other", "Other page", "", page_id="700")
    html = view('<ac:link><ri:page ri:content-title="Other page"/></ac:link>', other)
    assert 'href="/wiki/spaces/DOCS/pages/700/Other+page" data-linked-resource-id="700"' in html


def include(title: str) -> str:
    return macro(
        "include", f'<ac:parameter ac:name=""><ac:link><ri:page ri:content-title="{title}"/></ac:link></ac:parameter>'
    )


def test_an_include_shows_the_other_page_and_ends_in_a_circle() -> None:
    assert "<p>shared</p>" in view(include("Other"), SeedPage("other", "Other", "<p>shared</p>"))
    circle = view("<p>me</p>" + include("Other"), SeedPage("other", "Other", include("Page")))
    assert 1 < circle.count("<p>me</p>") < 5


def test_an_excerpt_include_shows_the_excerpt_only() -> None:
    other = SeedPage("other", "Other", "<p>no</p>" + macro("excerpt", rich("<p>yes</p>")))
    html = view(include("Other").replace('"include"', '"excerpt-include"'), other)
    assert '<div class="panelHeader">Other</div>' in html
    assert "<p>yes</p>" in html
    assert "<p>no</p>" not in html


def test_children_are_listed() -> None:
    html = view(
        macro("children", ""), SeedPage("one", "One", "", parent="page"), SeedPage("two", "Two", "", parent="one")
    )
    assert ">One</a>" in html
    assert "Two" not in html


def test_a_rendered_page_changes_with_the_page_that_it_includes() -> None:
    pages = (SeedPage("a", "A", include("B")), SeedPage("b", "B", "<p>old</p>"))
    site = SandboxConfluence(SeedSpace("DOCS", "Docs", "", pages))
    assert "old" in representation(site.store, site.find("a"), "view").text()
    site.edit("b", storage="<p>new</p>")
    assert "new" in representation(site.store, site.find("a"), "view").text()


def test_the_seed_can_say_what_the_server_renders() -> None:
    site = SandboxConfluence(SeedSpace("DOCS", "Docs", "", (SeedPage("a", "A", "<p>s</p>", view="<p>v</p>"),)))
    assert representation(site.store, site.find("a"), "view").text() == "<p>v</p>"
    site.edit("a", storage="<p>t</p>")
    assert representation(site.store, site.find("a"), "view").text() == "<p>t</p>"


def test_a_body_that_is_not_well_formed_is_shown_as_it_is() -> None:
    assert view("<p>open") == "<p>open"


def test_the_document_format_holds_the_text() -> None:
    doc = json.loads(atlas_doc("<p>One <b>two</b></p><p></p><p>Three</p>"))
    assert [node["content"][0]["text"] for node in doc["content"]] == ["One two", "Three"]
