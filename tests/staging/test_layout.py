from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.staging.layout import (
    ROOT_VARIABLE,
    SourceStaging,
    close_to_others,
    folder_name,
    group_may_use,
    root_at,
    staging_root,
)


def test_the_variable_moves_staging_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, "memory://bucket/prefix")
    assert str(staging_root()).startswith("memory://")
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    assert staging_root() == ObjectStoragePath(f"file://{tmp_path}")


def test_airflows_configuration_moves_staging_unless_the_variable_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CONFLUENCE_TO_TWIG__STAGING", "/srv/configured")
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    assert staging_root() == ObjectStoragePath("file:///srv/configured")
    monkeypatch.setenv(ROOT_VARIABLE, "/srv/variable")
    assert staging_root() == ObjectStoragePath("file:///srv/variable")


def test_without_the_variable_staging_lies_below_airflow_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", "/srv/airflow")
    assert staging_root() == ObjectStoragePath("file:///srv/airflow/staging")


def test_files_of_a_run_lie_where_the_design_says(tmp_path: Path) -> None:
    staging = SourceStaging(ObjectStoragePath(f"file://{tmp_path}"), "docs")
    run = staging.run("scheduled__2026-11-22T02:00:00+00:00")
    assert str(staging.manifest).endswith("docs/manifest.parquet")
    assert str(run.pages(3)).endswith("docs/runs/scheduled__2026-11-22T02_00_00_00_00/pages/shard-0003.parquet")
    assert str(run.quarantine("transform", 0)).endswith("quarantine/transform-0000.parquet")


@given(st.text(min_size=1))
def test_a_run_id_is_always_one_safe_path_segment(run_id: str) -> None:
    name = folder_name(run_id)
    assert len(name) == len(run_id)
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


@pytest.mark.parametrize(("group", "mode"), [(False, 0o700), (True, 0o2770)])
def test_the_folder_of_a_source_is_for_its_owner_or_its_group(tmp_path: Path, group: bool, mode: int) -> None:
    open_to_all = tmp_path / "docs"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    for name in ("docs", "new/one"):
        close_to_others(root_at(str(tmp_path / name)), group=group)
        assert (tmp_path / name).stat().st_mode & 0o7777 == mode


def test_a_folder_that_cannot_be_closed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    (tmp_path / "docs").mkdir(mode=0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    with caplog.at_level("WARNING"):
        close_to_others(root_at(str(tmp_path / "docs")), group=False)
    assert "docs stays open to others" in caplog.text


@pytest.mark.parametrize(("said", "opened"), [("", False), ("0", False), ("no", False), ("true", True), ("1", True)])
def test_a_setting_opens_staging_to_the_group(monkeypatch: pytest.MonkeyPatch, said: str, opened: bool) -> None:
    monkeypatch.setenv("CONFLUENCE_TWIG_STAGING_GROUP", said)
    assert group_may_use() is opened
