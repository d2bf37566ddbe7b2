"""Wrong inputs: each is one clear line, before anything starts, and exit status 2."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from confluence_to_twig.cli.main import main
from confluence_to_twig.sources.source import SOURCES_VARIABLE

TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
GOOD = """
sources:
  - {name: docs, space_key: PROD, start_date: 2026-01-01}
  - {name: by-hand, space_key: PROD, schedule: manual}
  - {name: as-files, space_key: PROD, delivery: files, files_path: /tmp/files}
"""
CONFLUENCE = {"conn_type": "confluence", "host": "https://x.atlassian.net", "login": "a@b.example", "password": "token"}
TWIG = {"conn_type": "twig", "host": "https://twig.example", "password": "twigsk_test"}


@dataclass(frozen=True)
class Mistake:
    """A command line, what it meets, and what the line has to name.

    :param confluence: the fields of ``confluence_default``; None leaves the connection out.
    """

    command: str
    named: tuple[str, ...]
    text: str | bytes | None = GOOD
    confluence: dict[str, str] | None = field(default_factory=lambda: CONFLUENCE)
    twig: dict[str, str] | None = field(default_factory=lambda: TWIG)


MISTAKES = {
    "no such command": Mistake("resync docs", ("resync", "--help")),
    "no such option": Mistake("sync --sicne 2026-01-01", ("--sicne",)),
    "a name that is missing": Mistake("rebuild-manifest", ("SOURCE",)),
    "an option without its value": Mistake("sync --since", ("--since",)),
    "since is a word": Mistake("sync docs --since yesterday", ("--since", "'yesterday'", "2026-11-01")),
    "since has a month 13": Mistake("sync docs --since 2026-13-01", ("--since", "2026-13-01")),
    "since lies ahead": Mistake(f"sync docs --since {TOMORROW}", ("--since", "future")),
    "full and since": Mistake("sync docs --full --since 2026-01-01", ("--full", "--since")),
    "the report's folder is missing": Mistake("sync docs --report none/out.json", ("--report", "none")),
    "the report is a folder": Mistake("sync docs --report .", ("--report", "folder")),
    "the report is an empty word": Mistake("sync docs --report=", ("--report", "empty")),
    "the sources file is an empty word": Mistake("sync docs --sources=", ("--sources", "empty")),
    "sync of an unknown source": Mistake("sync dosc", ("'dosc'", "Known: docs")),
    "check of an unknown source": Mistake("check dosc", ("'dosc'", "Known: docs")),
    "backfill of an unknown source": Mistake("backfill dosc --from 2026-01-01 --to 2026-01-02", ("'dosc'",)),
    "start over with an unknown source": Mistake("start-over dosc --yes", ("'dosc'",)),
    "no sources file": Mistake("sync", ("sources.yaml", "no such file"), text=None),
    "broken YAML": Mistake("sync", ("sources.yaml", "not valid YAML"), text="sources: [}"),
    "no text at all": Mistake("check", ("sources.yaml", "not valid YAML"), text=b"\xff\xfe\x00"),
    "no sources key": Mistake("sync", ("sources.yaml", "sources:"), text="source: []"),
    "no sources": Mistake("sync", ("sources.yaml", "empty"), text="sources: []"),
    "an entry without a space": Mistake("sync", ("space_key",), text="sources: [{name: docs}]"),
    "a field that does not exist": Mistake("sync", ("spacekey",), text="sources: [{name: d, space_key: A, spacekey: A}]"),
    "a schedule that is none": Mistake("sync", ("schedule",), text="sources: [{name: d, space_key: A, schedule: soon}]"),
    "the source that is named is broken": Mistake("sync d", ("'d'", "space_key"), text="sources: [{name: d}]"),
    "no Confluence connection": Mistake(
        "sync docs", ("no connection confluence_default", "AIRFLOW_CONN_CONFLUENCE_DEFAULT"), confluence=None
    ),
    "no Twig connection": Mistake("sync docs", ("no connection twig_default", "AIRFLOW_CONN_TWIG_DEFAULT"), twig=None),
    "rebuild without a Twig connection": Mistake("rebuild-manifest docs", ("no connection twig_default",), twig=None),
    "an empty API token": Mistake("sync docs", ("confluence_default", "token"), confluence=CONFLUENCE | {"password": ""}),
    "half a domain": Mistake("sync docs", ("confluence_default", "x.atlassian.net"), confluence=CONFLUENCE | {"host": "x"}),
    "a Twig key in clear text": Mistake("sync docs", ("twig_default", "https://"), twig=TWIG | {"host": "http://t.example"}),
    "from is no date": Mistake("backfill docs --from january --to 2026-01-02", ("--from", "'january'")),
    "no to": Mistake("backfill docs --from 2026-01-01", ("--to",)),
    "from is after to": Mistake("backfill docs --from 2026-02-01 --to 2026-01-01", ("--from", "after --to")),
    "a backfill of the future": Mistake(f"backfill docs --from {TOMORROW} --to {TOMORROW}", ("--from", "future")),
    "a backfill before the start": Mistake("backfill docs --from 2025-01-01 --to 2025-01-02", ("start_date",)),
    "a backfill without a schedule": Mistake("backfill by-hand --from 2026-01-01 --to 2026-01-02", ("schedule",)),
    "doctor for an unknown source": Mistake("doctor dosc", ("'dosc'", "Known: docs")),
    "doctor with an unknown option": Mistake("doctor docs --yaml", ("--yaml",)),
    "doctor without a sources file": Mistake("doctor", ("sources.yaml", "no such file"), text=None),
    "doctor without a Confluence connection": Mistake("doctor docs --json", ("no connection confluence_default",), confluence=None),
    "doctor without a Twig connection": Mistake("doctor docs", ("no connection twig_default",), twig=None),
    "doctor with an empty API token": Mistake("doctor docs", ("confluence_default", "token"), confluence=CONFLUENCE | {"password": ""}),
    "doctor with a Twig key in clear text": Mistake("doctor docs", ("twig_default", "https://"), twig=TWIG | {"host": "http://t.example"}),
    "a manifest of delivered files": Mistake("rebuild-manifest as-files", ("as-files", "delivers files")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_clear_line_and_exit_status_2(
    mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "sources.yaml"))
    for name, fields in {"CONFLUENCE": mistake.confluence, "TWIG": mistake.twig}.items():
        if fields is not None:
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}_DEFAULT", json.dumps(fields))
    if mistake.text is not None:
        text = mistake.text if isinstance(mistake.text, bytes) else mistake.text.encode()
        (tmp_path / "sources.yaml").write_bytes(text)

    status = main(mistake.command.split())

    out, err = capfd.readouterr()
    assert status == 2, err
    assert err.count("\n") == 1
    assert err.startswith("error: ")
    assert all(named in err for named in mistake.named), err
    assert out == ""


def test_an_airflow_home_that_is_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sources.yaml").write_text(GOOD, encoding="utf-8")
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "sources.yaml"))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "sources.yaml"))
    assert main(["check"]) == 2
    assert "AIRFLOW_HOME" in capfd.readouterr().err


def test_ctrl_c_is_told_and_130(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("confluence_to_twig.cli.check.check", interrupt)
    assert main(["check"]) == 130
    assert capfd.readouterr().err == "error: stopped\n"


def test_every_mistake_in_the_file_has_a_line_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "sources.yaml"))
    (tmp_path / "sources.yaml").write_text("sources: [{name: one}, {name: two, space_key: A B}]", encoding="utf-8")
    assert main(["sync"]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert ["source 'one', field 'space_key'" in lines[0], "source 'two', field 'space_key'" in lines[1]] == [
        True,
        True,
    ]
