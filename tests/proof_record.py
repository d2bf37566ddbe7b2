"""The table in docs/proofs.md: one row for each proof, written by its last full-size run."""

from __future__ import annotations

import subprocess
from dataclasses import astuple, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "proofs.md"
HEAD = """\
# Proofs

`make proofs` runs the property, kill and fuzz tests at full size. Each run writes its rows here. A row stands for the last full-size run of
one test. `make proofs SEED=<seed>` on the same commit repeats it. A commit that ends in `+` had changes that were not committed;
one that was rebased since is named as it stands now.

| test | what was tried | result | minutes | seed | commit | date |
| --- | --- | --- | --: | --: | --- | --- |
"""


@dataclass(frozen=True)
class Proof:
    """One row: ``test`` is the path and name of the test, ``tried`` says how much was tried."""

    test: str
    tried: str
    result: str
    minutes: str
    seed: str
    commit: str
    date: str

    def line(self) -> str:
        return "| " + " | ".join(cell.replace("|", "/") for cell in astuple(self)) + " |\n"


def read(text: str) -> list[Proof]:
    """The rows of the page."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| tests/")]
    return [Proof(*row) for row in rows]


def render(rows: list[Proof]) -> str:
    return HEAD + "".join(row.line() for row in sorted(rows, key=lambda row: row.test))


def merge(old: list[Proof], new: list[Proof], root: Path = ROOT) -> list[Proof]:
    """New rows replace those of the same test. Rows of test files that are gone are left out."""
    rows = {row.test: row for row in (*old, *new)}
    return [row for row in rows.values() if (root / row.test.split("::")[0]).is_file()]


def commit() -> str:
    """The short id of the commit that is checked out, with a ``+`` when tracked files differ from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/proofs.md")
    return (git("rev-parse", "--short", "HEAD") or "no checkout") + ("+" if changed else "")


def write(new: list[Proof]) -> None:
    """Put the rows of a run into docs/proofs.md."""
    old = read(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else []
    PAGE.write_text(render(merge(old, new)), encoding="utf-8")
