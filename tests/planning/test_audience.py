from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.planning.audience import (
    EVERYBODY,
    Audience,
    Level,
    described,
    label_of,
    routed,
    space_level,
)
from tests.proofs import examples

WRITERS, LEGAL = Level.of(groups=["g-writers"]), Level.of(groups=["g-legal"])
NAMES = {"g-writers": "writers", "g-legal": "legal", "ada": "Ada Byron"}

PEOPLE, GROUPS = ("ada", "bob", "cy"), ("g-writers", "g-legal")
levels = st.builds(Level.of, st.lists(st.sampled_from(PEOPLE), max_size=3), st.lists(st.sampled_from(GROUPS)))
memberships = st.fixed_dictionaries({person: st.sets(st.sampled_from(GROUPS)) for person in PEOPLE})


def readers(these: list[Level] | tuple[Level, ...], members: dict[str, set[str]]) -> set[str]:
    """Who passes all of them: what Confluence would say."""
    return {
        person
        for person in PEOPLE
        if all(person in level.users or members[person] & set(level.groups) for level in these)
    }


@examples(80, 10_000)
@given(st.lists(levels, max_size=4), memberships)
def test_an_audience_has_the_readers_of_its_levels(these: list[Level], members: dict[str, set[str]]) -> None:
    assert readers(Audience.of(these).levels, members) == readers(these, members)


@examples(80, 10_000)
@given(st.lists(levels, max_size=4), st.randoms())
def test_order_and_repeats_of_levels_make_no_other_audience(these: list[Level], random: Random) -> None:
    shuffled = [*these, *these]
    random.shuffle(shuffled)
    assert Audience.of(shuffled) == Audience.of(these)
    assert Audience.from_rows(Audience.of(these).to_rows()) == Audience.of(these)


@examples(80, 10_000)
@given(st.lists(levels, max_size=3), st.lists(levels, max_size=3), memberships)
def test_people_who_are_within_another_audience_may_read_what_that_may(
    these: list[Level], others: list[Level], members: dict[str, set[str]]
) -> None:
    if Audience.of(these).is_within(Audience.of(others)):
        assert readers(these, members) <= readers(others, members)


def test_a_level_that_another_implies_makes_no_other_audience() -> None:
    space = Level.of(["ada"], ["g-writers", "g-legal"])
    assert Audience.of([space, WRITERS]) == Audience.of([WRITERS])
    assert Audience.of([space, Level.of(["bob"], ["g-writers"])]).levels != Audience.of([space]).levels


def test_an_audience_is_named_by_its_group_or_by_digits() -> None:
    two = Audience.of([WRITERS, LEGAL])
    mixed = Audience.of([Level.of(["ada"], ["g-writers"])])
    assert label_of(Audience(), NAMES, ()) == ""
    assert label_of(Audience.of([WRITERS]), NAMES, ()) == "writers"
    assert label_of(Audience.of([WRITERS]), {}, ()) == "g-writers"
    assert label_of(two, NAMES, ()) == two.key[:8]
    assert label_of(mixed, NAMES, ()) == mixed.key[:8]
    assert Audience().key == EVERYBODY
    assert len({two.key, mixed.key, Audience.of([WRITERS]).key}) == 3


def test_two_audiences_never_have_the_same_name() -> None:
    writers = Audience.of([WRITERS])
    assert label_of(writers, NAMES, {"writers"}) == f"writers {writers.key[:8]}"
    two = Audience.of([WRITERS, LEGAL])
    assert label_of(two, NAMES, {two.key[:8]}) == two.key


def test_a_list_for_people_names_each_level() -> None:
    audience = Audience.of([LEGAL, Level.of(["ada"], ["g-writers"]), space_level("HR")])
    assert described(audience, NAMES) == [
        "group legal",
        "the readers of space HR, whom nobody tells",
        "group writers or Ada Byron",
    ]
    assert described(Audience(), {}) == ["everybody who may use Confluence"]
    assert described(Audience.of([Level()]), {}) == ["nobody"]


def test_an_audience_that_holds_pages_keeps_its_data_source() -> None:
    wanted = {EVERYBODY: 9, "a": 1, "b": 5, "c": 5, "d": 7}
    assert routed(wanted, {"a", "old"}, 4) == {EVERYBODY, "a", "old", "d", "b"}
    assert routed(wanted, {"a", "old"}, 1) == {EVERYBODY, "a", "old"}
    assert routed({}, (), 20) == {EVERYBODY}
    assert routed(wanted, (), 0) == {EVERYBODY}
