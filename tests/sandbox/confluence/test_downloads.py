from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.confluence import SYNC_EMAIL, SYNC_TOKEN, SandboxConfluence, serve


def addresses(confluence: SandboxConfluence) -> list[str]:
    """Both ways to the same file."""
    step = confluence.id_of("step")
    file = confluence.store.attachments_of(int(step))[0]
    return [f"/download/attachments/{step}/a b.txt", f"/rest/api/content/{step}/child/attachment/att{file.id}/download"]


@pytest.mark.parametrize("way", [0, 1])
def test_cloud_redirects_a_download_to_another_host(confluence: SandboxConfluence, client: Any, way: int) -> None:
    answer = client.get(addresses(confluence)[way])
    assert answer.status_code == 302
    location = urlsplit(answer.headers["Location"])
    assert location.hostname == "localhost" != urlsplit(confluence.base_url).hostname
    file = requests.get(answer.headers["Location"], timeout=30)
    assert (file.content, file.headers["Content-Type"]) == (b"hello", "text/plain; charset=utf-8")


def test_the_log_shows_whether_the_media_host_got_the_password(confluence: SandboxConfluence) -> None:
    url = confluence.site_url + addresses(confluence)[0]
    assert requests.get(url, auth=(SYNC_EMAIL, SYNC_TOKEN), timeout=30).content == b"hello"
    first, second = confluence.log.requests
    assert (first.auth, first.status) == ("basic", 302)
    assert (second.auth, second.status, second.host.partition(":")[0]) == ("none", 200, "localhost")


def test_a_media_address_cannot_be_made_up(confluence: SandboxConfluence, client: Any) -> None:
    location = client.get(addresses(confluence)[0]).headers["Location"]
    assert requests.get(location.replace("token=", "token=0"), timeout=30).status_code == 403
    assert requests.get(location.partition("?")[0], timeout=30).status_code == 403


def test_the_gateway_downloads_by_id(confluence: SandboxConfluence, client: Any) -> None:
    by_name, by_id = addresses(confluence)
    assert client.get(by_id, gateway=True).status_code == 302
    assert client.get(by_name, gateway=True).status_code == 404


def test_what_is_missing_or_hidden_cannot_be_downloaded(confluence: SandboxConfluence, client: Any) -> None:
    by_name, by_id = addresses(confluence)
    confluence.restrict("step", users=["712020:ada"])
    reader = ("reader@example.com", "sandbox-confluence-reader-token")
    for path in (by_name, by_id):
        assert client.get(path, auth=reader).status_code == 404
    assert client.get(by_name.replace("a b", "x")).status_code == 404
    assert client.get(by_id.replace("att", "att9")).status_code == 404
    assert client.get("/download/attachments/x/a b.txt").status_code == 404


def test_data_center_sends_the_file_itself(make_space: Any, client_of: Any) -> None:
    with serve(make_space("DOCS"), deployment="datacenter") as site:
        answer = client_of(site).get(addresses(site)[0])
        assert (answer.status_code, answer.content) == (200, b"hello")
