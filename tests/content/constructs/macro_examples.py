"""Examples of code, links, images and macros."""

from __future__ import annotations

from tests.content.constructs.example import (
    CONTEXT,
    DECISION,
    FILE,
    IMAGE,
    IMAGE_URL,
    JOIN,
    LAYOUT,
    PAGE_LINK,
    PANEL,
    PART,
    SITE,
    Example,
    html_table,
    macro,
    table,
    td,
    th,
)

CODE_AND_FORMULAS = [
    Example(
        "`code` with language, title",
        macro("code", plain="x = 1", language="py", title="a.py"),
        "**a.py**\n\n```python\nx = 1\n```",
        '<p><strong>a.py</strong></p><pre><code class="language-python">x = 1\n</code></pre>',
    ),
    Example(
        "blank lines, indentation, tabs, backticks, `]]>`",
        macro("code", plain="\n  a\n\n\tb```c\nd]]>e\n"),
        "````\n  a\n\n\tb```c\nd]]>e\n````".replace("````", "````"),
        "<pre><code>  a\n\n\tb```c\nd]]&gt;e\n</code></pre>",
    ),
    Example(
        "`noformat`, `<pre>`",
        macro("noformat", plain=" a") + "<pre>b</pre>",
        "```\n a\n```\n\n```\nb\n```",
        "<pre><code> a\n</code></pre><pre><code>b\n</code></pre>",
    ),
    Example(
        "PlantUML, Mermaid, Graphviz with their source",
        macro("plantuml", plain="a -> b"),
        "```plantuml\na -> b\n```",
        '<pre><code class="language-plantuml">a -&gt; b\n</code></pre>',
    ),
    Example(
        "LaTeX and math blocks",
        macro("mathblock", plain=r"\frac{a_1}{b*c}"),
        "```math\n\\frac{a_1}{b*c}\n```",
        '<pre><code class="language-math">\\frac{a_1}{b*c}\n</code></pre>',
    ),
    Example(
        "inline math",
        f"<p>where {macro('mathinline', body='a_1*b_2')} holds</p>",
        "where `$a_1*b_2$` holds",
        "<p>where <code>$a_1*b_2$</code> holds</p>",
    ),
]

LINKS_PEOPLE_IMAGES = [
    Example(
        "link to a page or blog post by title",
        f"<p>{PAGE_LINK.format('<ac:link-body>how to</ac:link-body>')}</p>",
        f"[how to]({PART.url}#Set-up)",
        f'<p><a href="{PART.url}#Set-up">how to</a></p>',
    ),
    Example(
        "link to an attachment, space, anchor, address",
        '<p><ac:link><ri:attachment ri:filename="plan.pdf" /></ac:link> <ac:link><ri:space ri:space-key="OPS" /></ac:link> '
        '<ac:link ac:anchor="Limits"><ac:link-body>below</ac:link-body></ac:link> <a href="https://e.com/x">x</a></p>',
        f"[plan.pdf]({SITE}/download/attachments/42/plan.pdf) [OPS]({SITE}/display/OPS) [below]({CONTEXT.url}#Limits) "
        "[x](https://e.com/x)",
        f'<p><a href="{SITE}/download/attachments/42/plan.pdf">plan.pdf</a> <a href="{SITE}/display/OPS">OPS</a> '
        f'<a href="{CONTEXT.url}#Limits">below</a> <a href="https://e.com/x">x</a></p>',
    ),
    Example(
        "smart link",
        '<p><a href="https://e.com/x" data-card-appearance="inline"></a></p>',
        "<https://e.com/x>",
        '<p><a href="https://e.com/x">https://e.com/x</a></p>',
    ),
    Example(
        "link without text",
        f"<p>{PAGE_LINK.format('')}</p>",
        f"[Part]({PART.url}#Set-up)",
        f'<p><a href="{PART.url}#Set-up">Part</a></p>',
    ),
    Example(
        "`javascript:` and the like, images inside an address (`data:`)",
        '<p><a href="javascript:x()">click</a></p><p><img src="data:image/png;base64,AAAA" alt="Net" /></p>',
        "click\n\nNet",
        "<p>click</p><p>Net</p>",
    ),
    Example(
        "mention, profile",
        '<p><ac:link><ri:user ri:account-id="u1" /></ac:link></p>'
        + macro("profile", user='<ri:user ri:account-id="u1" />'),
        "@Ann Example\n\n@Ann Example",
        "<p>@Ann Example</p><p>@Ann Example</p>",
    ),
    Example(
        "image",
        IMAGE.format(' ac:alt="Chart"', "<ac:caption><p>Sales</p></ac:caption>") + IMAGE.format("", ""),
        f"![Chart]({IMAGE_URL})\n\nSales\n\n![i.png]({IMAGE_URL})",
        f'<p><img src="{IMAGE_URL}" alt="Chart" /></p><p>Sales</p><p><img src="{IMAGE_URL}" alt="i.png" /></p>',
    ),
    Example("date", '<p><time datetime="2026-03-01" /></p>', "2026-03-01", "<p>2026-03-01</p>"),
    Example("emoji", '<p><ac:emoticon ac:emoji-fallback="😄" ac:emoji-id="1f604" /></p>', "😄", "<p>😄</p>"),
    Example(
        "Jira issue",
        f"<p>{macro('jira', key='OPS-7', server='Jira')}</p>{macro('jira', jqlQuery='project = OPS')}",
        "OPS-7\n\nJira issues: `project = OPS`",
        "<p>OPS-7</p><p>Jira issues: <code>project = OPS</code></p>",
    ),
]

MACROS = [
    Example(
        "info, note, tip, warning",
        macro("info", "<p>a</p>")
        + macro("note", "<p>b</p>")
        + macro("tip", "<p>c</p>")
        + macro("warning", "<p>d</p>", title="T"),
        "> **Info:** a\n\n> **Note:** b\n\n> **Tip:** c\n\n> **Warning: T:** d",
        "".join(
            f"<blockquote><p><strong>{label}:</strong> {text}</p></blockquote>"
            for label, text in (("Info", "a"), ("Note", "b"), ("Tip", "c"), ("Warning: T", "d"))
        ),
    ),
    Example(
        "panel",
        macro("panel", "<p>Monday.</p>", title="On call", bgColor="#fff"),
        "> **On call:** Monday.",
        "<blockquote><p><strong>On call:</strong> Monday.</p></blockquote>",
    ),
    Example(
        "panels of the new editor (`ac:adf-extension`)",
        PANEL,
        "> **Note:** Mind.",
        "<blockquote><p><strong>Note:</strong> Mind.</p></blockquote>",
    ),
    Example("decisions of the new editor", DECISION, "- Decision: Use Go", "<ul><li>Decision: Use Go</li></ul>"),
    Example(
        "status",
        f"<p>a{macro('status', title='DONE', colour='Green')}{macro('status', title='LATE')}b</p>",
        "a DONE LATE b",
        "<p>a DONE LATE b</p>",
    ),
    Example(
        "panels whose kind is a parameter (`auimessage`, `alert`)",
        macro("auimessage", "<p>disk is full</p>", type="warning", title="Beware"),
        "> **Warning: Beware:** disk is full",
        "<blockquote><p><strong>Warning: Beware:</strong> disk is full</p></blockquote>",
    ),
    Example(
        "expand, tabs, cards",
        macro("expand", "<p>b</p>", title="More"),
        "**More**\n\nb",
        "<p><strong>More</strong></p><p>b</p>",
    ),
    Example("layouts, sections, columns", LAYOUT, "a\n\nb\n\nc", "<p>a</p><p>b</p><p>c</p>"),
    Example(
        "page properties",
        macro("details", table(th("Owner") + td("Ann")), id="x"),
        "|  |  |\n| --- | --- |\n| **Owner** | Ann |",
        html_table(["", ""], ["<strong>Owner</strong>", "Ann"]),
    ),
    Example("excerpt", macro("excerpt", "<p>in short</p>"), "in short", "<p>in short</p>"),
    Example(
        "include, excerpt-include",
        macro("include", unnamed='<ac:link><ri:page ri:content-title="Part" /></ac:link>')
        + macro("excerpt-include", unnamed='<ac:link><ri:page ri:content-title="Part" /></ac:link>'),
        "before\n\nin short\n\n> **Part:** in short",
        "<p>before</p><p>in short</p><blockquote><p><strong>Part:</strong> in short</p></blockquote>",
    ),
    Example(
        "attachments (`view-file`, PDF, Office)",
        FILE,
        f"[plan.pdf]({SITE}/download/attachments/42/plan.pdf)",
        f'<p><a href="{SITE}/download/attachments/42/plan.pdf">plan.pdf</a></p>',
    ),
    Example("draw.io, Gliffy, Lucidchart", macro("drawio", diagramName="Net"), "Diagram: Net", "<p>Diagram: Net</p>"),
    Example(
        "iframe, widget, YouTube, Figma, Loom, Miro",
        macro("iframe", src="https://e.com/f"),
        "<https://e.com/f>",
        '<p><a href="https://e.com/f">https://e.com/f</a></p>',
    ),
    Example(
        "table of contents, children, page tree, recently updated, labels, contributors and other navigation",
        JOIN.format(
            "".join(macro(name) for name in ("toc", "children", "pagetree", "recently-updated", "contributors"))
        ),
        "a\n\nb",
        "<p>a</p><p>b</p>",
    ),
    Example("HTML macro", macro("html", plain="<p>a<br>b</p><script>c</script>"), "a  \nb", "<p>a<br />b</p>"),
    Example("Markdown macro", macro("markdown", plain="## A\n\n- b"), "## A\n\n- b", "<h2>A</h2><ul><li>b</li></ul>"),
    Example(
        "macros that nobody knows",
        macro("acme", "<p>seen</p>", kind="hidden") + macro("acme-query", plain="select", kind="hidden"),
        "seen\n\n```\nselect\n```",
        "<p>seen</p><pre><code>select\n</code></pre>",
    ),
    Example(
        "parameters that a reader sees, of any macro",
        macro("acme-button", title="Portal", url="https://e.com/p", titleColor="red", id="x-1")
        + f"<p>May{macro('acme-footnote', text='As of Monday')}</p>",
        "[Portal](https://e.com/p)\n\nMay (As of Monday)",
        '<p><a href="https://e.com/p">Portal</a></p><p>May (As of Monday)</p>',
    ),
    Example(
        "macros of Forge apps",
        '<ac:adf-extension><ac:adf-node type="extension"><ac:adf-attribute key="extension-key">a/b/countdown</ac:adf-attribute>'
        '<ac:adf-attribute key="parameters"><ac:adf-parameter key="title">Launch</ac:adf-parameter></ac:adf-attribute>'
        "</ac:adf-node><ac:adf-fallback><p>In 3 days</p></ac:adf-fallback></ac:adf-extension>",
        "**Launch**\n\nIn 3 days",
        "<p><strong>Launch</strong></p><p>In 3 days</p>",
    ),
]
