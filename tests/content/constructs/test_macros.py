"""Macros: what each shows, and what none of them lets through."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import PageContext, convert, storage_to_markdown
from tests.content.constructs.example import macro

SITE = PageContext(page_id="42", site_url="https://acme.example/wiki")


def test_expand_with_its_title(read_back):
    page = read_back(macro("expand", "<p>Hidden.</p>", title="More about * it"))
    assert page.xpath("string(p[1]/strong)") == "More about * it"
    assert page.xpath("string(p[2])") == "Hidden."


def test_status_is_its_text():
    status = macro("status", title="IN PROGRESS", colour="Yellow")
    assert storage_to_markdown(f"<p>State: {status}.</p>") == "State: IN PROGRESS."


def test_neighbouring_statuses_stay_apart():
    storage = f"<p>a{macro('status', title='ONE')}{macro('status', title='TWO')}b</p>"
    assert storage_to_markdown(storage) == "a ONE TWO b"


def test_date():
    assert storage_to_markdown('<p>due <time datetime="2026-03-01" />!</p>') == "due 2026-03-01!"


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ('ac:emoji-shortname=":smile:" ac:emoji-id="1f604" ac:emoji-fallback="😄"', "😄"),
        ('ac:name="warning" ac:emoji-shortname=":warning:" ac:emoji-id="atlassian-warning" ac:emoji-fallback=":warning:"', "⚠️"),
        ('ac:emoji-shortname=":woman_technologist:" ac:emoji-id="1f469-200d-1f4bb" ac:emoji-fallback=":x:"', "👩‍💻"),
        ('ac:name="tick"', "✅"),
        ('ac:name="blue-star" ac:emoji-shortname=":our-logo:" ac:emoji-id="c6944598-13c8-42e8-b810-62f2dd0f3ae2"', ":our-logo:"),
    ],
)  # fmt: skip
def test_emoji_by_character(attributes, shown):
    assert storage_to_markdown(f"<p>a <ac:emoticon {attributes} /> b</p>") == f"a {shown} b"


def test_page_properties_as_a_two_column_table(read_back):
    rows = "<tr><th><p>Owner</p></th><td><p>Ann</p></td></tr><tr><th><p>State</p></th><td><p>Live</p></td></tr>"
    page = read_back(macro("details", f"<table><tbody>{rows}</tbody></table>", id="props", hidden="true"))
    cells = [["".join(cell.itertext()) for cell in row.xpath("td")] for row in page.xpath("//tbody/tr")]
    assert cells == [["Owner", "Ann"], ["State", "Live"]]


CLOUD, DATA_CENTER = "https://acme.atlassian.net/wiki", "https://wiki.acme.example"


@pytest.mark.parametrize(
    ("site", "server", "address"),
    [
        (CLOUD, "System Jira", "https://acme.atlassian.net/browse/OPS-7"),
        (CLOUD, "System JIRA", "https://acme.atlassian.net/browse/OPS-7"),
        (CLOUD, "", "https://acme.atlassian.net/browse/OPS-7"),
        (CLOUD, "JIRA (other.atlassian.net)", "https://other.atlassian.net/browse/OPS-7"),
        (CLOUD, "Our old Jira", None),
        (DATA_CENTER, "https://jira.acme.example/jira/", "https://jira.acme.example/jira/browse/OPS-7"),
        (DATA_CENTER, "System Jira", None),
        (DATA_CENTER, "", None),
        ("", "System Jira", None),
    ],
)
def test_jira_issue_is_a_link_only_where_its_jira_is_known(site, server, address, read_back):
    named = {"server": server} if server else {}
    page = read_back(f"<p>see {macro('jira', key='OPS-7', serverId='abc', **named)}</p>", PageContext(site_url=site))
    assert page.xpath("//a/@href") == ([address] if address else [])
    assert page.xpath("string(p)") == "see OPS-7"


def test_jira_query_is_shown():
    assert storage_to_markdown(macro("jira", jqlQuery="project = OPS", count="true")) == "Jira issues: `project = OPS`"


@pytest.mark.parametrize("formula", [r"E = mc^2", r"\frac{a_1}{b*c}", r"a \\ b & c < d", "x_{1}\n+ y_{2}"])
def test_math_block_verbatim(read_back, formula):
    page = read_back(macro("mathblock", plain=formula))
    assert page.xpath("string(//pre/code[@class='language-math'])") == formula + "\n"


@pytest.mark.parametrize("name", ["mathinline", "eazy-math-inline"])
def test_math_inline_verbatim(read_back, name):
    page = read_back(f"<p>where {macro(name, body='a_1 * b_2')} holds</p>")
    assert page.xpath("string(p/code)") == "$a_1 * b_2$"


def test_latex_body_verbatim(read_back):
    assert read_back(macro("latex", plain=r"\sum_i x_i")).xpath("string(//code)") == "\\sum_i x_i\n"


def test_iframe_and_widget_as_links(read_back):
    widget = '<ac:structured-macro ac:name="widget"><ac:parameter ac:name="url"><ri:url ri:value="https://e.com/v" /></ac:parameter></ac:structured-macro>'
    page = read_back(macro("iframe", src="https://e.com/f", width="100%") + widget)
    assert page.xpath("//a/@href") == ["https://e.com/f", "https://e.com/v"]


def test_file_macros_name_the_file(read_back):
    storage = '<ac:structured-macro ac:name="view-file"><ac:parameter ac:name="name"><ri:attachment ri:filename="a b.xlsx" /></ac:parameter><ac:parameter ac:name="height">250</ac:parameter></ac:structured-macro>'
    page = read_back(storage, SITE)
    assert page.xpath("string(//a)") == "a b.xlsx"
    assert page.xpath("//a/@href") == ["https://acme.example/wiki/download/attachments/42/a%20b.xlsx"]


def test_diagram_by_its_name():
    assert storage_to_markdown(macro("drawio", diagramName="Network", width="900", revision="3")) == "Diagram: Network"


def test_excerpt_stands_where_it_is():
    assert storage_to_markdown(macro("excerpt", "<p>Short.</p>", hidden="false") + "<p>Long.</p>") == "Short.\n\nLong."


@pytest.mark.parametrize(
    "name",
    [
        "toc", "children", "pagetree", "recently-updated", "livesearch", "contentbylabel", "blog-posts", "anchor",
        "create-from-template", "listlabels", "contributors", "change-history", "gallery", "attachments",
    ],
)  # fmt: skip
def test_navigation_is_dropped(name):
    conversion = convert(f"<p>a</p>{macro(name, maxLevel='3', unnamed='x')}<p>b</p>")
    assert conversion.markdown == "a\n\nb"
    assert conversion.report.unknown_macros == ()


def test_profile_by_its_name():
    profile = macro("profile", user='<ri:user ri:account-id="u1" />')
    context = PageContext(users={"u1": "Ann Example"})
    assert storage_to_markdown(f"<p>Lead</p>{profile}{profile}", context) == "Lead\n\n@Ann Example @Ann Example"


def test_tabs_below_their_labels():
    deck = macro("deck", macro("card", "<p>a</p>", label="Linux") + macro("card", "<p>b</p>", label="macOS"), id="d")
    conversion = convert(deck)
    assert conversion.markdown == "**Linux**\n\na\n\n**macOS**\n\nb"
    assert conversion.report.unknown_macros == ()


def test_unknown_macro_keeps_its_rich_text(read_back):
    conversion = convert(macro("acme-card", "<h3>Title</h3><p>Text</p>", colour="red", id="x-1"))
    assert conversion.markdown == "### Title\n\nText"
    assert conversion.report.unknown_macros == ("acme-card",)


def test_unknown_macro_keeps_its_plain_text(read_back):
    page = read_back(macro("acme-query", plain="select *\n  from t", timeout="5"))
    assert page.xpath("string(//pre/code)") == "select *\n  from t\n"


def test_unknown_macro_inside_a_sentence():
    assert storage_to_markdown(f"<p>a {macro('acme-button', label='Go', id='x-1')}b</p>") == "a Go b"


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"title": "Plans", "titleColor": "red", "showTitle": "true"}, "Plans"),
        ({"id": "Plans", "filename": "Plans", "title": "Plans"}, "Plans"),
        ({"zoom": "7", "inComment": "0", "title": "Net"}, "Net"),
        ({"buttonText": "Go", "linkUrl": "https://e.com/x"}, "[Go](https://e.com/x)"),
        ({"swaggerUrl": "https://u:p@e.com/api.json?token=abc"}, "<https://e.com/api.json>"),
        ({"apiToken": "not to be seen by anybody", "passwordText": "a b c"}, ""),
        ({"style": "color: red; top: 1px", "width": "100%", "localId": "5f0c1e52-1111-2222-3333-444455556666"}, ""),
        ({"note": "Read this first", "footnoteText": "As of May"}, "Read this first\n\n(As of May)"),
        ({"intro": "A sentence is written for people", "mode": "a b c d"}, "A sentence is written for people"),
        ({"intro": "project = OPS AND status = Open", "title": "Open"}, "Open"),
        ({"page": '<ri:page ri:space-key="OPS" ri:content-title="Run book" />'}, "Run book"),
        ({"config": '{"steps": [{"title": "Build", "id": "77"}, {"title": "Ship", "text": "to all"}]}'}, ""),
        ({"source": '{"steps": [{"title": "Build", "id": "77"}, {"title": "Ship", "text": "to all"}]}'}, "- Build\n- Ship: to all"),
    ],
)  # fmt: skip
def test_unknown_macro_shows_what_a_reader_sees_of_its_parameters(parameters, shown):
    values = {name: value if "<" in value else value.replace('"', "&quot;") for name, value in parameters.items()}
    conversion = convert(macro("acme", **values))
    assert conversion.markdown == shown
    assert conversion.report.coverage == (1.0 if shown else 0.0)


def test_comments_in_a_markdown_macro_are_no_text_of_the_page():
    conversion = convert(macro("markdown", plain="# Plan\n\n<!-- not for readers -->\n\n`<!-- code -->`"))
    assert "readers" not in conversion.markdown
    assert "`<!-- code -->`" in conversion.markdown
    assert conversion.report.coverage == 1.0


def test_known_macros_show_the_title_that_their_rule_does_not_know():
    assert storage_to_markdown(macro("contentbylabel", title="See also", labels="a,b", max="5")) == "See also"
    assert storage_to_markdown(macro("section", "<p>a</p>", title="Plan", border="true")) == "**Plan**\n\na"
    assert storage_to_markdown(macro("expand", "<p>b</p>", title="More")) == "**More**\n\nb"


def test_inline_macros_stay_in_their_sentence():
    tooltip = macro("acme-tooltip", "<p>SLA</p>", text="Service level")
    assert storage_to_markdown(f"<p>Our {tooltip}holds.</p>") == "Our SLA (Service level) holds."
    assert (
        storage_to_markdown(f"<ul><li>See {macro('iframe', src='https://e.com')} now</li></ul>")
        == "- See <https://e.com> now"
    )


def forge(kind: str, settings: str, fallback: str = "", body: str = "") -> str:
    content = f"<ac:adf-content>{body}</ac:adf-content>" if body else ""
    return (
        f'<ac:adf-extension><ac:adf-node type="{kind}"><ac:adf-attribute key="extension-key">a1/static/countdown</ac:adf-attribute>'
        f'<ac:adf-attribute key="parameters"><ac:adf-parameter key="local-id">77</ac:adf-parameter><ac:adf-parameter '
        f'key="guest-params">{settings}</ac:adf-parameter></ac:adf-attribute>{content}</ac:adf-node>'
        f"<ac:adf-fallback>{fallback}</ac:adf-fallback></ac:adf-extension>"
    )


SETTING = '<ac:adf-parameter key="title">Launch</ac:adf-parameter><ac:adf-parameter key="color">red red red</ac:adf-parameter>'


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        (forge("extension", SETTING), "Launch"),
        (forge("extension", SETTING, "<p>Launch</p>"), "Launch"),
        (forge("extension", SETTING, "<p>In 3 days</p>"), "**Launch**\n\nIn 3 days"),
        (forge("bodied-extension", SETTING, "<p>x</p>", "<p>Body</p>"), "**Launch**\n\nBody"),
        (f"<p>The {forge('inline-extension', SETTING)}date</p>", "The Launch date"),
    ],
)
def test_forge_macro_shows_its_settings_and_body_or_fallback(storage, shown):
    conversion = convert(storage)
    assert conversion.markdown == shown
    assert conversion.report.unknown_macros == ("countdown",)


def test_forge_macro_without_any_text_is_named_and_the_page_is_not_covered():
    report = convert(forge("extension", "")).report
    assert [(left.text, left.reason) for left in report.left_out] == [
        ("countdown", "an app that shows its text only in Confluence")
    ]
    assert report.coverage == 0.0


def test_macro_of_the_old_format():
    storage = '<ac:macro ac:name="info"><ac:rich-text-body><p>Old.</p></ac:rich-text-body></ac:macro>'
    assert storage_to_markdown(storage) == "> **Info:** Old."


def test_macros_inside_macros(read_back):
    inner = macro("info", macro("code", plain="x = 1", language="python"))
    page = read_back(macro("expand", f"<p>a</p>{inner}", title="T"))
    assert page.xpath("string(//blockquote/pre/code)") == "x = 1\n"


def test_markdown_macro_is_markdown(read_back):
    page = read_back("<p>a</p>" + macro("markdown", plain="# Head\n\n* one\n* two\n\n```\nx\n```\n") + "<p>b</p>")
    assert [element.tag for element in page] == ["p", "h1", "ul", "pre", "p"]


def test_markdown_macro_that_would_swallow_the_page_is_code(read_back):
    page = read_back(macro("markdown", plain="```\nx") + "<p>b</p>")
    assert [element.tag for element in page] == ["pre", "p"]


def test_html_macro_shows_what_a_reader_sees(read_back):
    html = "<style>p {color: red}</style><p>Read<br>this <b>now</b></p><script>alert(1)</script>"
    assert storage_to_markdown(macro("html", plain=html)) == "Read  \nthis **now**"


def test_layouts_in_reading_order(read_back):
    cell = "<ac:layout-cell>{}</ac:layout-cell>"
    storage = (
        '<ac:layout><ac:layout-section ac:type="two_equal" ac:breakout-mode="wide">'
        + cell.format("<h2>A</h2><p>a</p>")
        + cell.format("<p>b</p>")
        + '</ac:layout-section><ac:layout-section ac:type="single">'
        + cell.format("<p>c</p>")
        + "</ac:layout-section></ac:layout>"
    )
    assert storage_to_markdown(storage) == "## A\n\na\n\nb\n\nc"


def test_sections_and_columns_of_the_old_editor():
    storage = macro("section", macro("column", "<p>a</p>", width="50%") + macro("column", "<p>b</p>"))
    assert storage_to_markdown(storage) == "a\n\nb"


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        (macro("acme-tooltip", linkText="SLA", tooltipText="Service level"), "SLA\n\n(Service level)"),
        (f"<p>Fact{macro('acme-footnote', '<p>As of May</p>')}.</p>", "Fact (As of May)."),
        (macro("cta-button", text="Read", href="/wiki/x/1"), "[Read](https://acme.example/wiki/x/1)"),
        (macro("person-card", displayName="Ann Example", userId="5b10a2844c20165700ede21g"), "Ann Example"),
        (macro("countdown", eventName="Launch day", endDate="2026-12-24"), "Launch day\n\n2026-12-24"),
        (macro("multiexcerpt-card", MultiExcerptName="Intro part", label="Card"), "Card"),
        (macro("poll", question="Which?", option1="Monday", option2="Friday"), "Which?\n\nMonday\n\nFriday"),
        (macro("iframe", title="Dashboard", src="https://e.com/f"), "[Dashboard](https://e.com/f)"),
        (macro("acme", title="T", url="https://e.com/?api_key=1"), "[T](https://e.com/)"),
        (macro("jirachart", jql="project = OPS", chartType="pie"), "Jira issues: `project = OPS`"),
        (macro("plantuml", "<p>A -&gt; B</p><p>B -&gt; C</p>"), "```plantuml\nA -> B\nB -> C\n```"),
    ],
)
def test_shown_parameters_of_more_kinds(storage, shown):
    conversion = convert(storage, SITE)
    assert conversion.markdown == shown
    assert conversion.report.coverage == 1.0
