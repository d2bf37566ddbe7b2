"""What examples of constructs are made of."""

from __future__ import annotations

from typing import NamedTuple

from confluence_to_twig.content import Attachment, IncludedPage, PageContext


class Example(NamedTuple):
    """``construct`` is the row's first cell; ``html`` is what a CommonMark parser makes of ``markdown``."""

    construct: str
    storage: str
    markdown: str
    html: str


def macro(name: str, rich: str = "", plain: str | None = None, **parameters: str) -> str:
    """A structured macro with its bodies; the parameter ``unnamed`` has no name."""
    values = "".join(
        f'<ac:parameter ac:name="{key.replace("unnamed", "")}">{value}</ac:parameter>'
        for key, value in parameters.items()
    )
    body = f"<ac:rich-text-body>{rich}</ac:rich-text-body>" if rich else ""
    if plain is not None:
        cdata = plain.replace("]]>", "]]]]><![CDATA[>")
        body += f"<ac:plain-text-body><![CDATA[{cdata}]]></ac:plain-text-body>"
    return f'<ac:structured-macro ac:name="{name}" ac:schema-version="1">{values}{body}</ac:structured-macro>'


def table(*rows: str) -> str:
    """A table of rows that are written as cells."""
    return "<table><tbody>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</tbody></table>"


def th(*cells: str) -> str:
    """Header cells."""
    return "".join(f"<th><p>{cell}</p></th>" for cell in cells)


def td(*cells: str) -> str:
    """Cells."""
    return "".join(f"<td><p>{cell}</p></td>" for cell in cells)


def html_table(head: list[str], *rows: list[str]) -> str:
    """What a Markdown table renders to."""
    thead = "<thead><tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr></thead>"
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{thead}<tbody>{body}</tbody></table>"


SITE = "https://acme.example/wiki"
PART = IncludedPage(
    "7", "Part", "<p>before</p>" + macro("excerpt", "<p>in short</p>"), f"{SITE}/spaces/DOC/pages/7", "DOC", 2
)
CONTEXT = PageContext(
    page_id="42",
    title="Here",
    space_key="DOC",
    url=f"{SITE}/spaces/DOC/pages/42",
    site_url=SITE,
    users={"u1": "Ann Example"},
    attachments=(Attachment("plan.pdf", f"{SITE}/download/attachments/42/plan.pdf"),),
    resolve_page=lambda _space, title: f"{SITE}/spaces/DOC/pages/7" if title == "Part" else None,
    resolve_body=lambda _space, title: PART if title == "Part" else None,
)
PAGE_LINK = '<ac:link ac:anchor="Set up"><ri:page ri:content-title="Part" />{}</ac:link>'
IMAGE = '<ac:image{}><ri:attachment ri:filename="i.png" />{}</ac:image>'
IMAGE_URL = f"{SITE}/download/attachments/42/i.png"
PANEL = (
    '<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute>'
    "<ac:adf-content><p>Mind.</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>Mind.</p></ac:adf-fallback></ac:adf-extension>"
)
DECISION = (
    '<ac:adf-extension><ac:adf-node type="decision-list"><ac:adf-node type="decision-item"><ac:adf-content>Use Go</ac:adf-content>'
    "</ac:adf-node></ac:adf-node></ac:adf-extension>"
)
TASK = (
    "<ac:task><ac:task-id>{}</ac:task-id><ac:task-status>{}</ac:task-status><ac:task-body>{}</ac:task-body></ac:task>"
)
LAYOUT = (
    "<ac:layout><ac:layout-section><ac:layout-cell><p>a</p></ac:layout-cell><ac:layout-cell><p>b</p></ac:layout-cell>"
    "</ac:layout-section><ac:layout-section><ac:layout-cell><p>c</p></ac:layout-cell></ac:layout-section></ac:layout>"
)
FILE = (
    '<ac:structured-macro ac:name="view-file"><ac:parameter ac:name="name"><ri:attachment ri:filename="plan.pdf" />'
    "</ac:parameter></ac:structured-macro>"
)
JOIN = "<p>a</p>{}<p>b</p>"
