"""Feed the converter and the chunker with mutated and hostile bodies: ``python -m benchmarks.fuzz_content --cases 1000000``.

Each case is made from a seed and its number alone, so a finding is reproduced by ``--seed S --first N --cases 1``.
A finding is an exception, a case that takes more than two seconds of processor time, or a result that breaks a promise: a chunk over
the limit or with a wrong count, a lone surrogate or NUL in the Markdown, a word lost between Markdown and chunks,
the addresses of images aside.
"""

from __future__ import annotations

import argparse
import random
import re
import signal
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from confluence_to_twig.content import IncludedPage, PageContext, chunk_document, convert
from confluence_to_twig.content.chunks.chunking import LIMIT_TOKENS
from confluence_to_twig.content.chunks.images import without_addresses
from confluence_to_twig.content.chunks.tokens import count_tokens
from sandbox.sample_space import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT_SECONDS = 2.0
_MOST_CHARS = 30_000
_TAG = re.compile(r"<[^<>]*>")
#: Words of letters that join: between a Latin letter and a Chinese character a word may end, and a long line be cut.
_WORD = re.compile(r"[A-Za-z0-9]+")

FRAGMENTS = (
    "<p>", "</p>", "<ul><li>", "</li></ul>", "<table>", "<tr><td>", "</td></tr>", "</table>", "<td colspan='1000000'>",
    "<td rowspan='70000'>", "<![CDATA[", "]]>", "<!--", "-->", "&nbsp;", "&#0;", "&#xFDD0;", "&#xD800;", "&bogus;", "&",
    "<", ">", "<a href='", "<a href='javascript:x'>", "</a>", "<strong>", "</strong>", "<em>", "</em>", "<code>`", "``</code>",
    "<br/>", "<br>", "<pre>", "</pre>", "\x00", "\ud800", "\udfff", "\ufdd0", "\ufdd8", "\ufffe", "\u200b", "\u202e", "🙂", "한글",
    " " * 300, "\n" * 50, "\t", "|", "\\", "`" * 40, "*" * 30, "_" * 30, "#" * 10, "~~~", "[x](y)", "![", "](", "- ", "1. ",
    '<ac:structured-macro ac:name="code">', '<ac:structured-macro ac:name="info">', '<ac:structured-macro ac:name="expand">',
    '<ac:structured-macro ac:name="include">', '<ac:structured-macro ac:name="nobody-knows">', "</ac:structured-macro>",
    '<ac:parameter ac:name="language">', "</ac:parameter>", "<ac:plain-text-body><![CDATA[", "]]></ac:plain-text-body>",
    "<ac:rich-text-body>", "</ac:rich-text-body>", '<ac:link><ri:page ri:content-title="Page 1"/></ac:link>',
    "<ac:task-list><ac:task><ac:task-body>", "<ac:layout><ac:layout-section><ac:layout-cell>", "<ac:adf-extension>",
    '<ac:image><ri:attachment ri:filename="a(b) c.png"/></ac:image>', "<h2>", "</h2>", "<blockquote>", "<span/>", "</div>",
    '<ri:page ri:content-title="Page 2"/>', "<ol start='99999999999'>", "<time datetime='2026-01-01'/>", "<?xml?>", "<!DOCTYPE a>",
    '<ac:structured-macro ac:name="status">', '<ac:structured-macro ac:name="jira">', '<ac:structured-macro ac:name="drawio">',
    '<ac:structured-macro ac:name="plantumlcloud">', '<ac:structured-macro ac:name="chart">', '<ac:structured-macro ac:name="roadmap">',
    '<ac:parameter ac:name="title">', '<ac:parameter ac:name="data">', "eJxLTEoGAAJNASc=", "%7B%22source%22%3A%5B%7B%22a%22%3A", "{\"text\":[[",
    '<ac:parameter ac:name="url"><ri:url ri:value="http://x y"/>', "<mxfile><diagram>", "7VhN", '<ac:emoticon ac:name="x" ac:emoji-id="1f600"/>',
    '<ac:link ac:anchor="a b"><ac:plain-text-link-body><![CDATA[', "]]></ac:plain-text-link-body></ac:link>", "<li><p>a:</p>", "<th>",
    '<ac:adf-node type="panel"><ac:adf-content>', '<ac:adf-attribute key="text">', "</ac:adf-content></ac:adf-node>", "<ac:adf-fallback>",
    "<ac:task><ac:task-status>complete</ac:task-status>", "<ac:placeholder>", "<sup>", "<u>", "<h1><code>", "<pre>```", "<tbody><tr><th>",
)  # fmt: skip


#: Bodies of reports of text that was lost.
_REPORTED = Path(__file__).resolve().parents[1] / "tests" / "content" / "cases"


@cache
def corpus() -> tuple[str, ...]:
    """The bodies of the sample space and of ``tests/content/cases``, cut to a size that keeps a case short."""
    reported = [path.read_text(encoding="utf-8") for path in sorted(_REPORTED.glob("*.xhtml"))]
    bodies = [*(page.storage for page in load().pages if page.storage), *reported]
    return tuple(body[:_MOST_CHARS] for body in bodies)


def _delete(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text) + 1)
    return text[:start] + text[start + rng.randint(1, 40) :]


def _insert(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text) + 1)
    return text[:start] + rng.choice(FRAGMENTS) * rng.choice((1, 1, 1, 2, 20)) + text[start:]


def _drop_tag(rng: random.Random, text: str) -> str:
    tags = list(_TAG.finditer(text))
    if not tags:
        return _insert(rng, text)
    tag = rng.choice(tags)
    return text[: tag.start()] + text[tag.end() :]


def _move(rng: random.Random, text: str) -> str:
    start, length = rng.randrange(len(text) + 1), rng.randint(1, 200)
    piece, rest = text[start : start + length], text[:start] + text[start + length :]
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + piece * rng.choice((1, 1, 3)) + rest[at:]


def _truncate(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text) + 1)]


def _splice(rng: random.Random, text: str) -> str:
    other = rng.choice(corpus())
    start = rng.randrange(len(other) + 1)
    return text[: rng.randrange(len(text) + 1)] + other[start : start + rng.choice((100,) * 9 + (4_000,))]


def _characters(rng: random.Random, text: str) -> str:
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + chr(rng.choice((rng.randrange(128), rng.randrange(0x11000)))) + text[at + 1 :]
    return text


def _wrap(rng: random.Random, text: str) -> str:
    tag = rng.choice(("div", "ul", "li", "table", "td", "blockquote", "strong", "a", "p", "ac:rich-text-body"))
    depth = rng.choice((1, 3, 3, 3, 50, 300))
    return f"<{tag}>" * depth + text[:3_000] + f"</{tag}>" * rng.choice((depth, depth, depth // 2))


MUTATIONS: tuple[Callable[[random.Random, str], str], ...] = (
    _delete, _insert, _insert, _drop_tag, _drop_tag, _move, _truncate, _splice, _characters, _wrap,
)  # fmt: skip


def make_case(seed: int, number: int) -> str:
    """One body: a mutated page, or a heap of fragments."""
    rng = random.Random(f"{seed}:{number}")
    if rng.random() < 0.25:
        return "".join(rng.choice(FRAGMENTS) for _ in range(rng.randint(1, 25)))
    text = rng.choice(corpus())
    # A page's middle is as good as a page, and there is time for more of them. One in fifty is long.
    length = rng.randint(30, 250) if rng.random() < 0.98 else rng.randint(250, 5_000)
    if len(text) > length:
        start = rng.randrange(len(text) - length)
        text = text[start : start + length]
    for _ in range(rng.randint(1, 6)):
        text = rng.choice(MUTATIONS)(rng, text)[:_MOST_CHARS]
    return text


def _page_body(_space: str | None, title: str) -> IncludedPage | None:
    if not title.startswith("Page"):
        return None
    body = f'<p>{title}</p><ac:structured-macro ac:name="include"><ri:page ri:content-title="Page 2"/></ac:structured-macro>'
    return IncludedPage(title, title, body)


CONTEXT = PageContext(
    page_id="1",
    title="Page",
    space_name="Space",
    url="https://acme.example/wiki/1",
    site_url="https://acme.example/wiki",
    resolve_page=lambda _space, title: f"https://acme.example/wiki/{len(title)}",
    resolve_body=_page_body,
)


def check(storage: str) -> None:
    """Convert and chunk one body. Raises whatever goes wrong, ``AssertionError`` for a broken promise."""
    conversion = convert(storage, CONTEXT)
    markdown = conversion.markdown
    markdown.encode()  # a lone surrogate cannot be encoded
    assert "\0" not in markdown, "NUL in the Markdown"
    assert not re.search("[\ufdd0-\ufdef]", markdown), "a mark of the inline renderer is left"
    assert 0.0 <= conversion.report.coverage <= 1.0
    chunks = chunk_document(markdown, CONTEXT)
    held: set[str] = set()
    for chunk in chunks:
        assert chunk.token_count <= LIMIT_TOKENS, "a chunk over the limit"
        assert chunk.token_count == count_tokens(chunk.text), "a wrong token count"
        held.update(_WORD.findall(chunk.text))
    lost = {word for word in _WORD.findall(without_addresses(markdown).text) if len(word) < 100} - held
    assert not lost, "words are in no chunk"


@dataclass
class Findings:
    """What a stretch of cases came to."""

    cases: int = 0
    chars: int = 0
    slowest: float = 0.0
    slowest_case: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        findings = sum(self.failures.values())
        slowest = f"slowest {self.slowest:.2f} s (case {self.slowest_case})"
        return f"{self.cases:,} cases, {self.chars / 1e6:,.0f} MB, {findings} findings, {slowest}"

    def add(self, other: Findings) -> None:
        """Take another stretch in."""
        self.cases += other.cases
        self.chars += other.chars
        self.failures.update(other.failures)
        self.examples = {**other.examples, **self.examples}
        if other.slowest > self.slowest:
            self.slowest, self.slowest_case = other.slowest, other.slowest_case


class TooSlow(BaseException):
    """Raised by the alarm; not an ``Exception``, so that nothing in between swallows it."""


def _alarm(_signal: int, _frame: object) -> None:
    raise TooSlow


def run_cases(seed: int, first: int, count: int) -> Findings:
    """Check ``count`` cases from number ``first`` on, each under the time limit."""
    findings = Findings()
    check("<p>load the vocabulary before the clock runs</p>")
    previous = signal.signal(signal.SIGPROF, _alarm)
    try:
        for number in range(first, first + count):
            storage = make_case(seed, number)
            started = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, LIMIT_SECONDS)
            try:
                check(storage)
            except (Exception, TooSlow) as error:
                key = _describe(error)
                findings.failures[key] += 1
                findings.examples.setdefault(key, number)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            took = time.process_time() - started
            findings.cases += 1
            findings.chars += len(storage)
            if took > findings.slowest:
                findings.slowest, findings.slowest_case = took, number
    finally:
        signal.signal(signal.SIGPROF, previous)
    return findings


def _describe(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    if isinstance(error, TooSlow):
        return f"more than {LIMIT_SECONDS:g} s"
    return f"{type(error).__name__}: {str(error)[:80]} ({frame.name}:{frame.lineno})"


def _stretches(first: int, count: int) -> Iterator[tuple[int, int]]:
    for start in range(first, first + count, 500):
        yield start, min(500, first + count - start)


def main() -> None:
    """Run many cases in parallel and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    total = Findings()
    started = spoken = time.monotonic()
    with ProcessPoolExecutor(options.processes) as pool:
        stretches = list(_stretches(options.first, options.cases))
        firsts, counts = zip(*stretches, strict=True)
        for findings in pool.map(run_cases, [options.seed] * len(stretches), firsts, counts):
            total.add(findings)
            if time.monotonic() - spoken > 60:
                spoken = time.monotonic()
                print(total, flush=True)
    print(f"{total}, in {(time.monotonic() - started) / 60:.1f} min")
    for key, times in total.failures.most_common():
        print(f"  {times:>6} × {key}, first in case {total.examples[key]}")
    sys.exit(1 if total.failures else 0)


if __name__ == "__main__":
    main()
