"""What parts of the embedded text are worth: the same questions with and without them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.retrieval_indexes import indexes
from benchmarks.retrieval_scores import METRICS, score
from benchmarks.retrieval_systems import our_pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.retrieval_corpora import Corpus
    from benchmarks.retrieval_questions import Question

_ADDRESS = r"\((?:[^()\s]|\([^()\s]*\))*\)"
_LINK = re.compile(rf"(?<!!)\[([^\[\]]*)\]{_ADDRESS}")
_IMAGE = re.compile(rf"!\[([^\[\]]*)\]{_ADDRESS}")
_BARE = re.compile(r"<?https?://[^\s<>)|]+>?")
_IN_CODE = re.compile(r"(^`{3,}.*?^`{3,}|`[^`\n]*`)", re.MULTILINE | re.DOTALL)
#: What may be left out of the text that is embedded, outside of code.
ABLATIONS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "images without addresses": lambda text: _IMAGE.sub(r"![\1]", text),
    "links without addresses": lambda text: _LINK.sub(r"\1", text),
    "no addresses at all": lambda text: _BARE.sub("", _LINK.sub(r"\1", _IMAGE.sub(r"![\1]", text))),
}
_SHOWN = ("all", "first sentence", "heading", "table", "hand-written")


def ablation(corpus: Corpus, questions: list[Question]) -> str:
    """A table: a row an index and variant."""
    lines = [
        f"### {corpus.name}: what addresses are worth\n\n{METRICS}\n",
        f"| index | text | tokens | {' | '.join(_SHOWN)} |\n| --- | --- | --: |{' --- |' * len(_SHOWN)}",
    ]
    variants = {variant: our_pieces(corpus.pages, _outside_code(change)) for variant, change in ABLATIONS.items()}
    for index, build in indexes().items():
        for variant, pieces in variants.items():
            ranked = build(pieces).ranked(questions)
            cells = [index, variant, f"{sum(piece.tokens for piece in pieces):,}"]
            for kind in _SHOWN:
                chosen = [number for number, question in enumerate(questions) if kind in (question.kind, "all")]
                asked, found = [questions[n] for n in chosen], [ranked[n] for n in chosen]
                cells.append(str(score(asked, found, pieces)) if chosen else "")
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _outside_code(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(part if n % 2 else change(part) for n, part in enumerate(_IN_CODE.split(text)))
