"""Generated spaces for benchmarks: deterministic pages with realistic bodies, a tree four levels deep, and labels."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.seed import SeedPage, SeedSpace, SeedUser

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "GEN"
MEDIAN_BYTES = 6_000
LARGE_BYTES = 200_000
BLOCK_BYTES = 1_000  # what one block of text comes to, roughly
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
AUTHORS = tuple(
    SeedUser(f"712020:gen-{number}", name, f"{name.split()[0].lower()}@example.com")
    for number, name in enumerate(("Ada Novak", "Ben Okafor", "Chen Lin", "Dana Petrov"))
)
LABELS = ("api", "billing", "deploy", "guide", "howto", "internal", "network", "runbook", "security", "storage")
#: Pages of each level below the home page: 10 areas, 10 topics each, the rest spread below the topics.
AREAS = 10
TOPICS = 10

_WORDS = """
account adapter alert archive backup batch branch buffer cache certificate channel client cluster config
connector console container credential cursor customer dashboard database deployment device directory endpoint
engine error event export failover feature field filter firewall gateway handler header health import index
ingress instance interface invoice job journal key latency ledger limit listener load log manager mapping
message metric migration module monitor network node notification operator order owner package partition payload
permission pipeline plan policy pool port probe process profile project provider proxy queue quota record region
release replica report request resource response retry role rollback route rule runtime schedule schema scope
script secret sensor server service session shard signal snapshot socket source stage storage stream subnet
summary support switch system table target task tenant threshold token topic trace traffic trigger tunnel update
upload user validation value vault vendor version volume warning webhook window worker workflow workspace zone
""".split()  # noqa: SIM905
_VERBS = [
    "accepts",
    "checks",
    "copies",
    "creates",
    "deletes",
    "drops",
    "emits",
    "expects",
    "fetches",
    "keeps",
    "merges",
    "needs",
    "reads",
    "rejects",
    "returns",
]


def generated_space(
    pages: int,
    *,
    key: str = KEY,
    median_bytes: int = MEDIAN_BYTES,
    large_share: float = 0.004,
    seed: int = 1,
    folders: int = 0,
) -> SeedSpace:
    """A space of exactly that many pages, its home page included; the same arguments give the same space.

    :param median_bytes: the median size of a body.
    :param large_share: the share of pages of about 200 KB.
    :param folders: so many folders besides, every fourth in another one, each with a page in it.
    """
    made = tuple(generated_pages(pages, median_bytes=median_bytes, large_share=large_share, seed=seed))
    if folders:
        made = _in_folders(made, folders)
    return SeedSpace(key, "Generated documentation", "Pages for benchmarks", made, AUTHORS)


def generated_pages(
    pages: int, *, median_bytes: int = MEDIAN_BYTES, large_share: float = 0.004, seed: int = 1
) -> Iterator[SeedPage]:
    """The pages one by one, parents before children."""
    dice = random.Random(seed)  # noqa: S311 - must be the same every time
    writer = _Writer(dice)
    for number in range(pages):
        size = _size(dice, median_bytes, large_share)
        modified = FIRST_DAY + timedelta(minutes=number % 500_000, milliseconds=dice.randrange(60_000))
        yield SeedPage(
            ref=f"gen-{number}",
            title=f"{writer.title()} {number}" if number else "Generated documentation",
            storage=writer.body(size),
            parent=_parent(number),
            version=dice.randint(1, 12),
            author=AUTHORS[number % len(AUTHORS)].account_id,
            created_at=FIRST_DAY,
            modified_at=modified,
            labels=tuple(sorted(dice.sample(LABELS, dice.choice((0, 0, 1, 2))))),
        )


def _in_folders(pages: tuple[SeedPage, ...], folders: int) -> tuple[SeedPage, ...]:
    """Put the last pages, which have none below them, into folders."""
    if folders > len(pages) - AREAS * (TOPICS + 1) - 1:
        raise ValueError(f"{len(pages):,} generated pages have no room for {folders:,} folders")
    made = [
        SeedPage(f"folder-{number}", f"Folder {number}", "", kind="folder", parent=_folder_above(number))
        for number in range(folders)
    ]
    inside = [replace(page, parent=f"folder-{number}") for number, page in enumerate(pages[-folders:])]
    return (*pages[:-folders], *made, *inside)


def _folder_above(number: int) -> str:
    return f"folder-{number - 1}" if number % 4 == 3 else f"gen-{1 + number % AREAS}"


def _parent(number: int) -> str | None:
    """Home page, areas, topics, and pages below the topics: four levels."""
    if number <= AREAS:
        return None
    if number <= AREAS + AREAS * TOPICS:
        return f"gen-{1 + (number - 1) % AREAS}"
    return f"gen-{AREAS + 1 + number % (AREAS * TOPICS)}"


def _size(dice: random.Random, median_bytes: int, large_share: float) -> int:
    """Most pages lie around the median, with a long tail; a few are very large."""
    if dice.random() < large_share:
        return dice.randint(LARGE_BYTES * 9 // 10, LARGE_BYTES * 11 // 10)
    return min(LARGE_BYTES, max(200, round(dice.lognormvariate(0, 0.7) * median_bytes)))


class _Writer:
    """Writes text that looks like product documentation: headings, paragraphs, lists, tables, code and panels."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        blocks = (self._paragraph, self._paragraph, self._paragraph, self._list, self._table, self._code, self._panel)
        # Writing 50,000 pages sentence by sentence takes minutes; drawing from a stock of blocks takes seconds.
        self._stock = [dice.choice(blocks)() for _ in range(2_000)]
        self._headings = [self.title() for _ in range(200)]

    def title(self) -> str:
        return " ".join(self._dice.sample(_WORDS, 3)).capitalize()

    def body(self, size: int) -> str:
        """About ``size`` bytes of storage format."""
        parts: list[str] = []
        written = 0
        while written < size - BLOCK_BYTES // 2:
            if len(parts) % 6 == 0:
                parts.append(f"<h2>{self._dice.choice(self._headings)}</h2>")
            parts.append(self._dice.choice(self._stock))
            written += len(parts[-1])
        return "".join(parts)

    def _sentence(self) -> str:
        words = self._dice.choices(_WORDS, k=self._dice.randint(4, 12))
        words.insert(2, self._dice.choice(_VERBS))
        return " ".join(words).capitalize() + "."

    def _paragraph(self) -> str:
        first, *rest = (self._sentence() for _ in range(self._dice.randint(2, 6)))
        return f"<p><strong>{first}</strong> {' '.join(rest)}</p>"

    def _list(self) -> str:
        items = "".join(f"<li><p>{self._sentence()}</p></li>" for _ in range(self._dice.randint(3, 7)))
        return f"<ul>{items}</ul>"

    def _table(self) -> str:
        head = "".join(f"<th><p>{word}</p></th>" for word in self._dice.sample(_WORDS, 3))
        rows = "".join(
            "<tr>" + "".join(f"<td><p>{self._sentence()}</p></td>" for _ in range(3)) + "</tr>"
            for _ in range(self._dice.randint(3, 8))
        )
        return f"<table><tbody><tr>{head}</tr>{rows}</tbody></table>"

    def _code(self) -> str:
        lines = "\n".join(
            f"{self._dice.choice(_WORDS)} = {self._dice.choice(_WORDS)}({self._dice.randint(1, 99)})"
            for _ in range(self._dice.randint(3, 12))
        )
        return (
            '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">python</ac:parameter>'
            f"<ac:plain-text-body><![CDATA[{lines}]]></ac:plain-text-body></ac:structured-macro>"
        )

    def _panel(self) -> str:
        name = self._dice.choice(("info", "note", "tip", "warning"))
        return (
            f'<ac:structured-macro ac:name="{name}"><ac:rich-text-body><p>{self._sentence()}</p></ac:rich-text-body>'
            "</ac:structured-macro>"
        )
