"""Links: by title, anchor, file, user, space and address; images with the best words there are for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from confluence_to_twig.content import Attachment, IncludedPage, PageContext, storage_to_markdown
from tests.content.constructs.example import macro

#: Cloud's addresses end in the title, and lead to the page without it.
INSTALL = "https://acme.example/wiki/spaces/DOC/pages/1"
PAGES = {
    (None, "Install"): f"{INSTALL}/Install",
    ("OPS", "Run"): "https://acme.example/wiki/spaces/OPS/pages/2",
}
CONTEXT = PageContext(
    page_id="42",
    title="Here",
    url="https://acme.example/wiki/spaces/DOC/pages/42/Here",
    site_url="https://acme.example/wiki",
    users={"u1": "Ann Example"},
    resolve_page=lambda space_key, title: PAGES.get((space_key, title)),
)


def link(target: str, body: str = "", attributes: str = "") -> str:
    return f"<p>x <ac:link{attributes}>{target}{body}</ac:link> y</p>"


def only_link(page) -> tuple[str, str]:
    (found,) = page.xpath("//a")
    return "".join(found.itertext()), found.get("href")


def test_link_to_a_page_by_title(read_back):
    storage = link('<ri:page ri:content-title="Install" />', "<ac:link-body>how <em>to</em></ac:link-body>")
    assert only_link(read_back(storage, CONTEXT)) == ("how to", INSTALL)


def test_link_to_a_page_of_another_space(read_back):
    storage = link(
        '<ri:page ri:space-key="OPS" ri:content-title="Run" />',
        "<ac:plain-text-link-body><![CDATA[the <run> book]]></ac:plain-text-link-body>",
    )
    assert only_link(read_back(storage, CONTEXT)) == ("the <run> book", PAGES["OPS", "Run"])


def test_link_to_a_content_by_its_id(read_back):
    body = "<ac:link-body>the plan</ac:link-body>"
    found = only_link(read_back(link('<ri:content-entity ri:content-id="77" />', body), CONTEXT))
    assert found == ("the plan", "https://acme.example/wiki/pages/viewpage.action?pageId=77")


def test_shortcut_shows_what_it_names():
    assert storage_to_markdown(link('<ri:shortcut ri:key="jira" ri:parameter="OPS-1" />')) == "x OPS-1 y"


def test_link_without_body_shows_the_title(read_back):
    assert only_link(read_back(link('<ri:page ri:content-title="Install" />'), CONTEXT))[0] == "Install"


def test_link_to_an_unknown_page_is_its_text():
    assert storage_to_markdown(link('<ri:page ri:content-title="Gone" />'), CONTEXT) == "x Gone y"


def test_link_to_a_heading_of_another_page(read_back):
    storage = link('<ri:page ri:content-title="Install" />', "", ' ac:anchor="Set up (v2)"')
    assert only_link(read_back(storage, CONTEXT))[1] == INSTALL + "#Set-up-%28v2%29"


def test_link_to_an_anchor_of_the_same_page(read_back):
    storage = link("", "<ac:link-body>below</ac:link-body>", ' ac:anchor="Limits"')
    assert only_link(read_back(storage, CONTEXT)) == ("below", CONTEXT.url + "#Limits")


def test_link_to_an_attachment(read_back):
    plan = Attachment("plan v1.pdf", "https://acme.example/wiki/download/attachments/42/plan%20v1.pdf?version=2")
    page = read_back(link('<ri:attachment ri:filename="plan v1.pdf" />'), replace(CONTEXT, attachments=(plan,)))
    assert only_link(page) == ("plan v1.pdf", plan.url)


def test_link_to_an_attachment_that_was_not_listed(read_back):
    page = read_back(link('<ri:attachment ri:filename="a (1)#.txt" />'), CONTEXT)
    assert only_link(page) == ("a (1)#.txt", "https://acme.example/wiki/download/attachments/42/a%20%281%29%23.txt")


@pytest.mark.parametrize(
    ("site", "address"),
    [
        ("https://acme.atlassian.net/wiki", "https://acme.atlassian.net/wiki/spaces/OPS"),
        ("https://wiki.acme.example/confluence", "https://wiki.acme.example/confluence/display/OPS"),
        ("https://wiki.acme.example/wiki", "https://wiki.acme.example/wiki/display/OPS"),
    ],
)
def test_link_to_a_space_by_the_address_that_its_confluence_has(site, address, read_back):
    page = read_back(link('<ri:space ri:space-key="OPS" />'), PageContext(site_url=site))
    assert only_link(page) == ("OPS", address)


def test_anchors_on_data_center_have_the_title_of_their_page(read_back):
    install = "https://wiki.acme.example/display/DOC/How+to+install"
    here = PageContext(
        title="Get started",
        url="https://wiki.acme.example/display/DOC/Get+started",
        resolve_page=lambda _space, _title: install,
    )
    other = '<ac:link ac:anchor="First steps"><ri:page ri:content-title="How to install" /></ac:link>'
    own = '<ac:link ac:anchor="First steps"><ac:link-body>below</ac:link-body></ac:link>'
    page = read_back(f"<p>{other} {own}</p>", here)
    assert page.xpath("//a/@href") == [f"{install}#Howtoinstall-Firststeps", f"{here.url}#Getstarted-Firststeps"]


CLOUD_PAGES = "https://acme.atlassian.net/wiki/spaces/DOC/pages"
ON_CLOUD = PageContext(
    page_id="42",
    title="Get started",
    url=f"{CLOUD_PAGES}/42/Get+started",
    site_url="https://acme.atlassian.net/wiki",
    resolve_page=lambda _space, title: {"Old page": f"{CLOUD_PAGES}/7", "New page": f"{CLOUD_PAGES}/8"}.get(title),
    resolve_editor={"7": "v1"}.get,
)
TO_HEADING = '<p><ac:link ac:anchor="First steps"><ri:page ri:space-key="{}" ri:content-title="{}" /></ac:link></p>'


@pytest.mark.parametrize("own_editor", ["", "v1"])
def test_anchors_of_another_page_follow_its_editor_and_not_that_of_the_link(own_editor, read_back):
    here = replace(ON_CLOUD, editor=own_editor)
    links = "".join(TO_HEADING.format("DOC", title) for title in ("Old page", "New page"))
    assert read_back(links, here).xpath("//a/@href") == [
        f"{CLOUD_PAGES}/7#Oldpage-Firststeps",
        f"{CLOUD_PAGES}/8#First-steps",
    ]


def test_anchors_in_a_page_that_is_included_follow_the_editor_of_that_page(read_back):
    storage = '<p><ac:link ac:anchor="First steps"><ac:link-body>below</ac:link-body></ac:link></p>'
    included = IncludedPage("7", "Old page", storage, f"{CLOUD_PAGES}/7")
    here = replace(ON_CLOUD, resolve_body=lambda _space, _title: included)
    page = read_back(macro("include", "", **{"": '<ri:page ri:content-title="Old page" />'}), here)
    assert page.xpath("//a/@href") == [f"{CLOUD_PAGES}/7#Oldpage-Firststeps"]


@pytest.mark.parametrize(
    ("own", "site", "address"),
    [
        (
            "https://docs.acme.example/spaces/DOC/pages/42",
            "https://docs.acme.example",
            "https://docs.acme.example/display/OPS/Run+it#Runit-Firststeps",
        ),
        (
            "https://docs.acme.example/wiki/spaces/DOC/pages/42",
            "https://docs.acme.example/wiki",
            "https://docs.acme.example/wiki/display/OPS/Run+it#First-steps",
        ),
    ],
    ids=["data center", "cloud on a domain of its own"],
)
def test_anchors_of_a_page_that_nobody_knows_are_those_of_the_site(own, site, address, read_back):
    here = PageContext(title="Here", space_key="DOC", url=own, site_url=site)
    assert only_link(read_back(TO_HEADING.format("OPS", "Run it"), here))[1] == address


def test_without_the_title_of_its_page_an_anchor_of_data_center_is_left_out(read_back):
    here = PageContext(
        title="Here", url="https://docs.acme.example/display/DOC/Here", site_url="https://docs.acme.example"
    )
    storage = '<p><ac:link ac:anchor="Setup"><ri:content-entity ri:content-id="77" /></ac:link></p>'
    assert only_link(read_back(storage, here))[1] == "https://docs.acme.example/pages/viewpage.action?pageId=77"


def test_link_to_a_blog_post_by_title(read_back):
    page = read_back(link('<ri:blog-post ri:content-title="Install" ri:posting-day="2026/01/01" />'), CONTEXT)
    assert only_link(page)[1] == INSTALL


def test_external_link(read_back):
    page = read_back('<p><a href="https://e.com/a_(b)?c=d&amp;e=*f">the <strong>doc</strong> [1]</a></p>')
    assert only_link(page) == ("the doc [1]", "https://e.com/a_%28b%29?c=d&e=%2Af")


def test_external_link_that_shows_its_address():
    assert storage_to_markdown('<p><a href="https://e.com/x">https://e.com/x</a></p>') == "<https://e.com/x>"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/wiki/spaces/OPS/pages/2", "https://acme.example/wiki/spaces/OPS/pages/2"),
        ("#Set-up", "https://acme.example/wiki/spaces/DOC/pages/42/Here#Set-up"),
        ("//cdn.example/x", "//cdn.example/x"),
        ("mailto:a@b.example", "mailto:a@b.example"),
    ],
)
def test_link_within_the_site_is_a_whole_address(read_back, href, url):
    assert only_link(read_back(f'<p>see <a href="{href}">this</a></p>', CONTEXT)) == ("this", url)


def test_link_within_the_page_stays_as_it_is_when_the_page_has_no_address(read_back):
    assert only_link(read_back('<p>see <a href="#Set-up">this</a></p>')) == ("this", "#Set-up")


def test_smart_link_without_words_shows_its_address(read_back):
    storage = '<p><a href="https://e.com/x" data-card-appearance="inline"></a></p>'
    assert only_link(read_back(storage)) == ("https://e.com/x", "https://e.com/x")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://acme.example/wiki/spaces/DOC/pages/7/Old+title", "The title now"),
        ("https://acme.example/wiki/spaces/OPS/pages/99/Run+book%3A+all", "Run book: all"),
        ("https://acme.example/wiki/display/OPS/Run+book", "Run book"),
        ("https://jira.example/browse/OPS-7", "OPS-7"),
        ("https://jira.example/issues/?jql=project%20%3D%20OPS", "Jira issues: project = OPS"),
        (
            "https://elsewhere.example/wiki/spaces/OPS/pages/99/Run+book",
            "https://elsewhere.example/wiki/spaces/OPS/pages/99/Run+book",
        ),
    ],
)
def test_smart_link_shows_the_title_behind_it(read_back, address, shown):
    titles = replace(CONTEXT, resolve_title={"7": "The title now"}.get)
    storage = f'<p><a href="{address}" data-card-appearance="inline">{address}</a></p>'
    assert only_link(read_back(storage, titles)) == (shown, address)


def test_link_with_words_of_its_own_keeps_them(read_back):
    storage = '<p><a href="https://jira.example/browse/OPS-7" data-card-appearance="inline">the issue</a></p>'
    assert only_link(read_back(storage)) == ("the issue", "https://jira.example/browse/OPS-7")


def test_a_file_of_another_page_is_looked_for_there(read_back):
    page = '<ri:page ri:content-title="Install" />'
    image = f'<ac:image><ri:attachment ri:filename="a.png">{page}</ri:attachment></ac:image>'
    found = read_back(image, CONTEXT).xpath("//img/@src")
    assert found == ["https://acme.example/wiki/download/attachments/1/a.png"]
    target = f'<ri:attachment ri:filename="a.png">{page}</ri:attachment>'
    assert only_link(read_back(link(target), CONTEXT)) == ("a.png", found[0])


def test_an_image_of_a_page_that_nobody_knows_shows_its_words_and_name():
    image = '<ac:image ac:alt="Plan"><ri:attachment ri:filename="a.png"><ri:page ri:content-title="Gone" /></ri:attachment></ac:image>'
    assert storage_to_markdown(image, CONTEXT) == "Plan (a.png)"


@pytest.mark.parametrize("address", ["java\tscript:alert(1)", " data:text/html;base64,AAAA", "vbscript:x"])
def test_addresses_that_run_code_never_reach_markdown(address):
    written, plain = address.replace("\t", "&#9;"), address.replace("\t", "").strip()
    storage = f'<p><a href="{written}">a</a><img src="{written}" alt="b" /></p>'
    markdown = storage_to_markdown(storage + markdown_macro(f"[c]({plain}) ![d]({plain})"))
    assert markdown == "a b\n\n[c]() ![d]()"


def markdown_macro(text: str) -> str:
    return f'<ac:structured-macro ac:name="markdown"><ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body></ac:structured-macro>'


def test_link_that_runs_code_is_its_text():
    assert storage_to_markdown('<p><a href="javascript:alert(1)">click</a></p>') == "click"


def test_anchor_without_address_is_its_text():
    assert storage_to_markdown('<p><a name="x">here</a></p>') == "here"


def test_mention_shows_the_display_name():
    storage = link('<ri:user ri:account-id="u1" ri:local-id="7" />')
    assert storage_to_markdown(storage, CONTEXT) == "x @Ann Example y"


def test_mention_of_somebody_unknown_shows_no_account_id():
    assert storage_to_markdown(link('<ri:user ri:account-id="5b10a2844c20165700ede21g" />')) == "x @unknown user y"


@pytest.mark.parametrize(
    ("attributes", "inside", "alt"),
    [
        (' ac:alt="Overview"', "", "Overview"),
        (' ac:alt="i_1.png"', "<ac:caption><p>The <em>plan</em></p></ac:caption>", "The plan"),
        ("", "<ac:caption><p>The plan</p></ac:caption>", "The plan"),
        ("", "", "i_1.png"),
        (' ac:alt="image (21).png"', "<ac:caption><p>The plan</p></ac:caption>", "The plan"),
        (' ac:alt="image (21).png"', "", "i_1.png"),
        (' ac:alt="IMG_7.JPG" ac:title="The plan"', "", "The plan"),
    ],
)
def test_image_by_alt_or_caption_or_file_name(read_back, attributes, inside, alt):
    storage = f'<ac:image ac:width="760"{attributes}><ri:attachment ri:filename="i_1.png" />{inside}</ac:image>'
    (image,) = read_back(storage, CONTEXT).xpath("//img")
    assert image.get("alt") == alt
    assert image.get("src") == "https://acme.example/wiki/download/attachments/42/i_1.png"


def test_blanks_at_the_ends_of_a_link_stand_beside_it(read_back):
    storage = (
        '<p>Cost<a href="https://e.com/a"> see\xa0</a>now, <strong><a href="https://e.com/b">then </a></strong>x</p>'
    )
    assert storage_to_markdown(storage) == "Cost [see](https://e.com/a) now, **[then](https://e.com/b)** x"
    assert read_back(storage).xpath("string(p)") == "Cost see now, then x"


def test_a_picture_that_only_its_alt_text_names_has_that_name():
    assert (
        storage_to_markdown('<p><img src="https://e.com/77" alt="plan.png" /></p>') == "![plan.png](https://e.com/77)"
    )
    titled = '<p><img src="https://e.com/a.png" alt="b.png" title="Plan" /></p>'
    assert storage_to_markdown(titled) == "![Plan](https://e.com/a.png)"


def test_image_with_alt_and_caption_keeps_both(read_back):
    storage = '<ac:image ac:alt="Chart"><ri:attachment ri:filename="i.png" /><ac:caption><p>Sales <a href="https://e.com">2026</a></p></ac:caption></ac:image>'
    page = read_back(storage, CONTEXT)
    assert page.xpath("//img/@alt") == ["Chart"]
    assert page.xpath("string(p[2])") == "Sales 2026"


def test_image_from_elsewhere_inside_a_link(read_back):
    storage = '<p><a href="https://e.com/doc"><ac:image ac:alt="x [1]"><ri:url ri:value="https://e.com/i(1).png" /></ac:image></a></p>'
    page = read_back(storage)
    assert page.xpath("//a/@href") == ["https://e.com/doc"]
    assert page.xpath("//a/img/@src") == ["https://e.com/i%281%29.png"]
    assert page.xpath("//a/img/@alt") == ["x [1]"]


def test_image_with_its_own_link(read_back):
    storage = '<ac:image ac:href="https://e.com/doc"><ri:url ri:value="https://e.com/i.png" /></ac:image>'
    assert read_back(storage).xpath("//a[@href='https://e.com/doc']/img/@src") == ["https://e.com/i.png"]


def test_image_file_name_decomposed_by_a_mac_is_composed():
    name = "Gro\u0308ße.png"
    assert "![Größe.png]" in storage_to_markdown(f'<ac:image><ri:attachment ri:filename="{name}" /></ac:image>')


@pytest.mark.parametrize("alt", ["List (Details)", "a [1] b", "*x* _y_", "C:\\dir", "![x](y)", "`c`"])
def test_image_alt_text_is_text(read_back, alt):
    storage = f'<ac:image ac:alt="{alt}"><ri:url ri:value="https://e.com/i.png" /></ac:image>'
    assert read_back(storage).xpath("//img/@alt") == [alt]


def test_image_alt_text_has_no_needless_escapes():
    storage = '<ac:image ac:alt="List (Details)"><ri:url ri:value="https://e.com/i.png" /></ac:image>'
    assert storage_to_markdown(storage) == "![List (Details)](https://e.com/i.png)"


def test_images_in_a_row_stand_apart(read_back):
    image = '<ac:image><ri:url ri:value="https://e.com/{}.png" /></ac:image>'
    page = read_back(image.format("a") + image.format("b") + f"<p>{image.format('c')} and {image.format('d')}</p>")
    assert [p.xpath("img/@src") for p in page.xpath("p")] == [
        ["https://e.com/a.png"],
        ["https://e.com/b.png"],
        ["https://e.com/c.png", "https://e.com/d.png"],
    ]


def test_brackets_in_an_address_stay_as_they_are():
    storage = '<p><a href="https://[::1]/[a]?b[]=1">x</a></p>'
    assert storage_to_markdown(storage) == "[x](https://[::1]/[a]?b[]=1)"


def test_link_with_an_invisible_body_shows_the_title(read_back):
    storage = link('<ri:page ri:content-title="Install" />', "<ac:link-body>\u200b</ac:link-body>")
    assert only_link(read_back(storage, CONTEXT))[0] == "Install"


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.example/wiki/spaces/DOC/blog/2026/03/01/9/News",
        "https://wiki.acme.example/display/DOC/Install",
        "https://wiki.acme.example/spaces/DOC/pages/9/Install",
    ],
)
def test_only_the_address_of_a_page_of_cloud_goes_without_its_title(url):
    context = PageContext(resolve_page=lambda _space_key, _title: url)
    assert storage_to_markdown(link('<ri:page ri:content-title="Install" />'), context) == f"x [Install]({url}) y"
