"""A rendered body stands in where storage holds nothing to read."""

from __future__ import annotations

from confluence_to_twig.content import PageContext, convert

REPORT = '<ac:structured-macro ac:name="detailssummary"><ac:parameter ac:name="cql">label = "x"</ac:parameter></ac:structured-macro>'


def test_view_is_used_where_storage_has_less_to_read(read):
    view = (
        '<div class="table-wrap"><table class="metadata-summary-macro"><thead><tr><th>Title</th><th>Owner</th></tr></thead>'
        '<tbody><tr><td><a href="/wiki/1">One</a></td><td>Ann</td></tr></tbody></table></div>'
    )
    conversion = convert(REPORT, PageContext(view=view))
    assert conversion.report.used_view
    assert conversion.report.coverage == 1.0
    assert read(conversion.markdown).xpath("//td//text()") == ["One", "Ann"]


def test_storage_is_used_where_it_says_as_much_as_the_view():
    conversion = convert("<p>Own words.</p>", PageContext(view="<p>Own words.</p>"))
    assert not conversion.report.used_view


def test_rendered_panels_code_and_status(read):
    view = (
        '<div class="confluence-information-macro confluence-information-macro-warning conf-macro" data-macro-name="warning">'
        '<span class="aui-icon confluence-information-macro-icon">!</span>'
        '<div class="confluence-information-macro-body"><p>Mind the gap<br>now</p></div></div>'
        '<div class="code panel"><pre class="syntaxhighlighter-pre" data-syntaxhighlighter-params="brush: python; gutter: false">'
        "if a &lt; b:\n    pass</pre></div>"
        '<p>State<span class="status-macro aui-lozenge">DONE</span></p>'
        '<div class="toc-macro"><ul><li>a</li></ul></div>'
    )
    page = read(convert("", PageContext(view=view)).markdown)
    assert page.xpath("string(blockquote/p)").split() == ["Warning:", "Mind", "the", "gap", "now"]
    assert page.xpath("string(//pre/code[@class='language-python'])") == "if a < b:\n    pass\n"
    assert page.xpath("string(p)") == "State DONE"
    assert page.xpath("//li") == []
