"""draw.io and Gliffy files as text, and what a file that means harm can not do."""

from __future__ import annotations

import base64
import json
import zlib
from importlib import import_module
from urllib.parse import quote

import pytest

from confluence_to_twig.content import Attachment, PageContext, convert
from confluence_to_twig.content.attachments.kinds import reader_for
from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.attachments.own_documents import stays_with_page
from confluence_to_twig.content.diagrams.drawio import drawio_text
from confluence_to_twig.content.diagrams.gliffy import gliffy_text
from tests.content.constructs.example import macro

MODEL = (
    '<mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>'
    '<mxCell id="a" value="&lt;b&gt;Web&lt;/b&gt;&lt;br&gt;client" style="rounded=1;html=1" vertex="1" parent="1"/><mxCell id="b" value="Server" vertex="1" parent="1"/>'
    '<UserObject id="c" label="DB %env%" env="prod" placeholders="1"><mxCell vertex="1" parent="1"/></UserObject>'
    '<mxCell id="d" value="Legend" vertex="1" parent="1"/>'
    '<mxCell id="e" edge="1" source="a" target="b" parent="1"/><mxCell id="f" value="asks" vertex="1" parent="e"/>'
    '<mxCell id="g" value="reads" edge="1" source="b" target="c" parent="1"/></root></mxGraphModel>'
)
SAID = ["Legend", "Web client → Server: asks", "Server → DB prod: reads"]


def deflated(data: bytes) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(packer.compress(data) + packer.flush()).decode()


def test_shapes_and_arrows_of_a_drawing():
    assert drawio_text(MODEL.encode()).splitlines() == SAID


def test_pages_deflated_or_not_below_their_titles():
    packed = deflated(quote(MODEL).encode())
    file = f'<mxfile><diagram name="Net">{packed}</diagram><diagram name="Plan">{MODEL}</diagram></mxfile>'
    assert drawio_text(file.encode()).splitlines() == ["Net:", *SAID, "", "Plan:", *SAID]


def test_lines_of_a_label_are_words_apart():
    cell = '<mxCell id="a" value="Triage&lt;div&gt;within 1 h&lt;/div&gt;&lt;p&gt;by Ada&lt;/p&gt;" style="html=1" vertex="1"/>'
    assert drawio_text(f"<mxGraphModel><root>{cell}</root></mxGraphModel>".encode()) == "Triage within 1 h by Ada"


def drawn(*cells: str) -> list[str]:
    """What a page of these cells says, which lie in a layer."""
    root = '<mxCell id="0"/><mxCell id="1" value="Background" parent="0"/>' + "".join(cells)
    return drawio_text(f"<mxGraphModel><root>{root}</root></mxGraphModel>".encode()).splitlines()


def box(key: str, value: str = "", parent: str = "1", style: str = "", inner: str = "", **more: str) -> str:
    attributes = "".join(f' {name}="{text}"' for name, text in more.items())
    value = quote_attribute(value)
    return (
        f'<mxCell id="{key}" value="{value}" style="{style}" vertex="1" parent="{parent}"{attributes}>{inner}</mxCell>'
    )


def line(key: str, start: str, end: str, style: str = "", value: str = "") -> str:
    return f'<mxCell id="{key}" value="{value}" style="{style}" edge="1" source="{start}" target="{end}" parent="1"/>'


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("", "A → B"),
        ("endArrow=open;endFill=0", "A → B"),
        ("startArrow=classic;endArrow=none", "B → A"),
        ("startArrow=blockThin;endArrow=blockThin", "A ↔ B"),
        ("endArrow=none", "A — B"),
        ("startArrow=diamondThin;endArrow=none", "A — B"),
        ("startArrow=diamond;endArrow=open", "A → B"),
        ("shape=link", "A — B"),
        ("startArrow=ERmandOne;endArrow=ERzeroToMany", "A — B: 1, 0..n"),
    ],
)
def test_a_line_points_where_its_heads_do(style, said):
    assert drawn(box("a", "A"), box("b", "B"), line("c", "a", "b", style)) == [said]


def test_words_along_a_line_stand_in_its_direction():
    at = '<mxGeometry x="{}" relative="1" as="geometry"/>'
    ends = [box("d", "0..1", "c", inner=at.format("0.9")), box("e", "1", "c", inner=at.format("-0.9"))]
    assert drawn(box("a", "A"), box("b", "B"), line("c", "a", "b", value="lives at"), *ends) == [
        "A → B: 1, lives at, 0..1"
    ]
    back = line("c", "a", "b", "startArrow=open;endArrow=none", "lives at")
    assert drawn(box("a", "A"), box("b", "B"), back, *ends) == ["B → A: 0..1, lives at, 1"]


def test_what_lies_in_a_shape_stands_in_its_line():
    lanes = [box("p", "Pool"), box("x", "Sales", "p"), box("y", "Store", "p")]
    steps = [box("g", "", "x"), box("a", "Order", "g"), box("b", "Check", "g"), box("c", "Ship", "y")]
    assert drawn(*lanes, *steps, line("e", "b", "c")) == [
        "Pool: Sales; Store",
        "Sales: Order; Check",
        "Store: Ship",
        "Check → Ship",
    ]


def test_a_row_of_a_table_is_one_line_with_its_table():
    row, cell = "shape=tableRow", "shape=partialRectangle;html=1"
    orders = [box("t", "Orders", style="shape=table"), box("r", "", "t", row), box("k", "FK", "r", cell), box("n", "user_id int", "r", cell)]  # fmt: skip
    users = [box("u", "Users", style="swimlane"), box("i", "id int", "u", cell), box("j", "PK", "i", cell)]
    assert drawn(*orders, *users, line("e", "i", "r", "endArrow=ERmany;startArrow=ERone")) == [
        "Orders: FK user_id int",
        "Users: PK id int",
        "Users (PK id int) — Orders (FK user_id int): 1, n",
    ]


def test_labels_are_html_only_where_their_style_says_so():
    assert drawn(box("a", "<<create>>\n:Proxy"), box("b", "List<String>")) == ["<<create>> :Proxy", "List<String>"]
    assert drawn(box("a", "<p>&lt;&lt;block&gt;&gt;</p><b>Power</b>", style="html=1")) == ["<<block>> Power"]
    table = "<table><tr><th>Task</th><th>Who</th></tr><tr><td>Pay</td><td>Ada</td></tr></table>"
    assert drawn(box("a", table, style="html=1")) == ["Task Who Pay Ada"]


def test_a_placeholder_has_the_value_of_the_shape_around_it():
    lane = '<object id="l" label="Doing" state="in progress"><mxCell style="swimlane" vertex="1" parent="1"/></object>'
    task = '<object id="t" label="Pay %state% %who% %none%" placeholders="1" who=""><mxCell vertex="1" parent="g"/></object>'
    assert drawn(lane, box("g", parent="l"), task) == ["Doing: Pay in progress %none%"]


def test_what_is_hidden_on_the_page_says_nothing():
    layer = '<mxCell id="2" value="Notes" parent="0" visible="0"/>'
    shapes = [box("a", "Seen"), box("b", "Unseen", visible="0"), box("c", "In a hidden layer", "2")]
    shapes += [box("d", "Alt text", style="noLabel=1"), box("e", "In a hidden group", "b")]
    assert drawn(layer, *shapes) == ["Seen"]


def test_a_line_that_leads_nowhere_needs_words():
    assert drawn(box("a", "Alone"), box("b"), line("c", "a", "b"), line("d", "a", "")) == ["Alone"]
    assert drawn(box("a", "Known"), line("c", "a", "", value="calls")) == ["Known → …: calls"]


def test_a_drawing_with_pictures_of_some_megabytes_is_read():
    picture = f"image=data:image/png,{'A' * 6_000_000}"
    model = f"<mxGraphModel><root>{box('a', 'Router', style=picture)}</root></mxGraphModel>"
    assert drawio_text(f"<mxfile><diagram>{deflated(quote(model).encode())}</diagram></mxfile>".encode()) == "Router"


def test_a_drawing_shown_under_another_name_than_its_file_has_stands_in_its_place():
    file = Attachment("net-4", "https://acme.example/f", "application/vnd.jgraph.mxfile", "Web → DB: asks")
    drawing = macro("drawio", diagramName="net-4", diagramDisplayName="Network of site 4")
    markdown = convert(f"<p>before</p>{drawing}<p>after</p>", PageContext(attachments=(file,))).markdown
    assert markdown.startswith("before\n\nDiagram: Network of site 4\n\n- Web → DB: asks\n\nafter")
    assert markdown.count("Web → DB") == 1


def test_a_drawing_inside_an_image():
    content = quote_attribute(f"<mxfile><diagram>{MODEL}</diagram></mxfile>")
    svg = f'<?xml version="1.0" encoding="UTF-8"?><svg xmlns="http://www.w3.org/2000/svg" content="{content}"/>'
    assert drawio_text(svg.encode()).splitlines() == SAID


def test_mermaid_in_a_drawing_is_code():
    data = quote_attribute(json.dumps({"data": "graph TD\n  A-->B", "config": {}}))
    cell = f'<UserObject id="2" label="" mermaidData="{data}"><mxCell vertex="1" parent="1"/></UserObject>'
    text = drawio_text(f"<mxGraphModel><root>{cell}</root></mxGraphModel>".encode())
    assert text == "```mermaid\ngraph TD\n  A-->B\n```"


def test_groups_in_a_circle_end():
    cells = '<mxCell id="a" vertex="1" parent="b"/><mxCell id="b" vertex="1" parent="a"/><mxCell edge="1" source="a" target="b" value="x"/>'
    assert drawio_text(f"<mxGraphModel><root>{cells}</root></mxGraphModel>".encode()) == "x"


LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "file",
    [
        "",
        "<mxfile",
        "<html/>",
        "\x00\xff",
        f"<mxfile><diagram>{deflated(b'a' * 50_000_000)}</diagram></mxfile>",
        f"<mxfile><diagram>{deflated(b'a' * 5_000)[:-8]}</diagram></mxfile>",
        f'<!DOCTYPE x [<!ENTITY e0 "ha">{LAUGHS}]><mxGraphModel><root><mxCell value="&e11;"/></root></mxGraphModel>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><mxGraphModel><root>&e;</root></mxGraphModel>',
        "<a>" * 100_000,
    ],
    ids=["empty", "cut", "other", "bytes", "bomb", "damaged", "laughs", "foreign", "deep"],
)
def test_a_file_that_is_none_or_means_harm_is_refused(file):
    with pytest.raises(UnreadableFileError):
        drawio_text(file.encode())


def shape(number: int, words: str, kind: str = "Shape", **more: object) -> dict[str, object]:
    text = {"id": number + 100, "graphic": {"type": "Text", "Text": {"html": f"<p><span>{words}</span></p>"}}}
    return {"id": number, "graphic": {"type": kind}, "children": [text], **more}


def test_shapes_and_lines_of_gliffy():
    ends = {
        "startConstraint": {"StartPositionConstraint": {"nodeId": 1}},
        "endConstraint": {"EndPositionConstraint": {"nodeId": 2}},
    }
    group = {"id": 9, "graphic": None, "children": [shape(2, "Paid &amp; sent")]}
    objects = [shape(1, "Open"), group, shape(3, "pays", "Line", constraints=ends), shape(4, "Legend")]
    file = json.dumps({"contentType": "application/gliffy+json", "stage": {"objects": objects}})
    assert gliffy_text(file.encode()).splitlines() == ["Legend", "Open → Paid & sent: pays"]


def gliffy(*objects: dict[str, object], **stage: object) -> list[str]:
    return gliffy_text(json.dumps({"stage": {"objects": objects, **stage}}).encode()).splitlines()


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [(0, 1, "A → B: pays"), (2, 0, "B → A: pays"), (8, 8, "A ↔ B: pays"), (0, 0, "A — B: pays"), (7, 0, "A — B: pays"), (12, 9, "A — B: 1, pays, 0..n")],
)  # fmt: skip
def test_a_line_of_gliffy_points_where_its_heads_do(start, end, said):
    ends = {
        "startConstraint": {"StartPositionConstraint": {"nodeId": 1}},
        "endConstraint": {"EndPositionConstraint": {"nodeId": 2}},
    }
    pays = shape(3, "pays", "Line", constraints=ends)
    pays["graphic"] = {"type": "Line", "Line": {"startArrow": start, "endArrow": end}}
    assert gliffy(shape(1, "A"), shape(2, "B"), pays) == [said]


def test_a_class_of_gliffy_has_its_name_and_what_is_in_it():
    boxes = [shape(2, "Order"), shape(3, "total: money"), shape(4, "pay()")]
    group = {"id": 1, "uid": "com.gliffy.shape.uml.uml_v2.class.class", "graphic": None, "children": boxes}
    assert gliffy(group, shape(5, "Legend")) == ["Legend", "Order: total: money; pay()"]


def test_a_hidden_layer_of_gliffy_says_nothing_and_a_note_does():
    layers = [{"guid": "x", "visible": False}, {"guid": "y", "visible": True}]
    note = {"id": 7, "graphic": {"type": "PopupNote", "PopupNote": {"text": "<p>Ask Ada</p>"}}}
    assert gliffy(shape(1, "Unseen", layerId="x"), shape(2, "Seen", layerId="y"), note, layers=layers) == [
        "Seen",
        "Ask Ada",
    ]


@pytest.mark.parametrize("file", ["", "[]", "[" * 100_000, "{", "7", '{"stage": 7}'])
def test_a_gliffy_file_that_is_none_says_nothing(file):
    try:
        assert gliffy_text(file.encode()) == ""
    except UnreadableFileError as error:
        assert "JSON" in str(error) or "Gliffy" in str(error)


def quote_attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace("\n", "&#10;")


FILE = Attachment("Net", "https://e.com/Net", "application/vnd.jgraph.mxfile", "\n".join(SAID))


def test_a_page_that_is_only_a_drawing_says_what_is_in_it():
    drawing = macro("drawio", diagramName="Net", width="900", baseUrl="https://e.com/wiki")
    conversion = convert(drawing, PageContext(attachments=(FILE,)))
    assert conversion.markdown.splitlines() == ["Diagram: Net", "", *(f"- {line}" for line in SAID)]


def test_a_drawing_that_no_macro_shows_stands_with_the_files():
    markdown = convert("<p>a</p>", PageContext(attachments=(FILE,))).markdown
    assert markdown.splitlines()[2:] == [
        "## Attachments",
        "",
        "- [Net](https://e.com/Net)",
        "",
        "### Net",
        "",
        *(f"- {line}" for line in SAID),
    ]


@pytest.mark.parametrize(
    ("storage", "fence"),
    [
        (macro("mermaid-cloud", plain=json.dumps({"code": "graph TD\nA-->B", "theme": "dark"})), "```mermaid\ngraph TD\nA-->B\n```"),
        (macro("mermaid", plain="graph TD\n  A[x y] --> B"), "```mermaid\ngraph TD\n  A[x y] --> B\n```"),
        (macro("plantuml", plain=deflated(b"@startuml\nA -> B\n@enduml")), "```plantuml\n@startuml\nA -> B\n@enduml\n```"),
        (macro("plantumlcloud", data=base64.b64encode(b"@startuml\nA -> B\n@enduml").decode(), compressed="false"), "```plantuml\n@startuml\nA -> B\n@enduml\n```"),
        (macro("plantumlcloud", data=deflated(b"%40startuml%0AA -%3E B%0A%40enduml")), "```plantuml\n@startuml\nA -> B\n@enduml\n```"),
        (macro("acme-graphviz", plain="digraph { a -> b }"), "```dot\ndigraph { a -> b }\n```"),
        (macro("plantumlcloud", filename="seq.puml", data=deflated(b"a" * 50_000_000)), "Diagram: seq.puml"),
        (macro("drawio", plain=MODEL, diagramName="Net"), "Diagram: Net\n\n" + "\n".join(f"- {line}" for line in SAID)),
    ],
    ids=["mermaid as JSON", "mermaid", "deflated", "base64", "half encoded", "graphviz", "bomb", "drawing in the body"],
)  # fmt: skip
def test_sources_of_diagrams(storage, fence):
    assert convert(storage).markdown == fence


@pytest.mark.parametrize(
    ("name", "media_type", "reader"),
    [
        ("Net", "application/vnd.jgraph.mxfile", drawio_text),
        ("Net.drawio.xml", "text/xml", drawio_text),
        ("net.DRAWIO", "application/octet-stream", drawio_text),
        ("a1b2", "application/gliffy+json", gliffy_text),
    ],
)
def test_files_of_drawings_are_read_by_the_limited_process(name, media_type, reader):
    module, _, function = (reader_for(name, media_type) or "").partition(":")
    assert getattr(import_module(module), function) is reader
    assert stays_with_page(name, media_type)


def test_other_files_are_no_drawings():
    assert not stays_with_page("Net.png", "image/png")
    assert not stays_with_page("plan.pdf", "application/pdf")
