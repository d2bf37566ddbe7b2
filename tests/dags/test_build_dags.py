"""DAGs from a two-line file in somebody's own dags folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from confluence_to_twig import build_dags, raise_problems
from confluence_to_twig.sources.source import SOURCES_VARIABLE, SourcesError
from tests.dags.conftest import ROOT

TWO_LINES = "from confluence_to_twig import build_dags  # for Airflow\n\n{call}\n"
GOOD = {"name": "good", "space_key": "A"}


def bag(folder: Path) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(folder), bundle_path=folder, bundle_name="dags-folder")


def write(path: Path, *entries: Any) -> Path:
    path.write_text(yaml.safe_dump({"sources": list(entries)}), encoding="utf-8")
    return path


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    folder = tmp_path / "dags"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("call", ["build_dags({place!r})", "ours = build_dags(sources={place!r})"])
def test_two_lines_give_a_dag_for_each_source_of_a_file(dags: Path, tmp_path: Path, call: str) -> None:
    place = str(write(tmp_path / "mine.yaml", GOOD, {"name": "more", "space_key": "B"}))
    (dags / "spaces.py").write_text(TWO_LINES.format(call=call.format(place=place)))
    found = bag(dags)
    assert found.import_errors == {}
    assert set(found.dags) == {"confluence_to_twig__good", "confluence_to_twig__more"}
    assert {Path(dag.fileloc) for dag in found.dags.values()} == {dags / "spaces.py"}


def test_sources_can_be_written_into_the_file(dags: Path) -> None:
    call = "build_dags(sources=[{'name': 'here', 'space_key': 'A'}])"
    (dags / "spaces.py").write_text(TWO_LINES.format(call=call))
    assert set(bag(dags).dags) == {"confluence_to_twig__here"}


def test_a_variable_gives_them_too(dags: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOURCES_VARIABLE, "variable://spaces")
    monkeypatch.setenv("AIRFLOW_VAR_SPACES", yaml.safe_dump({"sources": [GOOD]}))
    (dags / "spaces.py").write_text(TWO_LINES.format(call="build_dags()"))
    assert set(bag(dags).dags) == {"confluence_to_twig__good"}


def test_mistakes_are_an_import_error_of_the_second_file_only(dags: Path, tmp_path: Path) -> None:
    place = str(write(tmp_path / "mine.yaml", GOOD, {"name": "bad", "space_key": "B", "tags": ["x" * 101]}))
    (dags / "spaces.py").write_text(TWO_LINES.format(call=f"build_dags({place!r})"))
    (dags / "problems.py").write_text(
        f"from confluence_to_twig import raise_problems  # for Airflow: no dag\n\nraise_problems({place!r})\n"
    )
    found = bag(dags)
    assert set(found.dags) == {"confluence_to_twig__good"}
    ((file, error),) = found.import_errors.items()
    assert file == "problems.py"
    assert "source 'bad', field 'tags.0'" in error


def test_nothing_at_all_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SOURCES_VARIABLE)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert build_dags() == []
    with pytest.raises(SourcesError, match=r"there is no such file; create it, or set CONFLUENCE_TWIG_SOURCES") as told:
        raise_problems()
    assert len(str(told.value).splitlines()) == 1


def test_a_dag_that_airflow_refuses_takes_no_other_away(monkeypatch: pytest.MonkeyPatch) -> None:
    from confluence_to_twig import dag

    build = dag.build

    def refuse(source: Any) -> Any:
        if source.name == "bad":
            raise RecursionError("maximum recursion depth exceeded")
        return build(source)

    monkeypatch.setattr(dag, "build", refuse)
    sources = [{"name": "bad", "space_key": "B"}, GOOD]
    assert [built.dag_id for built in build_dags(sources)] == ["confluence_to_twig__good"]
    with pytest.raises(SourcesError, match=r"source 'bad': Airflow refuses it as a DAG: maximum recursion"):
        raise_problems(sources)


def test_a_task_builds_only_its_own_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "confluence_to_twig__good")
    assert [built.dag_id for built in build_dags([{"name": "more", "space_key": "B"}, GOOD])] == [
        "confluence_to_twig__good"
    ]


@pytest.mark.parametrize("sources", [5, {"sources": []}, [None], [[]], [object()], "\0", ""])
def test_what_can_not_be_sources_raises_nothing(sources: Any) -> None:
    assert build_dags(sources) == []
    with pytest.raises(SourcesError):
        raise_problems(sources)


def test_the_files_in_the_documentation_are_dag_files(dags: Path) -> None:
    page = (ROOT / "docs" / "existing-airflow.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for number, block in enumerate(blocks):
        (dags / f"block_{number}.py").write_text(block, encoding="utf-8")
    found = bag(dags)
    assert found.import_errors == {}
    assert set(found.dags) == {"confluence_to_twig__product-docs", "handbook"}
    assert "confluence_to_twig.verify" in found.dags["handbook"].task_ids
