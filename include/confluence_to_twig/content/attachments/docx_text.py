"""The text of a paragraph of a Word file as it is shown, with its links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docx.oxml.ns import qn

from confluence_to_twig.content.attachments.written import in_lines
from confluence_to_twig.content.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
#: What was deleted under review, the same text for older programs, and what is no text.
_UNSEEN = {qn(tag) for tag in ("w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:sdtPr")} | {f"{_COMPATIBLE}Fallback"}
_CHARACTERS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
#: What a switch says that is on.
ON = {None, "1", "true", "on"}


def pieces_of(element: Iterable[Any], boxes: list[Any], links: dict[str, str]) -> Iterator[Node | str]:
    """The text of a paragraph as it is shown.

    :param boxes: where the text boxes that are anchored in it are added. :param links: id of a link → its address.
    """
    for child in element:
        if child.tag in {qn("w:t"), _MATH_TEXT}:
            yield child.text or ""
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        elif child.tag == qn("w:txbxContent"):
            boxes.append(child)
        elif child.tag in {qn("w:footnoteReference"), qn("w:endnoteReference")}:
            yield f"[{child.get(qn('w:id'), '')}]"
        elif child.tag == qn("w:hyperlink") and (address := links.get(child.get(qn("r:id"), ""))):
            yield Node("a", {"href": address}, in_lines(pieces_of(child, boxes, {})))
        elif child.tag not in _UNSEEN and not (child.tag == qn("w:r") and _is_hidden(child)):
            yield from pieces_of(child, boxes, links)


def _is_hidden(run: Any) -> bool:
    mark = run.find(f"{qn('w:rPr')}/{qn('w:vanish')}")
    return mark is not None and mark.get(qn("w:val")) in ON
