from __future__ import annotations

from collections.abc import Iterator

import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.restrictions import UNRESTRICTED, Readers
from confluence_to_twig.confluence.api.space_readers import readers_from_v2
from confluence_to_twig.confluence.sweep.space_levels import SpaceLevels, read_space_levels
from confluence_to_twig.errors import TransientError
from confluence_to_twig.planning.audience import Level, space_level
from sandbox.confluence import faults
from sandbox.confluence.sandbox import READER_USER, SCOPED_TOKEN, SYNC_EMAIL, SYNC_USER, SandboxConfluence
from tests.confluence.spaces import QUICK, forget_requests, numbered_space, requests_of, settings_of

USERS = "group-confluence-users"


def permission(kind: str, name: str, key: str = "read", target: str = "space") -> dict[str, object]:
    return {"id": "1", "principal": {"type": kind, "id": name}, "operation": {"key": key, "targetType": target}}


def test_the_readers_of_a_space_are_those_who_may_read_the_space_itself() -> None:
    rows = [permission("user", "ada"), permission("group", "g1"), permission("user", "bob", "create", "page")]
    assert readers_from_v2(rows) == Readers(frozenset({"ada"}), frozenset({"g1"}))


@pytest.mark.parametrize("name", ["all-licensed-users", "authenticated-users", "anonymous-users"])
def test_a_space_of_all_users_restricts_nobody(name: str) -> None:
    assert readers_from_v2([permission("group", "g1"), permission("ACCESS_CLASS", name)]) is UNRESTRICTED


def test_a_principal_that_is_not_known_is_not_everybody() -> None:
    rows = [permission("access-class", "all-product-admins"), permission("role", "7")]
    assert readers_from_v2(rows) == Readers(groups=frozenset({"access-class:all-product-admins", "role:7"}))


def test_a_space_that_names_nobody_tells_nothing() -> None:
    assert readers_from_v2([permission("user", "ada", "delete")]) is None


@pytest.fixture
def sandbox() -> Iterator[SandboxConfluence]:
    sandbox = SandboxConfluence(numbered_space(1, "OPEN"), numbered_space(1, "HR"))
    with sandbox.serve():
        yield sandbox


def levels(sandbox: SandboxConfluence, everyone: tuple[str, ...] = (), **names: str) -> dict[str, Level | None]:
    found, keys = read(sandbox, everyone, **names)
    return {keys[space_id]: level for space_id, level in found.of.items()}


def read(
    sandbox: SandboxConfluence, everyone: tuple[str, ...] = (), **settings: str
) -> tuple[SpaceLevels, dict[str, str]]:
    with ConfluenceClient(settings_of(sandbox, **settings), patience=QUICK) as client:
        spaces = [client.space("OPEN"), client.space("HR")]
        forget_requests(sandbox)
        found = read_space_levels(client, spaces, known_names={}, everyone=everyone)
    return found, {space.id: space.key for space in spaces}


def test_a_space_has_the_level_of_its_permissions_by_one_request(sandbox: SandboxConfluence) -> None:
    sandbox.hide_space("HR", [SYNC_EMAIL, READER_USER.email], ["people-team"])
    found, keys = read(sandbox)
    asked = [request.path for request in requests_of(sandbox) if "permissions" in request.path]
    assert {keys[space_id]: level for space_id, level in found.of.items()} == {
        "OPEN": Level.of(groups=[USERS]),
        "HR": Level.of([SYNC_USER.account_id, READER_USER.account_id], ["group-people-team"]),
    }
    assert found.names == {USERS: "confluence-users", "group-people-team": "people-team"}
    assert (len(asked), found.warnings) == (2, [])


@pytest.mark.parametrize("everyone", ["Confluence-Users", USERS])
def test_a_group_in_which_everybody_is_adds_no_level(sandbox: SandboxConfluence, everyone: str) -> None:
    assert levels(sandbox, (everyone,)) == {"OPEN": None, "HR": None}


def test_a_space_open_to_all_licensed_users_adds_no_level(sandbox: SandboxConfluence) -> None:
    sandbox.site.access_classes = True
    assert levels(sandbox) == {"OPEN": None, "HR": None}


def test_a_space_whose_permissions_cannot_be_read_has_a_level_of_its_own(sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Refuse(404), "/permissions", times=None)
    found, _ = read(sandbox)
    assert set(found.of.values()) == {space_level("OPEN"), space_level("HR")}
    assert "Who may read space OPEN is not known" in found.warnings[0]


def test_a_group_without_a_name_is_called_by_its_id(sandbox: SandboxConfluence) -> None:
    sandbox.set_scopes(SCOPED_TOKEN, ["read:space:confluence", "read:content-details:confluence"])
    found, _ = read(sandbox, token=SCOPED_TOKEN)
    assert (found.names, set(found.of.values())) == ({}, {Level.of(groups=[USERS])})


def test_a_confluence_that_does_not_answer_moves_no_page_to_another_audience(sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Refuse(503), "/permissions", times=None)
    found, keys = read(sandbox)
    assert found.of == {}
    assert {space.id for space in found.failed} == keys.keys()
    assert all(isinstance(error, TransientError) for error in found.failed.values())


@pytest.mark.parametrize(
    ("of", "apart"),
    [
        ({"1": None, "2": None}, set()),
        ({"1": Level.of(groups=["staff"]), "2": Level.of(groups=["staff"])}, set()),
        ({"1": Level.of(groups=["staff"]), "2": Level.of(groups=["staff"]), "3": Level.of(groups=["hr"])}, {"3"}),
        ({"1": None, "2": Level.of(groups=["staff"]), "3": Level.of(groups=["staff"])}, {"2", "3"}),
    ],
)
def test_spaces_apart_have_other_readers_than_the_rest(of: dict[str, Level | None], apart: set[str]) -> None:
    assert SpaceLevels(of).apart == apart
