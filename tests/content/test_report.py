"""The figures beside a conversion: coverage, language, anchors, plain text of headings."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import PageContext, convert
from confluence_to_twig.content.anchors import Anchors, anchor_on, heading_anchor
from confluence_to_twig.content.chunks.headings import plain_text
from confluence_to_twig.content.chunks.language import detect_language
from confluence_to_twig.content.coverage import coverage


def test_coverage_is_the_share_of_words_found_again():
    assert coverage("<p>one two three four</p>", "one two four").share == 0.75


def test_coverage_counts_a_word_as_often_as_it_occurs():
    assert coverage("<p>same same same same</p>", "same").share == 0.25


def test_coverage_of_a_page_without_words_is_whole():
    assert coverage('<ac:structured-macro ac:name="toc"/><p> - </p>', "").share == 1.0


@pytest.mark.parametrize(
    "unseen",
    [
        '<ac:parameter ac:name="x">gone</ac:parameter>',
        "<ac:placeholder>gone</ac:placeholder>",
        "<ac:task-id>77</ac:task-id>",
        "<!-- gone -->",
        "<style>gone</style>",
        "<ac:adf-fallback><p>gone</p></ac:adf-fallback>",
    ],
)
def test_coverage_does_not_ask_for_what_nobody_sees(unseen):
    assert coverage(f"<p>kept</p>{unseen}", "kept").share == 1.0


@pytest.mark.parametrize(
    "seen",
    [
        '<ac:structured-macro ac:name="x"><ac:parameter ac:name="title">gone</ac:parameter></ac:structured-macro>',
        '<ac:structured-macro ac:name="panel"><ac:parameter ac:name="title">gone</ac:parameter></ac:structured-macro>',
        '<ac:adf-extension><ac:adf-node type="extension"><ac:adf-parameter key="text">gone</ac:adf-parameter></ac:adf-node></ac:adf-extension>',
        '<ri:attachment ri:filename="gone" />',
    ],
)
def test_coverage_asks_for_shown_parameters_and_names_of_files(seen):
    measured = coverage(f"<p>kept</p>{seen}", "kept")
    assert (measured.share, measured.missing) == (0.5, ("gone",))


def test_coverage_asks_for_dates():
    assert coverage('<p>due <time datetime="2026-03-09" /></p>', "due").share == 0.25
    assert coverage('<p>due <time datetime="2026-03-09">9 Mar</time></p>', "due 2026-03-09").share == 1.0
    assert (
        coverage('<p><time datetime="2026-03-09" />–<time datetime="2026-03-10" /></p>', "2026-03-09–2026-03-10").share
        == 1.0
    )


def test_coverage_finds_a_word_with_an_emoji_beside_it():
    assert coverage('<p>Done<ac:emoticon ac:name="tick" />now</p>', "Done✅now").share == 1.0
    assert coverage("<p>Done ℹ️ 👩‍💻</p>", "Doneℹ️").share == 1.0
    assert coverage('<p>Done<ac:emoticon ac:name="tick" />now</p>', "Done✅").share == 0.5


def test_coverage_asks_for_a_title_once_where_the_data_of_its_macro_has_it_too():
    data = '<ac:parameter ac:name="data">{"title":"Plan","bars":[{"title":"Move"}]}</ac:parameter>'
    title = '<ac:parameter ac:name="title">Plan</ac:parameter>'
    for parameters in (data + title, title + data):
        storage = f'<ac:structured-macro ac:name="gantt">{parameters}</ac:structured-macro>'
        assert coverage(storage, "**Plan**\n\n- Move").share == 1.0
        assert coverage(storage, "**Plan**").missing == ("Move",)


def test_coverage_of_a_text_whose_tags_are_broken_asks_for_what_is_no_tag():
    assert coverage("<p>one <b two</p> three", "one b two three").share == 1.0
    assert coverage("<p>one <b two</p> three", "one three").missing == ("b", "two")


def test_the_name_of_a_file_may_be_in_its_address():
    assert coverage('<ri:attachment ri:filename="a b.png" />', "![Plan](https://e.com/a%20b.png)").share == 1.0


def test_coverage_asks_for_code_and_reads_through_escapes_and_emphasis():
    storage = (
        "<p>sn<b>ake</b>_case 10<sup>6</sup></p><ac:plain-text-body><![CDATA[if a < b: &amp;]]></ac:plain-text-body>"
    )
    assert coverage(storage, "sn**ake**\\_case 10^6\n\n```\nif a < b: &amp;\n```").share == 1.0
    assert coverage(storage, "sn**ake**\\_case 10^6").share < 1.0


def test_coverage_of_the_real_pages_is_whole(real_pages):
    for page_id, storage in real_pages.items():
        report = convert(storage).report
        assert report.coverage >= 0.98, page_id
        assert not report.tolerant, page_id


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The pump is not part of the kit and has to be ordered for each of the stations.", "en"),
        ("Die Pumpe ist nicht Teil des Sets und wird mit dem Gehäuse für die Station bestellt.", "de"),
        ("La pompe est dans le kit et les pièces sont pour une station que vous avez.", "fr"),
        ("La bomba no está en el kit y se pide por separado para los equipos que la necesitan.", "es"),
        ("결재 규칙이란 관리자가 사전에 설정해 둔 승인 프로세스를 의미합니다. Approval Rules", "ko"),
        ("このページでは、承認ルールの作成と変更の方法を説明します。", "ja"),
        ("本页面介绍如何创建和修改审批规则以及相关的设置。", "zh"),
        ("Эта страница описывает правила согласования и настройки.", "ru"),
        ("x = 1", None),
        ("", None),
        ("Qwerty asdf zxcv uiop hjkl bnmq wsx edc rfv tgb yhn ujm.", None),
    ],
)
def test_language_of_a_text(text, language):
    assert detect_language(text) == language


def test_language_is_not_that_of_the_code():
    text = "```\nthe and of to in is for that with are this on be it as or\n```\n\nDie Pumpe ist nicht Teil des Sets und wird bestellt."
    assert detect_language(text) == "de"


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Overview", "Overview"),
        ("Set up the CLI", "Set-up-the-CLI"),
        ("this/is_some_heading.yml", "this/is_some_heading.yml"),
        ("Test-1", "Test-1"),
        ("What's new?", "What's-new?"),
        ("Set up (v2)", "Set-up-%28v2%29"),
        ("결재 규칙", "%EA%B2%B0%EC%9E%AC-%EA%B7%9C%EC%B9%99"),
        ("  a\xa0b  ", "a-b"),
    ],
)
def test_heading_anchor_as_confluence_makes_it(heading, anchor):
    assert heading_anchor(heading) == anchor


def test_equal_headings_are_numbered_from_the_second_on():
    anchors = Anchors()
    assert [anchors.add(text) for text in ("Target", "h2", "Target", "Target")] == [
        "Target",
        "h2",
        "Target.1",
        "Target.2",
    ]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a **b** _c_ `d` ~~e~~", "a b c d e"),
        ("[a](https://e.com) ![b](c.png) <https://e.com>", "a b https://e.com"),
        ("snake_case \\*star\\* \\[x\\]", "snake_case *star* [x]"),
        ("**[a](b)**", "a"),
        ("Call `__init__`", "Call __init__"),
        ("`SELECT *`", "SELECT *"),
        ("2 * 3 * 4 *.py", "2 * 3 * 4 *.py"),
    ],
)
def test_plain_text_of_a_heading(markdown, text):
    assert plain_text(markdown) == text


def test_report_counts_constructs_and_names_included_pages():
    report = convert(
        "<h1>a</h1><h2>b</h2><p><time datetime='2026-01-01'/></p><ul><li>c</li></ul>", PageContext()
    ).report
    assert report.constructs == {"date": 1, "heading": 2, "ul": 1}


@pytest.mark.parametrize(
    ("url", "anchor"),
    [
        ("https://wiki.example.com/display/OPS/Replica+gateway+5", "Replicagateway5-Set-up:part1"),
        ("https://wiki.example.com/pages/viewpage.action?pageId=42", "Replicagateway5-Set-up:part1"),
        ("https://example.com/confluence/spaces/OPS/pages/42/Replica+gateway+5", "Replicagateway5-Set-up:part1"),
        ("https://example.com/wiki/display/OPS/Replica+gateway+5", "Replicagateway5-Set-up:part1"),
        ("https://acme.atlassian.net/wiki/spaces/OPS/pages/42/Replica+gateway+5", "Set-up:-part-1"),
        ("", "Set-up:-part-1"),
    ],
)
def test_a_heading_of_data_center_has_the_title_before_it(url, anchor):
    assert anchor_on("Set-up: part 1", url, "Replica gateway 5") == anchor
    anchors = Anchors(url, "Replica gateway 5")
    assert [anchors.add("Set-up: part 1") for _ in range(2)] == [anchor, f"{anchor}.1"]
