from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from sandbox.confluence import (
    PERSONAL_ACCESS_TOKEN,
    SCOPED_TOKEN,
    SYNC_EMAIL,
    SYNC_TOKEN,
    SandboxConfluence,
    serve,
)
from sandbox.confluence.identity import Credentials, read_credentials
from sandbox.seed import SeedUser

ME = "/rest/api/user/current"
SCOPED = (SYNC_EMAIL, SCOPED_TOKEN)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        (None, Credentials("none")),
        ("", Credentials("none")),
        (basic("a@b.c:se:cret"), Credentials("basic", "a@b.c", "se:cret")),
        (basic("no colon"), Credentials("other")),
        ("Basic !!!", Credentials("other")),
        ("Bearer abc", Credentials("bearer", secret="abc")),
        ("Digest x", Credentials("other")),
    ],
)
def test_an_authorization_header_is_taken_apart(header: str | None, credentials: Credentials) -> None:
    assert read_credentials(header) == credentials


def test_an_unscoped_token_works_on_the_site_and_on_the_gateway(client: Any) -> None:
    for gateway in (False, True):
        me = client.json(ME, gateway=gateway)
        assert (me["type"], me["accountId"], me["email"]) == ("known", "712020:sandbox-sync", SYNC_EMAIL)
        assert client.get("/api/v2/spaces", gateway=gateway).status_code == 200


def test_a_scoped_token_works_on_the_gateway_only(client: Any) -> None:
    assert client.get(ME, auth=SCOPED).status_code == 401
    assert client.get("/api/v2/spaces", auth=SCOPED).status_code == 401
    assert client.json(ME, auth=SCOPED, gateway=True)["accountId"] == "712020:sandbox-sync"


def test_a_bearer_token_does_not_work_on_cloud(confluence: SandboxConfluence) -> None:
    for url in (confluence.site_url, confluence.gateway_url):
        headers = {"Authorization": f"Bearer {SCOPED_TOKEN}"}
        assert requests.get(f"{url}{ME}", headers=headers, timeout=30).status_code == 401


def test_the_cloud_id_is_told_to_anybody(confluence: SandboxConfluence) -> None:
    answer = requests.get(f"{confluence.base_url}/_edge/tenant_info", timeout=30)
    assert answer.json() == {"cloudId": confluence.site.cloud_id}


def test_another_cloud_id_is_not_found(confluence: SandboxConfluence) -> None:
    url = f"{confluence.base_url}/ex/confluence/other/wiki{ME}"
    assert requests.get(url, auth=SCOPED, timeout=30).status_code == 404


@pytest.mark.parametrize(
    "auth", [(SYNC_EMAIL, "wrong"), ("other@example.com", SYNC_TOKEN), ("", SYNC_TOKEN), (SYNC_EMAIL, ""), None]
)
def test_wrong_credentials_are_a_401_in_the_words_of_each_api(client: Any, auth: Any) -> None:
    v2 = client.get("/api/v2/spaces", auth=auth)
    assert v2.status_code == 401
    assert v2.json()["errors"][0]["code"] == "UNAUTHORIZED"
    v1 = client.get(ME, auth=auth)
    assert v1.status_code == 401
    assert v1.headers["Content-Type"].startswith("text/plain")
    assert v1.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    gateway = client.get(ME, auth=auth, gateway=True)
    assert gateway.json() == {"code": 401, "message": "Unauthorized"}


@pytest.mark.parametrize("end", ["revoke_token", "expire_token"])
def test_a_token_that_ended_is_a_401_until_renewed(confluence: SandboxConfluence, client: Any, end: str) -> None:
    getattr(confluence, end)(SYNC_TOKEN)
    assert client.get(ME).status_code == 401
    confluence.renew_token(SYNC_TOKEN)
    assert client.get(ME).status_code == 200


def test_a_replaced_token_works_and_the_old_one_does_not(confluence: SandboxConfluence, client: Any) -> None:
    confluence.replace_token(SYNC_TOKEN, "second")
    assert client.get(ME).status_code == 401
    assert client.get(ME, auth=(SYNC_EMAIL, "second")).status_code == 200


def test_on_a_public_site_wrong_credentials_are_an_anonymous_200(confluence: SandboxConfluence, client: Any) -> None:
    confluence.site.anonymous_access = True
    wrong = (SYNC_EMAIL, "wrong")
    assert client.json(ME, auth=wrong)["type"] == "anonymous"
    assert "accountId" not in client.json(ME, auth=wrong)
    assert [space["key"] for space in client.results("/api/v2/spaces", auth=wrong)] == ["DOCS"]
    assert "Secret" not in client.titles("/api/v2/pages", auth=wrong)
    assert client.get(ME, auth=wrong, gateway=True).status_code == 401


def test_a_user_without_product_access_is_a_403(confluence: SandboxConfluence, client: Any) -> None:
    confluence.set_user(SYNC_EMAIL, product_access=False)
    answer = client.get(ME)
    assert answer.status_code == 403
    assert answer.json()["message"] == "Current user not permitted to use Confluence"


def test_an_address_that_is_not_allowed_is_a_403_of_its_own(confluence: SandboxConfluence, client: Any) -> None:
    confluence.site.address_allowed = False
    answer = client.get(ME)
    assert answer.status_code == 403
    assert answer.json()["errors"] == {}
    assert "not on the allowed list" in answer.json()["errorMessages"][0]
    confluence.site.allow_list_words = "gateway"
    assert "allowlist" in client.get(ME).json()["message"]


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/api/v2/spaces", "read:space:confluence"),
        ("/api/v2/pages", "read:page:confluence"),
        ("/api/v2/footer-comments", "read:comment:confluence"),
        ("/api/v2/attachments", "read:attachment:confluence"),
        (ME, "read:content-details:confluence"),
        ("/rest/api/content/search?cql=type=page", "search:confluence"),
    ],
)
def test_a_missing_scope_is_a_401_that_says_so(
    confluence: SandboxConfluence, client: Any, path: str, scope: str
) -> None:
    confluence.set_scopes(SCOPED_TOKEN, [scope])
    assert client.get(path, auth=SCOPED, gateway=True).status_code == 200
    confluence.set_scopes(SCOPED_TOKEN, ["read:task:confluence"])
    answer = client.get(path, auth=SCOPED, gateway=True)
    assert answer.json() == {"code": 401, "message": "Unauthorized; scope does not match"}
    assert answer.headers["X-Failure-Category"] == "FAILURE_CLIENT_SCOPE_CHECK"


def test_a_service_account_signs_in_with_its_own_address(confluence: SandboxConfluence, client: Any) -> None:
    email = "sync-bot@serviceaccount.atlassian.com"
    confluence.add_user(SeedUser("712020:bot", "Sync Bot", email))
    confluence.add_token(email, "bot-token", kind="scoped")
    assert client.json(ME, auth=(email, "bot-token"), gateway=True)["accountType"] == "app"


def test_data_center_takes_personal_access_tokens(client_of: Any) -> None:
    with serve(deployment="datacenter") as confluence:
        url = f"{confluence.base_url}{ME}"
        good = requests.get(url, headers={"Authorization": f"Bearer {PERSONAL_ACCESS_TOKEN}"}, timeout=30).json()
        assert (good["type"], good["username"], good["userKey"]) == ("known", "sync", "712020:sandbox-sync")
        assert requests.get(url, auth=("sync", SYNC_TOKEN), timeout=30).json()["username"] == "sync"


def test_data_center_answers_a_wrong_token_as_anonymous_and_a_wrong_password_with_401(make_space: Any) -> None:
    with serve(make_space("DOCS"), deployment="datacenter") as confluence:
        wrong = {"Authorization": "Bearer wrong"}
        me = requests.get(f"{confluence.base_url}{ME}", headers=wrong, timeout=30)
        assert (me.status_code, me.json()["type"]) == (200, "anonymous")
        spaces = requests.get(f"{confluence.base_url}/rest/api/space", headers=wrong, timeout=30)
        assert (spaces.status_code, spaces.json()["results"]) == (200, [])
        basic_auth = requests.get(f"{confluence.base_url}{ME}", auth=("sync", "wrong"), timeout=30)
        assert basic_auth.status_code == 401
        assert "AUTHENTICATED_FAILED" in basic_auth.text
