from __future__ import annotations

import pytest

from sandbox.confluence import SandboxConfluence
from sandbox.seed import SeedPage, SeedSpace


def space(*pages: SeedPage, key: str = "DOCS") -> SeedSpace:
    return SeedSpace(key, "Docs", "", pages)


@pytest.mark.parametrize(
    ("seed", "reason"),
    [
        (space(SeedPage("a", "A", ""), SeedPage("a", "B", "")), "two pages of space DOCS have the ref 'a'"),
        (space(SeedPage("a", "A", "", parent="b"), SeedPage("b", "B", "")), "comes before its parent 'b'"),
        (space(SeedPage("a", "A", "", page_id="9"), SeedPage("b", "B", "", page_id="9")), "two pages have the id 9"),
    ],
)
def test_a_seed_that_does_not_hang_together_is_refused(seed: SeedSpace, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        SandboxConfluence(seed)


def test_a_key_is_taken_once_as_key_or_alias() -> None:
    site = SandboxConfluence(space())
    site.rename_space_key("DOCS", "HANDBOOK")
    for key in ("DOCS", "HANDBOOK"):
        with pytest.raises(ValueError, match=f"already has a space {key}"):
            site.add_space(space(key=key))


def test_ids_of_seeds_are_kept_and_never_given_to_others() -> None:
    site = SandboxConfluence(space(SeedPage("a", "A", "", labels=("x",)), SeedPage("b", "B", "", page_id="90000")))
    assert site.id_of("b") == "90000"
    assert int(site.new_page("DOCS", "C", "")) > 90_000


def test_pages_without_a_parent_lie_below_the_home_page() -> None:
    site = SandboxConfluence(space(SeedPage("home", "Home", ""), SeedPage("a", "A", "")))
    assert str(site.find("a").parent_id) == site.id_of("home")
    assert site.find("home").parent_id is None


def test_characters_that_utf8_cannot_hold_are_replaced() -> None:
    site = SandboxConfluence(space(SeedPage("a", "A", "<p>\ud800</p>")))
    assert site.find("a").storage.text() == "<p>?</p>"
