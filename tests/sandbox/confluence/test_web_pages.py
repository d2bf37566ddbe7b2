"""What a browser shows, without signing in."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.confluence import SandboxConfluence, serve


def show(address: str) -> str:
    answer = requests.get(address, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return answer.text


def test_the_front_page_shows_every_page_but_the_trash(confluence: SandboxConfluence) -> None:
    html = show(confluence.base_url)
    assert html == show(confluence.site_url)
    titles = ("Docs", "Guide &amp; more", "First step", "Box", "Inside", "News")
    positions = [html.index(f">{title}</a>") for title in titles]
    assert positions == sorted(positions)
    assert "Gone" not in html
    assert '<span class="mark">archived</span>' in html
    assert '<span class="mark">restricted</span>' in html


@pytest.mark.parametrize("deployment", ["cloud", "datacenter"])
def test_every_address_that_the_api_gives_opens_the_page(make_space: Any, client_of: Any, deployment: str) -> None:
    with serve(make_space("DOCS"), deployment=deployment) as site:
        rows = client_of(site).results("/rest/api/content/search", cql="type in (page, blogpost, folder)")
        assert len(rows) == 8
        for row in rows:
            title = row["title"].replace("&", "&amp;")
            assert f"<h1>{title}</h1>" in show(site.site_url + row["_links"]["webui"])


def test_a_page_shows_its_body_files_comments_and_children(confluence: SandboxConfluence) -> None:
    guide = show(f"{confluence.site_url}/spaces/DOCS/pages/{confluence.id_of('guide')}")
    assert "<p>Some marked text</p>" in guide
    assert "on “marked”" in guide
    assert ">First step</a>" in guide
    assert '<span class="label">howto</span>' in guide
    step = show(f"{confluence.site_url}/spaces/DOCS/pages/{confluence.id_of('step')}/First+step")
    file = confluence.store.attachments_of(int(confluence.id_of("step")))[0]
    assert f'<a href="/_sandbox/files/att{file.id}">a b.txt</a>' in step
    assert requests.get(f"{confluence.base_url}/_sandbox/files/att{file.id}", timeout=30).content == b"hello"


def test_headings_have_the_ids_that_cited_addresses_end_in(confluence: SandboxConfluence) -> None:
    confluence.edit("step", storage="<h2>Set up (v2)</h2><h2>Twice</h2><h2>Twice</h2>")
    html = show(f"{confluence.site_url}/spaces/DOCS/pages/{confluence.id_of('step')}")
    for anchor in ("Set-up-(v2)", "Twice", "Twice.1"):
        assert f'<h2 id="{anchor}">' in html


def test_titles_are_escaped(confluence: SandboxConfluence) -> None:
    confluence.rename("step", "<script>alert(1)</script>")
    assert "<script>alert" not in show(confluence.base_url)


@pytest.mark.parametrize("path", ["/spaces/NOPE", "/spaces/DOCS/pages/1", "/spaces/DOCS/pages/x", "/display/NOPE/x"])
def test_what_is_not_there_is_said_so(confluence: SandboxConfluence, path: str) -> None:
    answer = requests.get(confluence.site_url + path, timeout=30)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_trashed_page_is_said_to_be_in_the_trash(confluence: SandboxConfluence) -> None:
    answer = requests.get(f"{confluence.site_url}/spaces/DOCS/pages/{confluence.id_of('gone')}", timeout=30)
    assert "in the trash" in answer.text
    assert requests.get(f"{confluence.base_url}/_sandbox/files/att1", timeout=30).status_code == 404
