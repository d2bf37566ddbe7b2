from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.confluence import SYNC_TOKEN, SandboxConfluence, serve
from sandbox.confluence.state import FILE_NAME, StateError


def everything(site: SandboxConfluence) -> dict[str, Any]:
    store = site.store
    kept = ("users", "tokens", "spaces", "contents", "attachments", "comments", "labels")
    return {name: dict(getattr(store, name)) for name in kept}


def test_everything_survives_a_restart(tmp_path: Path, make_space: Any) -> None:
    site = SandboxConfluence(make_space("DOCS"), state=tmp_path)
    site.edit("step", storage="<p>Größe ☂ " + "long " * 500 + "</p>", title="Changed")
    site.move("inside", "guide")
    site.trash("old")
    site.restrict("below", groups=["editors"])
    site.label("step", "kept")
    site.attach("home", "x.bin", bytes(range(256)), "application/octet-stream")
    site.comment("home", "<p>Hi</p>", anchor="Welcome")
    site.rename_space_key("DOCS", "HANDBOOK")
    site.revoke_token(SYNC_TOKEN)
    again = SandboxConfluence(state=tmp_path)
    assert everything(again) == everything(site)
    assert again.find("step").history[0].title == "First step"


def test_the_indexes_are_rebuilt(tmp_path: Path, make_space: Any, client_of: Any) -> None:
    with serve(make_space("DOCS"), state=tmp_path) as site:
        before = client_of(site).json("/api/v2/pages", limit=250, sort="title", body_format="storage")["results"]
        labels = client_of(site).results("/api/v2/labels")
    with serve(state=tmp_path) as site:
        client = client_of(site)
        assert client.json("/api/v2/pages", limit=250, sort="title", body_format="storage")["results"] == before
        assert client.results("/api/v2/labels") == labels
        assert client.titles(f"/api/v2/labels/{labels[0]['id']}/pages") == ["Guide & more", "Secret"]


def test_an_id_is_not_given_again_after_a_restart(tmp_path: Path, make_space: Any) -> None:
    site = SandboxConfluence(make_space("DOCS"), state=tmp_path)
    last = site.new_page("DOCS", "Last", "")
    site.purge(last)
    assert int(SandboxConfluence(state=tmp_path).new_page("DOCS", "Next", "")) > int(last)


def test_a_space_that_could_not_be_loaded_leaves_nothing_behind(tmp_path: Path, make_space: Any) -> None:
    site = SandboxConfluence(make_space("DOCS"), state=tmp_path)
    broken = make_space("TWO")
    with pytest.raises(ValueError, match="two pages"):
        site.add_space(type(broken)("TWO", "Two", "", (*broken.pages, broken.pages[0])))
    assert list(SandboxConfluence(state=tmp_path).store.spaces.values()) == [site.space("DOCS")]


def test_a_killed_process_loses_no_change(tmp_path: Path) -> None:
    script = (
        "import os, pathlib\n"
        "from sandbox.confluence import SandboxConfluence\n"
        "from sandbox.seed import SeedPage, SeedSpace\n"
        f"site = SandboxConfluence(SeedSpace('A', 'A', '', (SeedPage('h', 'H', ''),)), state=pathlib.Path({str(tmp_path)!r}))\n"
        "site.rename('h', 'Renamed')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == -9
    assert SandboxConfluence(state=tmp_path).find("h").title == "Renamed"


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("no database " * 100)
    with pytest.raises(StateError, match="no sandbox state"):
        SandboxConfluence(state=tmp_path)


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(StateError, match="another version"):
        SandboxConfluence(state=tmp_path)
