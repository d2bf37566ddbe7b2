"""What Confluence renders for a page-properties report: its storage names a query only, the rows come from other pages."""

from __future__ import annotations

import html
import re

from sandbox.sample_space.people import PEOPLE

REPORT = re.compile(r'<ac:structured-macro ac:name="detailssummary".*?</ac:structured-macro>')
_STATUS = re.compile(
    r'<ac:structured-macro ac:name="status"[^>]*>.*?<ac:parameter ac:name="title">(.*?)</ac:parameter>.*?</ac:structured-macro>'
)
_DATE = re.compile(r'<time datetime="([^"]*)" />')
_MENTION = re.compile(r'<ac:link><ri:user ri:account-id="([^"]*)"[^>]*/></ac:link>')
_NAMES = {user.account_id: user.display_name for user in PEOPLE.values()}


def rendered_report(storage: str, rows: list[tuple[str, list[tuple[str, str]]]]) -> str:
    """The ``view`` body: ``storage`` with its report in place of the macro.

    ``rows`` holds (page title, its properties in storage markup). The page must have no other macro.
    """
    names = list(dict.fromkeys(name for _, properties in rows for name, _ in properties))
    head = "".join(f'<th class="header" data-sortable="true">{html.escape(name)}</th>' for name in names)
    body = "".join(_row(title, dict(properties), names) for title, properties in rows)
    table = (
        '<div class="table-wrap"><table class="aui metadata-summary-macro null conf-macro output-inline" '
        'data-hasbody="false" data-macro-name="detailssummary"><thead><tr><th class="title-heading header">Title</th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return REPORT.sub(lambda _: table, storage)


def _row(title: str, properties: dict[str, str], names: list[str]) -> str:
    cells = "".join(f'<td class="confluenceTd">{_shown(properties.get(name, ""))}</td>' for name in names)
    path = html.escape(title.replace(" ", "+"))
    link = f'<a href="/wiki/display/PROD/{path}">{html.escape(title)}</a>'
    return f'<tr><td class="title confluenceTd">{link}</td>{cells}</tr>'


def _shown(markup: str) -> str:
    markup = _STATUS.sub(r'<span class="status-macro aui-lozenge conf-macro output-inline">\1</span>', markup)
    markup = _DATE.sub(r'<time datetime="\1" class="date-past">\1</time>', markup)
    return _MENTION.sub(
        lambda match: (
            f'<a class="confluence-userlink user-mention" data-account-id="{match[1]}">{_NAMES[match[1]]}</a>'
        ),
        markup,
    )
