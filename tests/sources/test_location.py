"""A path, an object store or a Variable; a store that does not answer takes no source away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
import yaml
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from confluence_to_twig.sources import location
from confluence_to_twig.sources.source import SOURCES_VARIABLE, load_sources

URL = "store://bucket/sources.yaml"


class Store(MemoryFileSystem):
    """An object store in memory that can refuse and hang."""

    protocol = ("store",)
    cachable = False
    store: dict[str, Any] = {}  # noqa: RUF012 - as in its base class
    failure: Exception | None = None
    hangs: threading.Event | None = None

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if Store.hangs:
            Store.hangs.wait(60)
        if Store.failure:
            raise Store.failure
        return super()._open(path, mode, **options)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    Store.failure = Store.hangs = None
    Store.store.clear()
    served = Store()
    fsspec.register_implementation("store", Store, clobber=True)
    attach("store", fs=served)
    yield served
    if Store.hangs:
        Store.hangs.set()


def write(store: Store, *names: str) -> None:
    entries = [{"name": name, "space_key": "PROD"} for name in names]
    store.pipe(URL, yaml.safe_dump({"sources": entries}).encode())


def names(given: str | None = URL) -> list[str]:
    return [source.name for source in load_sources(given).sources]


def test_without_a_setting_the_file_is_below_airflow_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SOURCES_VARIABLE)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    (problem,) = load_sources().problems
    assert problem.startswith(f"{tmp_path / 'include' / 'sources.yaml'}: there is no such file; create it, or set")
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "sources.yaml").write_text("sources: [{name: docs, space_key: PROD}]")
    assert names(None) == ["docs"]


def test_airflows_configuration_names_the_place_unless_the_environment_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("configured", "environment"):
        (tmp_path / name).write_text(f"sources: [{{name: {name}, space_key: PROD}}]")
    monkeypatch.delenv(SOURCES_VARIABLE)
    monkeypatch.setenv("AIRFLOW__CONFLUENCE_TO_TWIG__SOURCES", str(tmp_path / "configured"))
    assert names(None) == ["configured"]
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "environment"))
    assert names(None) == ["environment"]


def test_a_folder_or_a_file_nobody_may_read_is_one_clear_line(tmp_path: Path) -> None:
    (problem,) = load_sources(tmp_path).problems
    assert f"{tmp_path}: cannot be read" in problem


def test_a_variable_holds_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_SPACES", '{"sources": [{"name": "docs", "space_key": "PROD"}]}')
    assert names("variable://spaces") == ["docs"]


def test_a_variable_that_is_not_there_is_one_clear_line() -> None:
    file = load_sources("variable://nowhere")
    assert file.problems == ("variable://nowhere: there is no such Variable; create it under Admin → Variables",)


def test_a_variable_that_is_gone_leaves_the_sources_of_the_last_good_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_SPACES", '{"sources": [{"name": "docs", "space_key": "PROD"}]}')
    load_sources("variable://spaces")
    monkeypatch.delenv("AIRFLOW_VAR_SPACES")
    file = load_sources("variable://spaces")
    assert [source.name for source in file.sources] == ["docs"]
    assert "there is no such Variable" in file.problems[0]


def test_an_object_store_holds_the_sources(store: Store) -> None:
    write(store, "docs")
    assert names() == ["docs"]
    write(store, "docs", "more")
    assert names() == ["docs", "more"]


def test_a_store_that_refuses_leaves_the_sources_of_the_last_good_read_and_says_why(store: Store) -> None:
    write(store, "docs")
    load_sources(URL)
    Store.failure = PermissionError("the key is revoked")
    file = load_sources(URL)
    assert [source.name for source in file.sources] == ["docs"]
    (problem,) = file.problems
    assert problem.startswith(
        f"{URL}: cannot be read: PermissionError: the key is revoked; the sources are those of the"
    )


def test_a_store_that_does_not_answer_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write(store, "docs")
    load_sources(URL)
    monkeypatch.setattr(location, "PATIENCE_SECONDS", 0.2)
    Store.hangs = threading.Event()
    file = load_sources(URL)
    assert [source.name for source in file.sources] == ["docs"]
    assert "no answer within" in file.problems[0]


def test_the_time_for_an_answer_begins_once_the_client_is_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that takes seconds to import must not cost the first read of a new installation."""
    write(store, "docs")
    monkeypatch.setattr(location, "PATIENCE_SECONDS", 0.2)

    fs_of, seconds = ObjectStoragePath.fs.fget, iter([0.5])

    def imported(path: ObjectStoragePath) -> Any:
        time.sleep(next(seconds, 0))
        return fs_of(path)

    monkeypatch.setattr(ObjectStoragePath, "fs", property(imported))
    assert names() == ["docs"]


def test_a_store_without_an_earlier_good_read_is_one_clear_line(store: Store) -> None:
    file = load_sources(URL)
    assert file.sources == ()
    assert file.problems == (f"{URL}: there is no such object; create it, or set {SOURCES_VARIABLE} to another place",)


@pytest.mark.parametrize("text", [b"<html>Sign in</html>", b"", b"sources: 7", b"\xff\xfe"])
def test_an_answer_that_is_no_list_of_sources_does_not_replace_the_last_good_read(store: Store, text: bytes) -> None:
    write(store, "docs")
    load_sources(URL)
    store.pipe(URL, text)
    for _ in range(2):
        file = load_sources(URL)
        assert [source.name for source in file.sources] == ["docs"]
        assert file.problems


def test_a_home_that_can_not_be_written_to_only_means_no_copy(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "file"))
    write(store, "docs")
    assert names() == ["docs"]


def test_a_password_in_a_url_is_not_shown(store: Store) -> None:
    file = load_sources("nowhere://me:hunter22@host/sources.yaml")
    assert "hunter22" not in " ".join(file.problems)
    assert "hunter22" not in file.location


def test_a_scheme_that_nothing_installed_reads_names_the_package() -> None:
    (problem,) = load_sources("nowhere://bucket/sources.yaml").problems
    assert "a package is missing" in problem
    assert "confluence-to-twig[s3]" in problem
