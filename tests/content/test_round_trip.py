"""Random trees of text and blocks, converted and read back: the same text, the same structure."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.content.markdown.structure import runs
from confluence_to_twig.content.markdown.writer import to_markdown
from confluence_to_twig.content.nodes import Node
from tests.proofs import examples

SCRAPS = [
    "a", "b", " ", "  ", "*", "_", "`", "[", "]", "(", ")", "<", "T>", "&", "&amp;", "lt;", "~", "~~", "!", "#", "-", "+",
    "1.", "2)", ">", "|", "\\", "\n", ":", "=", "---", "가", "규칙", "(v2)", "。", "“", "”", "é", "😀", "$", "^", "{", "}",
    "https://e.com/a_b", "x_y_z", "**", "__", "'", '"', "/", ".",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(SCRAPS), max_size=6).map("".join)
URLS = st.sampled_from(["https://e.com/a_b*c", "#x", "https://e.com/?q=1&r=2"])
INLINE = st.recursive(
    st.lists(TEXT, max_size=3),
    lambda inner: st.lists(
        st.one_of(
            TEXT,
            st.builds(
                lambda tag, children: Node(tag, {}, children), st.sampled_from(["strong", "em", "del", "span"]), inner
            ),
            st.builds(lambda text: Node("code", {}, [text]), TEXT),
            st.builds(lambda url, children: Node("a", {"href": url}, children), URLS, inner),
            st.just(None).map(lambda _: Node("br")),
        ),
        max_size=4,
    ),
    max_leaves=12,
)
LINES = [
    "alpha", "beta", "- x", "1. y", "# h", "> q", "|", "a|b", "```", "    four", "---", "===", "* z", "+ w", "[a]: b",
    "10) t", "~~~", "<div>", "&amp;", "\\", "2026.", "--", "-", "+", "#", "___", "| a | b |", "[ ] t", "https://e.com",
]  # fmt: skip
CODE = ["x = 1", "  y", "", "\t t", "```", "````", "~~~", "# c", "> q", "- a", "|a|", "  ``` z", "a`b"]
WORDS = st.lists(st.sampled_from(LINES), min_size=1, max_size=4).map(" ".join)
LEAVES = st.one_of(
    st.builds(lambda words: Node("p", {}, [words]), WORDS),
    st.builds(lambda a, b: Node("p", {}, [a, Node("br"), b]), WORDS, WORDS),
    st.builds(lambda a, b, c: Node("p", {}, [a, " ", Node("strong", {}, [b]), " ", c]), WORDS, WORDS, WORDS),
    st.builds(lambda level, words: Node(f"h{level}", {}, [words]), st.integers(1, 6), WORDS),
    st.builds(lambda lines: Node("pre", {}, ["\n".join(lines)]), st.lists(st.sampled_from(CODE), min_size=1, max_size=5)),
    st.just(None).map(lambda _: Node("hr")),
    st.builds(
        lambda rows: Node("table", {}, [
            Node("tr", {}, [Node("td" if number else "th", {}, [cell]) for cell in row]) for number, row in enumerate(rows)
        ]),
        st.lists(st.lists(WORDS, min_size=2, max_size=2), min_size=2, max_size=3),
    ),
)  # fmt: skip
BLOCKS = st.recursive(
    st.lists(LEAVES, min_size=1, max_size=3),
    lambda inner: st.lists(
        st.one_of(
            LEAVES,
            st.builds(lambda children: Node("blockquote", {}, children), inner),
            st.builds(lambda children: Node("div", {}, children), inner),
            st.builds(
                lambda tag, start, items: Node(tag, {"start": start} if tag == "ol" else {}, [Node("li", {}, item) for item in items]),
                st.sampled_from(["ul", "ol"]),
                st.sampled_from(["1", "3", "9", "10"]),
                st.lists(st.one_of(inner, WORDS.map(lambda words: [words])), min_size=1, max_size=3),
            ),
        ),
        min_size=1,
        max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip


def source_text(children) -> str:
    return "".join(child if isinstance(child, str) else source_text(child.children) for child in children)


def without_blanks(text: str) -> str:
    return re.sub(r"\s+", "", text)


@examples(120, 30_000)
@given(INLINE, st.sampled_from(["p", "h2", "li", "td"]))
def test_inline_text_comes_back_to_the_letter(read, children, place):
    tree = {
        "p": lambda: Node("p", {}, children),
        "h2": lambda: Node("h2", {}, children),
        "li": lambda: Node("ul", {}, [Node("li", {}, children), Node("li", {}, ["end"])]),
        "td": lambda: Node("table", {}, [Node("tr", {}, [Node("td", {}, children), Node("td", {}, ["end"])])]),
    }[place]()
    expected = without_blanks(source_text(children)) + ("end" if place in {"li", "td"} else "")
    page = read(to_markdown(Node("root", {}, [tree])))
    assert without_blanks("".join(page.itertext())) == expected


def shape_of_source(children) -> list:
    """Blocks as nested lists: what the Markdown must render to."""
    shape = []
    for part in runs(children):
        if not isinstance(part, Node):
            shape.append(("p", even(spaced(part))))
        elif part.tag in {"ul", "ol"}:
            shape.append(
                (part.tag, [item for item in (shape_of_source(li.children) for li in part.elements()) if item])
            )
        elif part.tag == "pre":
            shape.append(("pre", part.text().rstrip()))
        elif part.tag == "blockquote":
            shape.append(("blockquote", shape_of_source(part.children)))
        elif part.tag == "table":
            shape.append(("table", [[even(cell.text()) for cell in row.elements()] for row in part.elements()]))
        elif part.tag == "div":
            shape.extend(shape_of_source(part.children))
        elif part.tag == "p":
            shape.append(("p", even(spaced(part.children))))
        else:
            shape.append((part.tag, even(part.text())))
    return [block for block in shape if block[0] == "hr" or block[1]]


def spaced(children) -> str:
    return "".join(
        child if isinstance(child, str) else " " if child.tag == "br" else spaced(child.children) for child in children
    )


def even(text: str) -> str:
    return " ".join(text.split())


def shape_of_html(element) -> list:
    shape = []
    loose = [element.text or ""]
    for child in element:
        if child.tag not in {"p", "ul", "ol", "pre", "blockquote", "table", "hr", "h1", "h2", "h3", "h4", "h5", "h6"}:
            loose += [shown(child), child.tail or ""]
            continue
        shape += [("p", even("".join(loose)))] if even("".join(loose)) else []
        loose = [child.tail or ""]
        if child.tag in {"ul", "ol"}:
            shape.append((child.tag, [shape_of_html(item) for item in child]))
        elif child.tag == "blockquote":
            shape.append((child.tag, shape_of_html(child)))
        elif child.tag == "table":
            shape.append((child.tag, [[even(shown(cell)) for cell in row] for row in child.iter("tr")]))
        elif child.tag == "pre":
            shape.append((child.tag, child.text_content().rstrip()))
        else:
            shape.append((child.tag, even(shown(child))))
    return shape + ([("p", even("".join(loose)))] if even("".join(loose)) else [])


def shown(element) -> str:
    inner = "".join(shown(child) + (child.tail or "") for child in element)
    return " " if element.tag == "br" else (element.text or "") + inner


@examples(80, 20_000)
@given(BLOCKS)
def test_blocks_come_back_in_the_same_structure(read, blocks):
    expected = [strip_code(block) for block in shape_of_source(blocks)]
    assert [strip_code(block) for block in shape_of_html(read(to_markdown(Node("root", {}, blocks))))] == expected


def strip_code(block):
    """Blank lines around code do not count; empty code is no block."""
    if block[0] == "pre":
        return ("pre", re.sub(r"\A(?:[ \t]*\n)+", "", block[1]))
    if block[0] in {"ul", "ol"}:
        return (block[0], [[strip_code(inner) for inner in item] for item in block[1]])
    return (block[0], [strip_code(inner) for inner in block[1]]) if block[0] == "blockquote" else block
