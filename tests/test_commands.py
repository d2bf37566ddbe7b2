"""Every command of the documents is run by a test, or marked as not run; and what it names exists."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import requests
import typer

from confluence_to_twig.cli.main import app
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from sandbox.confluence import serve
from sandbox.confluence.__main__ import _parser
from sandbox.sample_space import load

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: A block of commands, with the marks above it.
BLOCK = re.compile(
    r"((?:^ *<!-- [^\n]+ -->\n)*)^( *)```(?:bash|sh|shell|console)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL
)
MARK = re.compile(r"<!-- (?:run by: (\S+)|not run: .{10,}) -->")


def blocks() -> list[tuple[str, str, str]]:
    """Page, marks and commands of each block."""
    return [
        (str(page.relative_to(ROOT)), marks, commands)
        for page in PAGES
        for marks, _, commands in BLOCK.findall(page.read_text(encoding="utf-8"))
    ]


def in_code() -> list[str]:
    """What the documents print as code: blocks, line by line, and words in sentences."""
    found = [line.split(" #")[0].strip() for _, _, commands in blocks() for line in commands.splitlines()]
    for page in PAGES:
        found += re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    return found


@pytest.mark.fast
def test_each_block_of_commands_says_who_runs_it() -> None:
    found = blocks()
    assert len(found) > 12
    assert [(page, commands) for page, marks, commands in found if not MARK.search(marks)] == []
    tests = {test for _, marks, _ in found for test in MARK.findall(marks) if test}
    assert [test for test in tests if "def test_" not in (ROOT / test).read_text(encoding="utf-8")] == []


@pytest.mark.fast
def test_every_make_target_that_is_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z][\w -]*?):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    known = {target for line in targets for target in line.split()}
    named = {
        word
        for text in in_code()
        if (word := (re.findall(r"^make ([a-z][\w-]*)$|^make ([a-z][\w-]*) ", text) or [("", "")])[0]) != ("", "")
    }
    assert len(named) > 10
    assert {one or other for one, other in named} - known == set()


@pytest.mark.fast
def test_every_subcommand_and_option_that_is_named_is_there() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = {name: {flag for option in one.params for flag in option.opts} for name, one in commands.items()}
    called = [text.split() for text in in_code() if re.match(r"confluence-to-twig [a-z]", text)]
    assert len(called) > 10
    wrong = [
        words
        for _, name, *arguments in called
        if name not in options
        or (words := {word.split("=")[0] for word in arguments if word.startswith("--")}) - options[name]
    ]
    assert wrong == []


@pytest.mark.fast
def test_the_connections_of_the_documents_can_be_read() -> None:
    exported = re.compile(r"^export AIRFLOW_CONN_(\w+)='(.*?)'$", re.MULTILINE | re.DOTALL)
    found = [(name, json.loads(value)) for _, _, commands in blocks() for name, value in exported.findall(commands)]
    assert {name for name, _ in found} == {"CONFLUENCE_DEFAULT", "SMTP_DEFAULT"}
    for name, told in found:
        assert told["conn_type"] == name.removesuffix("_DEFAULT").lower()
        if told["conn_type"] == "confluence":
            settings = ConfluenceSettings.from_fields(told["host"], told.get("login"), "a-token", told["extra"])
            assert settings.space_key == told["extra"]["space_key"]


@pytest.mark.fast
def test_the_sandbox_takes_the_options_of_the_documents() -> None:
    lines = [line.split("#")[0] for line in in_code() if line.startswith("python -m sandbox.confluence ")]
    assert len(lines) > 3
    for line in lines:
        if "--personalities" not in line:
            _parser().parse_args(shlex.split(line)[3:])


def test_the_change_of_the_first_five_minutes_is_one() -> None:
    (command,) = [commands for _, _, commands in blocks() if commands.startswith("curl")]
    words = shlex.split(command.replace("\\\n", " "))
    body: dict[str, Any] = json.loads(words[words.index("-d") + 1])
    with serve(load()) as site:
        path = next(word for word in words if word.startswith("http")).partition("8090")[2]
        answer = requests.post(f"{site.base_url}{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        page = requests.get(f"{site.base_url}/_sandbox/contents", params={"space": "PROD"}, timeout=60).json()
    (edited,) = [row for row in page if row["ref"] == body["page"]]
    assert edited["version"] == answer.json()["result"]
