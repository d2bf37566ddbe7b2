"""Signing in over real HTTP: every kind of token, and every way to be refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from confluence_to_twig.confluence.api.sign_in import SignIn
from confluence_to_twig.errors import TransientError
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SCOPED_TOKEN, SYNC_EMAIL, SYNC_TOKEN, SandboxConfluence, serve
from sandbox.seed import SeedUser
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import QUICK, requests_of, settings_of, small_space

YESTERDAY = (datetime.now(UTC) - timedelta(days=2)).date()


def refusal(client: ConfluenceClient, kind: type[Exception]) -> str:
    """What the user reads when signing in fails with exactly this kind of error."""
    with pytest.raises(kind) as raised:
        client.sign_in()
    assert type(raised.value) is kind
    assert getattr(raised.value, "remedy", "")
    return str(raised.value)


# Ways that work


def test_a_token_without_scopes_works_on_the_site(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    signed_in = connect(sandbox, deployment="cloud").sign_in()
    assert (signed_in.display_name, signed_in.via, signed_in.cloud_id) == ("Sync Service", "site", None)
    assert len(requests_of(sandbox)) == 1


def test_a_token_with_scopes_finds_its_way_through_the_gateway(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    client = connect(sandbox, token=SCOPED_TOKEN, deployment="cloud")
    signed_in = client.sign_in()
    assert (signed_in.via, signed_in.cloud_id) == ("gateway", sandbox.site.cloud_id)
    assert client.requests_made == 3
    assert client.space("PROD").url.startswith(f"{sandbox.base_url}/wiki/")
    assert requests_of(sandbox)[-1].path.startswith("/ex/confluence/")


def test_the_way_is_remembered_for_the_client_and_for_later_tasks(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    first = connect(sandbox, token=SCOPED_TOKEN)
    handed_on = json.loads(json.dumps(first.sign_in().to_json()))
    first.sign_in()
    assert first.requests_made == 3
    second = connect(sandbox, token=SCOPED_TOKEN, signed_in=handed_on)
    second.space("PROD")
    assert second.requests_made == 1
    assert SCOPED_TOKEN not in json.dumps(handed_on)


def test_a_service_account_signs_in_like_anybody(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    email = "sync-1a2b@serviceaccount.atlassian.com"
    sandbox.add_user(SeedUser("712020:service", "Sync Bot", email))
    sandbox.add_token(email, "service-account-token", kind="scoped")
    signed_in = connect(sandbox, token="service-account-token", email=email).sign_in()
    assert (signed_in.display_name, signed_in.via) == ("Sync Bot", "gateway")


def test_data_center_is_told_by_a_site_without_atlassian_s_edge(
    data_center: SandboxConfluence, connect: ClientFactory
) -> None:
    client = connect(data_center)
    assert client.sign_in().via == "datacenter"
    assert [request.auth for request in requests_of(data_center)] == ["none", "bearer"]


def test_the_deployment_can_be_told_in_the_connection(data_center: SandboxConfluence, connect: ClientFactory) -> None:
    client = connect(data_center, deployment="datacenter")
    assert client.sign_in().via == "datacenter"
    assert client.requests_made == 1


@pytest.mark.parametrize(
    "fault",
    [faults.Refuse(500), faults.Refuse(429, headers={"Retry-After": "3600"}), faults.Reset(), faults.Cut()],
)
def test_whatever_ails_the_edge_a_data_center_is_found(
    fault: faults.Action, data_center: SandboxConfluence, connect: ClientFactory
) -> None:
    data_center.fail(fault, "/_edge/tenant_info", times=None)
    client = connect(data_center)
    assert client.sign_in().via == "datacenter"
    assert client.requests_made <= 3


def test_an_edge_that_never_ends_its_answer_costs_two_time_outs(
    data_center: SandboxConfluence, connect: ClientFactory
) -> None:
    data_center.fail(faults.Drip(pieces=100), "/_edge/tenant_info", times=None)
    client = connect(data_center, timeout_seconds=1)
    assert client.sign_in().via == "datacenter"
    assert client.requests_made == 3


def test_an_outage_of_the_edge_stays_one_where_there_is_no_data_center(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    sandbox.fail(faults.Refuse(503), "/_edge/tenant_info", times=None)
    with pytest.raises(TransientError, match="503"):
        connect(sandbox).sign_in()


# Ways to be refused


def test_a_wrong_token_says_so_and_what_to_do(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    said = refusal(connect(sandbox, token="not-the-token"), errors.UnauthorizedError)
    assert said.startswith("401 Unauthorized: ")
    assert "new API token" in said


def test_an_answer_as_to_an_anonymous_visitor_is_no_success(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.site.anonymous_access = True
    assert "anonymous" in refusal(connect(sandbox, token="not-the-token"), errors.UnauthorizedError)


def test_a_wrong_personal_access_token_is_no_success(data_center: SandboxConfluence, connect: ClientFactory) -> None:
    assert "anonymous" in refusal(connect(data_center, token="not-the-token"), errors.UnauthorizedError)


@pytest.mark.parametrize("token", [SYNC_TOKEN, SCOPED_TOKEN])
def test_a_revoked_token_is_refused_on_both_ways(
    token: str, sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    sandbox.revoke_token(token)
    refusal(connect(sandbox, token=token), errors.UnauthorizedError)


def test_a_token_past_its_date_is_called_expired(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.expire_token(SYNC_TOKEN)
    said = refusal(connect(sandbox, token_expires_on=str(YESTERDAY)), errors.TokenExpiredError)
    assert f"expired on {YESTERDAY}" in said


def test_a_missing_scope_is_named(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.set_scopes(SCOPED_TOKEN, ["read:page:confluence"])
    said = refusal(connect(sandbox, token=SCOPED_TOKEN), errors.MissingScopeError)
    assert "read:content-details:confluence" in said


def test_an_account_without_access_to_confluence_is_sent_to_the_admin(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    sandbox.set_user(SYNC_EMAIL, product_access=False)
    said = refusal(connect(sandbox), errors.NoProductAccessError)
    assert said.startswith("403 Forbidden")
    assert "site admin" in said


def test_an_ip_allow_list_is_named(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.site.address_allowed = False
    assert "allow-list" in refusal(connect(sandbox), errors.IpNotAllowedError)


def test_a_domain_without_confluence_is_called_that(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.fail(faults.Refuse(404), "user/current", times=None)
    assert "no Confluence at" in refusal(connect(sandbox, deployment="cloud"), errors.NotFoundError)


def test_a_removed_endpoint_is_called_that(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.fail(faults.Refuse(410, {"message": "This deprecated endpoint has been removed."}), "user/current")
    assert "Update this project" in refusal(connect(sandbox), errors.EndpointRemovedError)


def test_a_site_that_moved_names_its_new_address(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.fail(faults.Redirect("https://new-name.atlassian.net/wiki/rest/api/user/current", 301), "user/current")
    assert "https://new-name.atlassian.net/wiki" in refusal(connect(sandbox), errors.RedirectedError)


def test_a_gateway_that_is_down_is_no_wrong_password(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.fail(faults.Refuse(503), "/ex/confluence", times=None)
    with pytest.raises(TransientError, match="503"):
        connect(sandbox, token=SCOPED_TOKEN).sign_in()


def test_an_e_mail_is_asked_for_once_the_site_turns_out_to_be_cloud(sandbox: SandboxConfluence) -> None:
    settings = ConfluenceSettings.from_fields(sandbox.base_url, "", SYNC_TOKEN)
    with ConfluenceClient(settings, patience=QUICK) as client:
        assert "e-mail" in refusal(client, errors.SettingsError)


def test_a_handed_on_sign_in_cannot_lead_the_token_elsewhere() -> None:
    with serve(small_space()) as sandbox:
        signed_in = SignIn("x", "X", "gateway", "../../../elsewhere?x=")
        assert signed_in.api_url(settings_of(sandbox)).startswith(sandbox.base_url)


@pytest.mark.parametrize("form", ["{base}/ex/confluence/{cloud_id}/wiki", "{base}/ex/confluence/{cloud_id}"])
def test_the_gateways_address_as_domain_is_told_which_one_to_enter(form: str, sandbox: SandboxConfluence) -> None:
    domain = form.format(base=sandbox.base_url, cloud_id=sandbox.site.cloud_id)
    with pytest.raises(errors.SettingsError, match=r"yourcompany\.atlassian\.net"):
        ConfluenceSettings.from_fields(domain, SYNC_EMAIL, SCOPED_TOKEN, {"gateway_url": sandbox.base_url})


def test_the_allow_lists_documented_answer_is_named(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    said = (
        "The IP address has been rejected because it is not on the allowed list. See your admin for more information."
    )
    sandbox.fail(faults.Refuse(403, {"errorMessages": [said], "errors": {}}), "", times=None)
    text = refusal(connect(sandbox), errors.IpNotAllowedError)
    assert said in text
    assert "add the address that Airflow's workers use" in text


def test_a_policy_against_api_tokens_is_named(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.fail(
        faults.Refuse(403, {"message": "API token access is blocked by your organization's policy"}), "", times=None
    )
    assert "An admin of the organisation blocks API tokens" in refusal(connect(sandbox), errors.TokenBlockedError)


def test_a_firewalls_page_is_not_taken_for_missing_product_access(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    sandbox.fail(faults.Refuse(403, "<h1>Request blocked</h1>"), "", times=None)
    assert "firewall or proxy" in refusal(connect(sandbox, deployment="cloud"), errors.BlockedOnTheWayError)


def test_advice_for_a_data_center_token_is_a_data_center_s(
    data_center: SandboxConfluence, connect: ClientFactory
) -> None:
    text = refusal(connect(data_center, token="wrong"), errors.UnauthorizedError)
    assert "personal access token in Confluence" in text
    for of_cloud in ("id.atlassian.com", "scope", "Verify the e-mail"):
        assert of_cloud not in text


def test_advice_for_a_data_center_password_names_the_user_name(data_center: SandboxConfluence) -> None:
    settings = ConfluenceSettings.from_fields(data_center.site_url, "somebody", "wrong", {"deployment": "datacenter"})
    with ConfluenceClient(settings, patience=QUICK) as client:
        assert "Verify the user name and the password" in refusal(client, errors.UnauthorizedError)
