"""The text of each form of file as the Markdown of a document of its own."""

from __future__ import annotations

from confluence_to_twig.content.attachments.as_markdown import file_markdown
from confluence_to_twig.content.chunks.chunking import chunk_document


def test_plain_text_reads_as_it_was(read) -> None:
    page = read(file_markdown("notes.txt", "", "# no heading\r\n* no item\r\n\r\nSecond *paragraph* <b>."))
    assert page.xpath("//h1 | //li | //em | //b") == []
    assert ["".join(p.itertext()) for p in page.xpath("p")] == ["# no heading\n* no item", "Second *paragraph* <b>."]


def test_what_a_program_printed_in_columns_keeps_them() -> None:
    printed = "NAME      READY   AGE\napi-0     1/1     3d\napi-1     0/1     3d"
    assert file_markdown("pods.txt", "", f"Pods:\n\n{printed}") == f"Pods:\n\n```\n{printed}\n```"


def test_code_is_fenced_in_its_language_broken_or_not() -> None:
    assert file_markdown("a.json", "", '{"a": 1}') == '```json\n{"a": 1}\n```'
    assert file_markdown("a.yml", "", "a: [\n```\n") == "````yaml\na: [\n```\n````"
    assert file_markdown("a.log", "", "  10:00 *up*\n  10:01 down") == "```\n  10:00 *up*\n  10:01 down\n```"
    assert file_markdown("a", "application/json", "1") == "```json\n1\n```"


def test_markdown_stays_below_the_title_of_its_document() -> None:
    assert file_markdown("a.md", "", "# Plan\n\n*Now*\n\n## Steps") == "## Plan\n\n*Now*\n\n### Steps"
    assert file_markdown("a.md", "", "# Plan", top=4) == "#### Plan"


def test_comments_in_a_markdown_file_are_not_shown() -> None:
    assert file_markdown("a.md", "", "# Plan\n\n<!-- for writers -->\n\nNow") == "## Plan\n\n\nNow"


def test_markdown_runs_no_code_and_closes_what_it_opens() -> None:
    assert file_markdown("a.md", "", "[x](javascript:alert(1))\n\n```\nopen") == "[x]()\n\n```\nopen\n```"


def test_rows_become_a_table_whatever_separates_them(read) -> None:
    for name, text in (
        ("a.csv", "Name,Port\napi,80\n"),
        ("a.csv", "Name;Port\napi;80\n"),
        ("a.csv", "Name|Port\napi|80\n"),
        ("a.tsv", "Name\tPort\napi\t80\n"),
        ("a", "Name,Port\r\napi,80"),
    ):
        page = read(file_markdown(name, "text/csv", text))
        assert [cell.text for cell in page.xpath("//th | //td")] == ["Name", "Port", "api", "80"]


def test_a_cell_may_hold_delimiters_quotes_and_line_breaks() -> None:
    markdown = file_markdown("a.csv", "", 'Name,Note\napi,"a, ""b""\nc|d"\n,\ndb,x')
    assert markdown.split("\n")[2:] == ['| api | a, "b"<br>c\\|d |', "| db | x |"]


def test_lines_above_the_header_of_a_table_stand_above_it() -> None:
    text = "# Hosts of the lab\n# as of May\nName\tPort\napi\t80\n"
    assert file_markdown("a.tsv", "", text) == (
        "\\# Hosts of the lab  \n\\# as of May\n\n| Name | Port |\n| --- | --- |\n| api | 80 |"
    )


def test_a_comma_in_prose_makes_no_table() -> None:
    text = "Dear all,\nwe moved.\nSee you, Ann"
    assert "|" not in file_markdown("a.csv", "", "just words\nand more\n")
    assert "|" not in file_markdown("a.txt", "", text)


def test_the_header_of_rows_stands_in_every_chunk() -> None:
    rows = "\n".join(f"host-{number},10.0.{number // 250}.{number % 250}" for number in range(400))
    chunks = chunk_document(file_markdown("hosts.csv", "", f"Host,Address\n{rows}"))
    assert len(chunks) > 5
    assert all("| Host | Address |" in chunk.text for chunk in chunks)


def test_a_drawing_is_a_list_of_what_it_says() -> None:
    assert file_markdown("net.drawio", "", "Web → DB: asks\nCache") == "- Web → DB: asks\n- Cache"
