from __future__ import annotations

import statistics

import pytest
from lxml import etree

from sandbox.confluence import SandboxConfluence, storage_xml
from sandbox.confluence.generated import generated_pages, generated_space


@pytest.mark.parametrize("pages", [1, 2, 11, 12, 111, 112, 300])
def test_a_space_has_exactly_that_many_pages_in_a_tree(pages: int) -> None:
    site = SandboxConfluence(generated_space(pages, median_bytes=300))
    contents = list(site.store.contents.values())
    assert len(contents) == pages
    assert len({content.title for content in contents}) == pages
    deepest = max(len(site.store.ancestors(content)) for content in contents)
    assert deepest == (0 if pages == 1 else 1 if pages <= 11 else 2 if pages <= 111 else 3)


def test_folders_hold_a_page_each_and_some_lie_in_others() -> None:
    site = SandboxConfluence(generated_space(300, median_bytes=300, folders=8))
    contents = list(site.store.contents.values())
    folders = {content.id: content for content in contents if content.kind == "folder"}
    assert (len(folders), len(contents)) == (8, 308)
    assert sorted(content.kind for content in contents if content.parent_id in folders) == ["folder"] * 2 + ["page"] * 8


def test_the_same_arguments_give_the_same_space() -> None:
    assert generated_space(50) == generated_space(50)
    assert generated_space(50) != generated_space(50, seed=2)


@pytest.mark.parametrize("median", [2_000, 6_000, 12_000])
def test_bodies_have_the_median_and_the_tail_asked_for(median: int) -> None:
    sizes = [len(page.storage) for page in generated_pages(1_500, median_bytes=median, large_share=0.01)]
    assert 0.85 * median < statistics.median(sizes) < 1.15 * median
    large = [size for size in sizes if size > 150_000]
    assert 5 <= len(large) <= 30
    assert max(sizes) < 250_000


def test_bodies_are_well_formed_storage_with_every_kind_of_block() -> None:
    bodies = [page.storage for page in generated_pages(60)]
    parsed = [storage_xml.parse(body) for body in bodies]
    names = {storage_xml.name(element) for body in parsed for element in body.iter(etree.Element)}
    assert {"h2", "p", "ul", "table", "ac:structured-macro", "ac:plain-text-body", "ac:rich-text-body"} <= names


def test_some_pages_have_labels() -> None:
    labels = {label for page in generated_pages(100, median_bytes=300) for label in page.labels}
    assert len(labels) == 10
