"""Lists keep their nesting, their numbers and everything inside an item."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import storage_to_markdown


def test_nested_mixed_lists(read_back):
    page = read_back(
        "<ul><li><p>a</p><ol><li><p>b</p><ul><li><p>c</p></li></ul></li><li><p>d</p></li></ol></li><li><p>e</p></li></ul>"
    )
    assert page.xpath("ul/li/text()[1]")[0].strip() == "a"
    assert page.xpath("ul/li/ol/li/ul/li/text()") == ["c"]
    assert len(page.xpath("ul/li")) == 2
    assert len(page.xpath("ul/li/ol/li")) == 2


def test_list_item_that_begins_with_a_line_is_no_line_itself(read_back):
    page = read_back("<ul><li><hr/></li><li><p>b</p></li></ul>")
    assert len(page.xpath("ul/li")) == 2
    assert len(page.xpath("ul/li[1]/hr")) == 1


def test_list_item_with_several_paragraphs(read_back):
    page = read_back("<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>")
    assert page.xpath("ol/li[1]/p/text()") == ["a", "b"]
    assert page.xpath("ol/li[2]/p/text()") == ["c"]


def test_list_item_with_code_table_panel_and_image(read_back):
    code = '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[x\n\ny]]></ac:plain-text-body></ac:structured-macro>'
    table = "<table><tbody><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></tbody></table>"
    panel = '<ac:structured-macro ac:name="info"><ac:rich-text-body><p>i</p></ac:rich-text-body></ac:structured-macro>'
    image = '<ac:image><ri:url ri:value="https://e.com/i.png"/></ac:image>'
    page = read_back(f"<ol><li><p>a</p>{code}{table}{panel}{image}</li><li><p>b</p></li></ol>")
    assert page.xpath("string(ol/li[1]/pre/code)") == "x\n\ny\n"
    assert page.xpath("ol/li[1]/table//td/text()") == ["1", "2"]
    assert page.xpath("string(ol/li[1]/blockquote)").strip() == "Info: i"
    assert page.xpath("ol/li[1]//img/@src") == ["https://e.com/i.png"]
    assert len(page.xpath("ol/li")) == 2


def test_ordered_list_of_more_than_nine_items_keeps_children_inside(read_back):
    items = "".join(f"<li><p>{n}</p><ul><li><p>c{n}</p></li></ul></li>" for n in range(1, 13))
    page = read_back(f"<ol>{items}</ol>")
    assert page.xpath("ol/li/ul/li/text()") == [f"c{n}" for n in range(1, 13)]


def test_ordered_list_with_a_start(read_back):
    page = read_back('<ol start="7"><li><p>seven</p></li><li><p>eight</p></li></ol>')
    assert page.xpath("ol/@start") == ["7"]
    assert len(page.xpath("ol/li")) == 2


def test_ordered_list_with_a_senseless_start(read_back):
    assert read_back('<ol start="-3"><li>a</li></ol>').xpath("ol/li/text()") == ["a"]


def test_neighbouring_lists_stay_two(read_back):
    page = read_back("<ul><li>a</li></ul><ul><li>b</li></ul><ol><li>c</li></ol><ol><li>d</li></ol>")
    assert [element.tag for element in page] == ["ul", "ul", "ol", "ol"]


@pytest.mark.parametrize("between", ["", "<p><br /></p>", '<ac:structured-macro ac:name="toc" />'])
def test_a_numbered_list_that_goes_on_counting_is_one_list(between):
    second = '<ol start="3"><li>c<ul><li>d</li></ul></li></ol>'
    storage = f"<ol><li>a</li><li>b</li></ol>{between}{second}<ol start='4'><li>e</li></ol>"
    assert storage_to_markdown(storage) == "1. a\n2. b\n3. c\n   - d\n4. e"


def test_a_list_with_blank_lines_that_goes_on_has_them_throughout():
    storage = '<ol><li>a</li></ol><ol start="2"><li><p>b</p><p>c</p></li></ol>'
    assert storage_to_markdown(storage) == "1. a\n\n2. b\n\n   c"


def test_a_numbered_list_goes_on_behind_the_block_that_interrupts_it(read_back):
    page = read_back(
        '<ol><li>a</li></ol><pre>x</pre><ol start="2"><li>b</li></ol><p>y</p><ol start="3"><li>c</li></ol>'
    )
    assert [element.tag for element in page] == ["ol", "pre", "ol", "p", "ol"]
    assert page.xpath("ol/@start") == ["2", "3"]


def test_neighbouring_lists_that_count_anew_have_their_own_numbers(read_back):
    page = read_back('<ol><li>a</li><li>b</li></ol><ol><li>c</li></ol><ol start="9"><li>d</li></ol>')
    assert [element.get("start", "1") for element in page.xpath("ol")] == ["1", "1", "9"]


def test_an_item_with_a_number_of_its_own_counts_from_there(read_back):
    storage = '<ol><li>a</li><li value="7">b</li><li>c</li><li value="9">d</li><li value="x">e</li></ol>'
    page = read_back(storage)
    assert page.xpath("ol/@start") == ["7"]
    assert [len(element) for element in page.xpath("ol")] == [1, 4]
    assert storage_to_markdown(storage) == "1. a\n\n7) b\n8) c\n9) d\n10) e"
    assert storage_to_markdown('<ol><li value="3">c</li><li>d</li></ol>') == "3. c\n4. d"


def test_numbers_in_a_cell_are_those_of_the_items():
    cell = '<ol start="2"><li>a</li><li value="9">b</li><li>c</li></ol>'
    markdown = storage_to_markdown(f"<table><tbody><tr><td>{cell}</td><td>x</td></tr></tbody></table>")
    assert markdown.endswith("| 2. a<br>9. b<br>10. c | x |")


def test_empty_items_are_dropped_but_counted():
    assert storage_to_markdown("<ol><li>a</li><li><p /></li><li>c</li></ol>") == "1. a\n3. c"


def test_list_directly_inside_a_list(read_back):
    page = read_back("<ul><li>a</li><ul><li>b</li></ul></ul>")
    assert page.xpath("//li//li/text()") == ["b"]


def test_text_between_items_is_kept():
    assert storage_to_markdown("<ul>stray<li>a</li></ul>") == "- stray\n- a"


def test_task_list_with_states(read_back):
    task = (
        "<ac:task><ac:task-id>7</ac:task-id><ac:task-uuid>u-1</ac:task-uuid><ac:task-status>{}</ac:task-status>"
        '<ac:task-body><span class="placeholder-inline-tasks">{}</span></ac:task-body></ac:task>'
    )
    storage = f"<ac:task-list>{task.format('complete', 'done it')}{task.format('incomplete', 'to do')}</ac:task-list>"
    assert storage_to_markdown(storage) == "- [x] done it\n- [ ] to do"


def test_nested_task_lists(read_back):
    inner = "<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>b</ac:task-body></ac:task></ac:task-list>"
    storage = (
        "<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>a</ac:task-body></ac:task>"
        f"{inner}</ac:task-list>"
    )
    page = read_back(storage)
    assert page.xpath("ul/li/ul/li/text()") == ["[ ] b"]
