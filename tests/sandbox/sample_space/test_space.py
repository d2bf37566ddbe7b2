from __future__ import annotations

import re
import zipfile
from collections import Counter
from datetime import UTC, datetime
from io import BytesIO

import docx
import openpyxl
import pptx
import pypdf
import pytest
from lxml import etree

from sandbox.sample_space import load
from sandbox.sample_space.people import PEOPLE, SYNC_EMAIL, SYNC_TOKEN
from sandbox.sample_space.sources import PageSource
from sandbox.sample_space.space import in_tree_order
from sandbox.seed import SeedPage, SeedSpace

from .conftest import BROKEN, NAMESPACES, parse

AC, RI = (f"{{{NAMESPACES[prefix]}}}" for prefix in ("ac", "ri"))
SYNC = PEOPLE["sync"].account_id


def is_current_page(page: SeedPage) -> bool:
    return page.kind == "page" and page.status == "current"


def is_visible(page: SeedPage, pages: dict[str, SeedPage]) -> bool:
    """Restrictions intersect along the ancestors."""
    at: SeedPage | None = page
    while at is not None:
        if at.read_users and SYNC not in at.read_users:
            return False
        at = pages[at.parent] if at.parent else None
    return True


def is_restricted(page: SeedPage, pages: dict[str, SeedPage]) -> bool:
    at: SeedPage | None = page
    while at is not None:
        if at.read_users or at.read_groups:
            return True
        at = pages[at.parent] if at.parent else None
    return False


def depth(page: SeedPage, pages: dict[str, SeedPage]) -> int:
    return 0 if page.parent is None else 1 + depth(pages[page.parent], pages)


def test_two_loads_are_equal(space: SeedSpace) -> None:
    assert load() == space


def test_holds_what_the_package_documents(space: SeedSpace, pages: dict[str, SeedPage]) -> None:
    kinds = Counter((page.kind, page.status) for page in space.pages)
    assert kinds == {
        ("page", "current"): 246,
        ("blogpost", "current"): 12,
        ("page", "archived"): 6,
        ("page", "trashed"): 2,
        ("folder", "current"): 1,
    }
    visible = [page for page in space.pages if is_current_page(page) and is_visible(page, pages)]
    assert len(visible) == 245
    assert sum(is_restricted(page, pages) for page in visible) == 5
    assert sum("draft" in page.labels for page in visible) == 3
    assert not any("draft" in page.labels and is_restricted(page, pages) for page in visible)
    assert sum(page.modified_at >= datetime(2026, 8, 3, tzinfo=UTC) for page in visible) == 25


def test_restricts_one_page_one_subtree_and_one_page_from_the_sync_user(pages: dict[str, SeedPage]) -> None:
    own = {ref for ref, page in pages.items() if page.read_users or page.read_groups}
    assert own == {"price-list", "response-plan", "reorganisation"}
    inheriting = {ref for ref, page in pages.items() if page.parent == "response-plan"}
    assert len(inheriting) == 3
    assert [ref for ref, page in pages.items() if not is_visible(page, pages)] == ["reorganisation"]


def test_begins_with_the_home_page_and_every_parent_comes_before_its_children(space: SeedSpace) -> None:
    seen: set[str] = set()
    for page in space.pages:
        assert page.ref not in seen
        assert page.parent is None or page.parent in seen
        seen.add(page.ref)
    assert [page.ref for page in space.pages if page.parent is None] == ["home"]
    assert space.pages[0].ref == "home"


def test_the_tree_is_at_least_four_levels_deep(space: SeedSpace, pages: dict[str, SeedPage]) -> None:
    levels = Counter(depth(page, pages) for page in space.pages if is_current_page(page))
    assert levels[3] >= 80
    assert levels[4] >= 3


def test_a_folder_holds_pages(pages: dict[str, SeedPage]) -> None:
    (folder,) = (page for page in pages.values() if page.kind == "folder")
    assert sum(page.parent == folder.ref for page in pages.values()) == 4


def test_titles_of_current_content_are_unique(space: SeedSpace) -> None:
    titles = Counter(page.title for page in space.pages if page.status == "current")
    assert titles.most_common(1)[0][1] == 1


@pytest.mark.parametrize("sign", ["/", ":", "?", "&", '"', "📝", "\u200b", "：", "ة"])
def test_some_titles_have_odd_characters(space: SeedSpace, sign: str) -> None:
    assert any(sign in page.title for page in space.pages)


def test_every_body_is_well_formed_except_one(pages: dict[str, SeedPage], trees: dict[str, etree._Element]) -> None:
    with pytest.raises(etree.XMLSyntaxError):
        parse(pages[BROKEN].storage)
    assert trees.keys() == pages.keys() - {BROKEN}


def test_no_markup_of_the_authoring_format_is_left(pages: dict[str, SeedPage]) -> None:
    leftovers = re.compile(r"\*\*|\[\[|\]\]|\{(?:@|\{|status:|date:|emoji:|hint:|br\})|^:::", re.MULTILINE)
    for ref, page in pages.items():
        if ref == BROKEN:
            continue
        tree = parse(page.storage)
        for code in tree.findall(f".//{AC}plain-text-body") + tree.findall(".//code"):
            code.text = ""
        assert not leftovers.search("".join(tree.itertext())), ref


def test_links_by_title_resolve_except_the_one_that_is_dead(space: SeedSpace, trees: dict[str, etree._Element]) -> None:
    titles = {page.title: page.status for page in space.pages}
    targets = {
        link.get(f"{RI}content-title")
        for tree in trees.values()
        for link in tree.iter(f"{RI}page")
        if link.get(f"{RI}space-key") is None
    }
    assert targets - titles.keys() == {"Sensor ageing: internal study 2023"}
    assert {title for title in targets if titles.get(title) == "archived"} == {"Drift 1"}


def test_anchors_of_links_are_headings_or_anchors_of_the_target(
    space: SeedSpace, trees: dict[str, etree._Element]
) -> None:
    refs = {page.title: page.ref for page in space.pages if page.status == "current"}
    for ref, tree in trees.items():
        for link in tree.iter(f"{AC}link"):
            anchor = link.get(f"{AC}anchor")
            if anchor is None:
                continue
            target = link.find(f"{RI}page")
            there = trees[ref if target is None else refs[str(target.get(f"{RI}content-title"))]]
            headings = {"".join(h.itertext()).replace(" ", "-") for h in there.iter("h1", "h2", "h3", "h4")}
            named = {
                str(p.text)
                for macro in there.iter(f"{AC}structured-macro")
                if macro.get(f"{AC}name") == "anchor"
                for p in macro.iter(f"{AC}parameter")
            }
            assert anchor in headings | named, (ref, anchor)


def test_every_attachment_that_a_page_shows_is_attached_to_it(
    pages: dict[str, SeedPage], trees: dict[str, etree._Element]
) -> None:
    for ref, tree in trees.items():
        attached = {attachment.file_name for attachment in pages[ref].attachments}
        shown = {str(file.get(f"{RI}filename")) for file in tree.iter(f"{RI}attachment")}
        assert shown <= attached, ref


def test_every_mention_and_author_is_a_person_of_the_space(space: SeedSpace, trees: dict[str, etree._Element]) -> None:
    known = {user.account_id for user in space.users}
    mentioned = {user.get(f"{RI}account-id") for tree in trees.values() for user in tree.iter(f"{RI}user")}
    assert len(mentioned) >= 6
    assert mentioned | {page.author for page in space.pages} <= known
    assert {comment.author for page in space.pages for comment in page.comments} <= known


def test_the_sync_user_is_the_only_one_who_can_sign_in(space: SeedSpace) -> None:
    (user,) = (user for user in space.users if user.token is not None)
    assert (user.email, user.token) == (SYNC_EMAIL, SYNC_TOKEN) == ("sync@example.com", "sandbox-confluence-token")


def test_every_month_has_changes_and_versions_fit_their_times(space: SeedSpace) -> None:
    months = {(page.modified_at.year, page.modified_at.month) for page in space.pages if is_current_page(page)}
    wanted = {(year, month) for year in (2024, 2025, 2026) for month in range(1, 13)} - {(2026, 11), (2026, 12)}
    assert months == wanted
    for page in space.pages:
        assert page.created_at <= page.modified_at < datetime(2026, 11, 1, tzinfo=UTC)
        assert page.version >= 1
        assert page.version > 1 or page.created_at == page.modified_at


def test_labels_are_few_and_most_pages_have_two(space: SeedSpace) -> None:
    labels = Counter(label for page in space.pages for label in page.labels)
    assert 10 <= len(labels) <= 20
    assert Counter(len(page.labels) for page in space.pages).most_common(1)[0][0] == 2


def test_has_footer_inline_and_resolved_comments(pages: dict[str, SeedPage]) -> None:
    comments = [comment for page in pages.values() for comment in page.comments]
    assert sum(comment.inline_anchor is None for comment in comments) >= 2
    assert sum(comment.resolved for comment in comments) == 1
    for page in pages.values():
        for comment in page.comments:
            if comment.inline_anchor:
                assert f">{comment.inline_anchor}</ac:inline-comment-marker>" in page.storage


def test_the_extremes_are_there(pages: dict[str, SeedPage], trees: dict[str, etree._Element]) -> None:
    assert pages["roadmap"].storage == ""
    assert len(pages["event-catalogue"].storage) > 60_000
    assert len(trees["modbus-registers"].findall(".//table")[0].findall(".//tr")) > 300
    listing = trees["drift-toml"].find(f".//{AC}plain-text-body")
    assert listing is not None
    assert str(listing.text).count("\n") > 400


def test_attachments_open_with_the_usual_readers(pages: dict[str, SeedPage]) -> None:
    files = {file.file_name: file for page in pages.values() for file in page.attachments}
    assert {"txt", "md", "csv", "pdf", "docx", "pptx", "xlsx", "png"} <= {name.rpartition(".")[2] for name in files}
    certificate = pypdf.PdfReader(BytesIO(files["calibration-certificate-sample.pdf"].content))
    assert "KC-2026-018834" in certificate.pages[0].extract_text()
    plan = docx.Document(BytesIO(files["onboarding-plan.docx"].content))
    assert plan.tables[0].cell(2, 1).text == "Leila Haddad"
    slides = pptx.Presentation(BytesIO(files["kick-off.pptx"].content)).slides
    assert [slide.shapes.title.text for slide in slides] == ["Kick-off call", "Who does what", "Acceptance"]
    results = openpyxl.load_workbook(BytesIO(files["pq-results.xlsx"].content))
    assert results.sheetnames == ["Results", "Deviations"]
    assert results["Results"]["D3"].value == 7.4
    for name in ("onboarding-plan.docx", "kick-off.pptx", "pq-results.xlsx"):
        assert zipfile.ZipFile(BytesIO(files[name].content)).testzip() is None
    assert files["led-colours.png"].content.startswith(b"\x89PNG\r\n\x1a\n")


def test_two_pages_include_each_other(trees: dict[str, etree._Element]) -> None:
    def included(ref: str) -> set[str | None]:
        return {
            page.get(f"{RI}content-title")
            for macro in trees[ref].iter(f"{AC}structured-macro")
            if macro.get(f"{AC}name") == "include"
            for page in macro.iter(f"{RI}page")
        }

    assert "Shared: escalation matrix" in included("support-contacts")
    assert "Shared: support contacts" in included("escalation-matrix")


def test_the_report_page_has_its_rows_in_the_view_only(pages: dict[str, SeedPage]) -> None:
    report = pages["adr"]
    assert report.view is not None
    assert "ADR-006: No OPC UA server on gateways" not in report.storage
    assert report.view.count("<tr>") == 8
    assert "Jonas Brandt" in report.view
    assert "ac:" not in report.view
    assert [page.ref for page in pages.values() if page.view is not None] == ["adr"]


def test_a_page_without_a_parent_that_exists_is_refused() -> None:
    with pytest.raises(ValueError, match="no page is called nowhere"):
        in_tree_order([PageSource("a", "A", "", parent="nowhere")])


def test_two_pages_of_one_ref_are_refused() -> None:
    with pytest.raises(ValueError, match="two pages are called 'a'"):
        in_tree_order([PageSource("a", "A", ""), PageSource("a", "B", "")])
