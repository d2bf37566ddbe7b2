"""Examples of text, lists and tables."""

from __future__ import annotations

from tests.content.constructs.example import (
    TASK,
    Example,
    html_table,
    macro,
    table,
    td,
    th,
)

TEXT = [
    Example(
        "paragraphs, headings 1 to 6, rules, quotes",
        "<h1>A</h1><p>one</p><p>&nbsp;</p><hr /><h6>B</h6><blockquote><p>q</p></blockquote>",
        "# A\n\none\n\n---\n\n###### B\n\n> q",
        "<h1>A</h1><p>one</p><hr /><h6>B</h6><blockquote><p>q</p></blockquote>",
    ),
    Example(
        "bold, italic, struck out",
        "<p><strong>b</strong> <em>i</em> <del>s</del> in<em>si</em>de</p><h2><strong>H</strong></h2>",
        "**b** _i_ ~~s~~ in*si*de\n\n## H",
        "<p><strong>b</strong> <em>i</em> <s>s</s> in<em>si</em>de</p><h2>H</h2>",
    ),
    Example("underline, colour, size", '<p><u>a</u><span style="color: red;">b</span></p>', "ab", "<p>ab</p>"),
    Example(
        "superscript", "<p>10<sup>6</sup> 1<sup>st</sup> H<sub>2</sub>O</p>", "10^6 1st H2O", "<p>10^6 1st H2O</p>"
    ),
    Example("line break", "<p>a<br />b<br /><br />c</p>", "a  \nb\n\nc", "<p>a<br />b</p><p>c</p>"),
    Example("inline code", "<p><code>a`b</code></p>", "``a`b``", "<p><code>a`b</code></p>"),
    Example(
        "characters that Markdown would take for markup",
        "<p>List&lt;T&gt; snake_case 2 * 3 [x] 1.5 *not*</p><p># no</p>",
        "List\\<T> snake_case 2 * 3 [x] 1.5 \\*not\\*\n\n\\# no",
        "<p>List&lt;T&gt; snake_case 2 * 3 [x] 1.5 *not*</p><p># no</p>",
    ),
    Example(
        "entities, no-break blanks, characters without width",
        "<p>a&nbsp;&nbsp;b \u2014 &ldquo;c&rdquo; soft&shy;ware</p>",
        "a b \u2014 \u201cc\u201d software",
        "<p>a b \u2014 \u201cc\u201d software</p>",
    ),
    Example(
        "inline comment marks",
        '<p>a<ac:inline-comment-marker ac:ref="1">bc</ac:inline-comment-marker>d</p>',
        "abcd",
        "<p>abcd</p>",
    ),
    Example("template hints (`ac:placeholder`)", "<p>a<ac:placeholder>Type</ac:placeholder></p>", "a", "<p>a</p>"),
]

LISTS_AND_TABLES = [
    Example(
        "bullet and numbered lists, nested and mixed",
        '<ul><li><p>a</p><p>b</p><ol start="3"><li><p>c</p></li><li><p>d</p><ul><li>e</li></ul></li></ol></li></ul>',
        "- a\n\n  b\n\n  3. c\n  4. d\n     - e",
        '<ul><li><p>a</p><p>b</p><ol start="3"><li>c</li><li>d<ul><li>e</li></ul></li></ol></li></ul>',
    ),
    Example(
        "empty items",
        "<ol><li>a</li><li><p /></li><li>c</li></ol>",
        "1. a\n3. c",
        "<ol><li>a</li><li>c</li></ol>",
    ),
    Example(
        "task lists",
        f"<ac:task-list>{TASK.format(1, 'complete', 'done')}{TASK.format(2, 'incomplete', 'to do')}</ac:task-list>",
        "- [x] done\n- [ ] to do",
        "<ul><li>[x] done</li><li>[ ] to do</li></ul>",
    ),
    Example(
        "definition lists",
        "<dl><dt>Term</dt><dd>One</dd><dd>Two</dd></dl>",
        "- **Term**\n\n  One\n\n  Two",
        "<ul><li><p><strong>Term</strong></p><p>One</p><p>Two</p></li></ul>",
    ),
    Example(
        "tables with a header row",
        table(th("A", "B"), td("1", "2")),
        "| A | B |\n| --- | --- |\n| 1 | 2 |",
        html_table(["A", "B"], ["1", "2"]),
    ),
    Example(
        "tables whose first row is all bold, or all coloured, and the second is not",
        table(td("<strong>A</strong>", "<strong>B</strong>"), td("1", "2")),
        "| A | B |\n| --- | --- |\n| 1 | 2 |",
        html_table(["A", "B"], ["1", "2"]),
    ),
    Example(
        "tables without",
        table(td("1", "2"), td("3", "4")),
        "|  |  |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |",
        html_table(["", ""], ["1", "2"], ["3", "4"]),
    ),
    Example(
        "two header rows",
        table('<th rowspan="2">Team</th><th colspan="2">2026</th>', th("Plan", "Real"), td("Ops", "1", "2")),
        "| Team | 2026 / Plan | 2026 / Real |\n| --- | --- | --- |\n| Ops | 1 | 2 |",
        html_table(["Team", "2026 / Plan", "2026 / Real"], ["Ops", "1", "2"]),
    ),
    Example(
        "header columns, page properties",
        macro("details", table(th("Owner") + td("Ann"), th("State") + td("Live"))),
        "|  |  |\n| --- | --- |\n| **Owner** | Ann |\n| **State** | Live |",
        html_table(["", ""], ["<strong>Owner</strong>", "Ann"], ["<strong>State</strong>", "Live"]),
    ),
    Example(
        "`colspan`, `rowspan`",
        table(th("A", "B", "C"), '<td rowspan="2">x</td><td colspan="2">y</td>', td("1", "2")),
        "| A | B | C |\n| --- | --- | --- |\n| x | y | y |\n| x | 1 | 2 |",
        html_table(["A", "B", "C"], ["x", "y", "y"], ["x", "1", "2"]),
    ),
    Example(
        "paragraphs, line breaks, lists, tasks in cells",
        table(th("A", "B"), "<td><p>text<br />more</p><ul><li>a</li><li>b</li></ul></td>" + td("y")),
        "| A | B |\n| --- | --- |\n| text<br>more<br>- a<br>- b | y |",
        html_table(["A", "B"], ["text<br>more<br>- a<br>- b", "y"]),
    ),
    Example(
        "code in cells",
        table(th("A", "B"), f"<td>{macro('code', plain='a = 1' + chr(10) + 'b | c')}</td>" + td("y")),
        "| A | B |\n| --- | --- |\n| `a = 1`<br>`b \\| c` | y |",
        html_table(["A", "B"], ["<code>a = 1</code><br><code>b | c</code>", "y"]),
    ),
    Example(
        "tables in cells",
        table(th("A", "B"), f"<td>{table(th('k', 'v'), td('a', '1'))}</td>" + td("y")),
        "| A | B |\n| --- | --- |\n| k \\| v<br>a \\| 1 | y |",
        html_table(["A", "B"], ["k | v<br>a | 1", "y"]),
    ),
    Example(
        "pipes in cells",
        table(th("A", "B"), td("a|b", "<code>c|d</code>")),
        "| A | B |\n| --- | --- |\n| a\\|b | `c\\|d` |",
        html_table(["A", "B"], ["a|b", "<code>c|d</code>"]),
    ),
    Example(
        "numbering columns, empty cells",
        table('<th class="numberingColumn" />' + th("A", "B"), '<td class="numberingColumn">1</td>' + td("", "x")),
        "|  | A | B |\n| --- | --- | --- |\n| 1 |  | x |",
        html_table(["", "A", "B"], ["1", "", "x"]),
    ),
    Example(
        "a table with one cell",
        table("<td><p>a</p><ul><li>b</li></ul></td>"),
        "a\n\n- b",
        "<p>a</p><ul><li>b</li></ul>",
    ),
]
