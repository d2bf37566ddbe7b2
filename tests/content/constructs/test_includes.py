"""Included pages and excerpts stand in the including page's text."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import IncludedPage, PageContext, convert
from confluence_to_twig.content.storage.resolution import INCLUDE_LIMIT_PAGES


def reference(title: str, space_key: str = "") -> str:
    key = f' ri:space-key="{space_key}"' if space_key else ""
    return f'<ac:parameter ac:name=""><ac:link><ri:page{key} ri:content-title="{title}" /></ac:link></ac:parameter>'


def include(title: str) -> str:
    return f'<ac:structured-macro ac:name="include">{reference(title)}</ac:structured-macro>'


def excerpt_include(title: str, **parameters: str) -> str:
    values = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return f'<ac:structured-macro ac:name="excerpt-include">{reference(title)}{values}</ac:structured-macro>'


def excerpt(text: str, name: str = "") -> str:
    parameter = f'<ac:parameter ac:name="name">{name}</ac:parameter>' if name else ""
    return f'<ac:structured-macro ac:name="excerpt">{parameter}<ac:rich-text-body>{text}</ac:rich-text-body></ac:structured-macro>'


def context(**bodies: str) -> PageContext:
    pages = {
        title: IncludedPage(f"id-{title}", title, storage, f"https://acme.example/wiki/{title}")
        for title, storage in bodies.items()
    }
    return PageContext(
        page_id="id-Home",
        title="Home",
        site_url="https://acme.example/wiki",
        resolve_page=lambda _space, title: pages[title].url if title in pages else None,
        resolve_body=lambda _space, title: pages.get(title),
    )


def test_include_puts_the_page_in():
    conversion = convert(f"<p>a</p>{include('Part')}<p>c</p>", context(Part="<h2>B</h2><p>b</p>"))
    assert conversion.markdown == "a\n\n## B\n\nb\n\nc"
    assert conversion.report.includes == ("id-Part@0",)


def test_include_resolves_files_of_the_included_page_as_its_own():
    part = '<ac:image><ri:attachment ri:filename="i.png" /></ac:image>'
    markdown = convert(include("Part"), context(Part=part)).markdown
    assert markdown == "![i.png](https://acme.example/wiki/download/attachments/id-Part/i.png)"


def test_include_inside_an_included_page():
    conversion = convert(include("A"), context(A=f"<p>a</p>{include('B')}", B="<p>b</p>"))
    assert conversion.markdown == "a\n\nb"
    assert conversion.report.includes == ("id-A@0", "id-B@0")


def test_include_of_itself_and_in_a_circle_ends():
    pages = context(A=f"<p>a</p>{include('B')}", B=f"<p>b</p>{include('A')}", Home=include("Home"))
    assert convert(include("A"), pages).markdown == "a\n\nb"
    assert convert(f"<p>x</p>{include('Home')}", pages).markdown == "x"


def test_include_that_doubles_at_each_level_stays_finite():
    bodies = {f"L{n}": include(f"L{n + 1}") * 2 for n in range(40)}
    conversion = convert(include("L0"), context(**bodies, L40="<p>end</p>"))
    assert conversion.report.constructs["include-too-large"] > 0
    assert sum(conversion.report.constructs[name] for name in ("macro:include",)) <= 4 * INCLUDE_LIMIT_PAGES


def test_include_of_a_page_that_is_not_at_hand_is_a_link_or_its_title():
    known = PageContext(resolve_page=lambda _space, title: f"https://acme.example/wiki/{title}")
    assert convert(include("Part"), known).markdown == "[Part](https://acme.example/wiki/Part)"
    conversion = convert(include("Part"))
    assert conversion.markdown == "Part"
    assert conversion.report.constructs["include-unresolved"] == 1


def test_include_that_names_the_page_as_text():
    storage = (
        '<ac:structured-macro ac:name="include"><ac:parameter ac:name="">DOC:Part</ac:parameter></ac:structured-macro>'
    )
    assert convert(storage, context(Part="<p>b</p>")).markdown == "b"


def test_excerpt_include_below_the_title_of_its_page():
    conversion = convert(excerpt_include("Part"), context(Part=f"<p>x</p>{excerpt('<p>the short of it</p>')}<p>y</p>"))
    assert conversion.markdown == "> **Part:** the short of it"
    assert conversion.report.includes == ("id-Part@0",)


def test_excerpt_include_without_panel():
    pages = context(Part=excerpt("<p>b</p>"))
    assert convert(excerpt_include("Part", nopanel="true"), pages).markdown == "b"


def test_excerpt_include_by_name():
    pages = context(Part=excerpt("<p>one</p>", "first") + excerpt("<p>two</p>", "second"))
    assert convert(excerpt_include("Part", name="second", nopanel="true"), pages).markdown == "two"


def multiexcerpt(text: str, name: str, macro: str = "multiexcerpt") -> str:
    parameter = f'<ac:parameter ac:name="MultiExcerptName">{name}</ac:parameter>'
    body = f"<ac:rich-text-body>{text}</ac:rich-text-body>"
    return f'<ac:structured-macro ac:name="{macro}">{parameter}{body}</ac:structured-macro>'


def multiexcerpt_include(macro: str, page: str, **parameters: str) -> str:
    values = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return f'<ac:structured-macro ac:name="{macro}">{page}{values}</ac:structured-macro>'


@pytest.mark.parametrize(
    ("macro", "page_parameter", "name_parameter"),
    [
        ("multiexcerpt-include", "PageWithExcerpt", "MultiExcerptName"),
        ("multiexcerpt-include-macro", "page", "name"),
        ("multiexcerpt-include-macro", "PageWithExcerpt", "MultiExcerptName"),
    ],
)
def test_multiexcerpt_include_by_name_in_both_editions_of_the_app(macro, page_parameter, name_parameter):
    pages = context(Part=multiexcerpt("<p>one</p>", "first") + multiexcerpt("<p>two</p>", "second"))
    page = reference("Part").replace('ac:name=""', f'ac:name="{page_parameter}"')
    storage = multiexcerpt_include(macro, page, **{name_parameter: "second"})
    conversion = convert(f"<p>a</p>{storage}", pages)
    assert conversion.markdown == "a\n\ntwo"
    assert conversion.report.includes == ("id-Part@0",)
    with_panel = multiexcerpt_include(macro, page, addpanel="true", **{name_parameter: "first"})
    assert convert(with_panel, pages).markdown == "> **Part:** one"


def test_multiexcerpt_include_names_page_and_space_apart_or_as_text():
    asked = []
    pages = PageContext(resolve_body=lambda space_key, title: asked.append((space_key, title)))
    space = '<ac:parameter ac:name="SpaceWithExcerpt"><ri:space ri:space-key="OPS" /></ac:parameter>'
    page = reference("Part").replace('ac:name=""', 'ac:name="PageWithExcerpt"')
    convert(multiexcerpt_include("multiexcerpt-include", space + page), pages)
    convert(multiexcerpt_include("multiexcerpt-include", "", PageWithExcerpt="Part"), pages)
    assert asked == [("OPS", "Part"), (None, "Part")]


def test_multiexcerpt_include_of_its_own_page_ends():
    storage = multiexcerpt_include("multiexcerpt-include", reference("Home"), MultiExcerptName="a")
    assert convert(f"<p>x</p>{storage}", context(Home="<p>x</p>")).markdown == "x"


@pytest.mark.parametrize("body", ["<p>no excerpt</p>", ""])
def test_excerpt_include_of_a_page_without_excerpt_leaves_nothing(body):
    assert convert(excerpt_include("Part"), context(Part=body)).markdown == ""


def test_include_of_deep_pages_in_a_row_ends():
    bodies = {f"L{n}": "<div>" * 20 + f"<p>level {n}</p>" + include(f"L{n + 1}") + "</div>" * 20 for n in range(60)}
    markdown = convert("<div>" * 90 + include("L0") + "</div>" * 90, context(**bodies)).markdown
    assert markdown.startswith("level 0\n\nlevel 1")
    assert markdown.endswith(")")


def test_include_of_a_page_whose_title_has_a_colon():
    pages = {"Shared: contacts": IncludedPage("9", "Shared: contacts", "<p>call us</p>")}
    context = PageContext(resolve_body=lambda space_key, title: None if space_key else pages.get(title))
    assert convert(include("Shared: contacts"), context).markdown == "call us"
    named_as_text = include("x").replace(reference("x"), '<ac:parameter ac:name="">Shared: contacts</ac:parameter>')
    assert convert(named_as_text, context).markdown == "call us"


def test_include_of_a_page_of_another_space():
    asked = []
    context = PageContext(resolve_body=lambda space_key, title: asked.append((space_key, title)))
    page = reference("Part", space_key="OPS")
    conversion = convert(f'<ac:structured-macro ac:name="include">{page}</ac:structured-macro>', context)
    assert asked == [("OPS", "Part")]
    assert "link" not in conversion.report.constructs
