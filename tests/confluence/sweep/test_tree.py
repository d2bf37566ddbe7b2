"""The page tree is rebuilt from parents alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.api.content import Container
from confluence_to_twig.confluence.sweep.tree import Path, paths_below, unknown_parents


def node(node_id: str, parent: str | None) -> Container:
    return Container(node_id, "page", f"Title {node_id}", parent, "page" if parent else None)


def tree(**parents: str | None) -> dict[str, Container]:
    return {node_id: node(node_id, parent) for node_id, parent in parents.items()}


def paths(nodes: dict[str, Container]) -> dict[str, Path]:
    below = paths_below(nodes)
    return {node_id: below[found.parent_id] for node_id, found in nodes.items()}


def test_a_path_leads_from_the_root_down_without_the_node_itself() -> None:
    found = paths(tree(c="b", a=None, b="a"))
    assert found == {
        "a": Path(),
        "b": Path(("a",), ("Title a",)),
        "c": Path(("a", "b"), ("Title a", "Title b")),
    }


def test_a_parent_that_nobody_knows_breaks_the_path_of_all_below() -> None:
    found = paths(tree(b="a", c="b"))
    assert found["b"] == Path(broken_at="a")
    assert found["c"] == Path(("b",), ("Title b",), broken_at="a")


def test_a_circle_is_broken_and_not_walked_for_ever() -> None:
    found = paths(tree(a="c", b="a", c="b", d="a"))
    assert all(path.broken_at for path in found.values())


def test_names_the_parents_that_are_not_known() -> None:
    nodes = tree(a=None, b="a", c="x", d="y")
    assert unknown_parents(nodes.values(), nodes) == {"x", "y"}


def test_a_tree_deeper_than_any_recursion_is_no_problem() -> None:
    depth = 5_000
    nodes = {str(number): node(str(number), str(number - 1) if number else None) for number in range(depth)}
    assert len(paths(dict(reversed(nodes.items())))[str(depth - 1)].ids) == depth - 1


@given(st.dictionaries(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 40)), max_size=30))
def test_agrees_with_walking_up_from_every_node(parents: dict[int, int | None]) -> None:
    nodes = {str(k): node(str(k), None if v is None else str(v)) for k, v in parents.items()}
    for node_id, path in paths(nodes).items():
        walked: list[str] = []
        current = nodes[node_id].parent_id
        while current in nodes and current not in walked and current != node_id:
            walked.append(current)
            current = nodes[current].parent_id
        if path.broken_at is None:
            assert current is None
            assert list(path.ids) == walked[::-1]
        else:
            assert current is not None
