"""The table of fields in ``configuration.md``, made of the model: ``make docs`` writes it, and a test compares.

Kind and default are what the model has; the meaning is the text below each field in ``sources/source_fields.py``.
"""

from __future__ import annotations

import ast
import inspect
import types
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from confluence_to_twig.sources.source_fields import SourceFields

PAGE = Path(__file__).with_name("configuration.md")
BEGIN, END = "<!-- made by docs/configuration_reference.py from the model -->\n", "<!-- end of what is made -->\n"
_KINDS = {str: "text", timedelta: "time", datetime: "date"}
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def main() -> None:
    """Write the table into the page."""
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_table(page: str) -> str:
    """The page's text with the table as the model is now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def table() -> str:
    """A row for each field, in the order of the model."""
    meanings = meanings_of(SourceFields)
    rows = ["| field | kind | default | meaning |", "|---|---|---|---|"]
    for name, field in SourceFields.model_fields.items():
        default = "" if field.is_required() else shown(field.default)
        rows.append(f"| `{name}` | {kind(field.annotation, field.metadata)} | {default} | {meanings[name]} |")
    return "\n".join(rows) + "\n"


def meanings_of(model: type[BaseModel]) -> dict[str, str]:
    """Field → the text that stands below it in the code. Raises ``KeyError`` in :func:`table` where there is none."""
    (body,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            assert isinstance(field.target, ast.Name)
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def kind(annotation: Any, metadata: list[Any]) -> str:
    """What may be written, in a few words."""
    origin, choices = get_origin(annotation), [one for one in get_args(annotation) if one is not type(None)]
    if origin is Annotated:
        return kind(choices[0], choices[1:])
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in choices)
    if origin in (Union, types.UnionType):
        return kind(choices[0], metadata)
    if origin is tuple:
        return "list"
    if annotation is bool:
        return "`true`, `false`"
    if annotation in (int, float):
        return " ".join(["number", *_bounds(metadata)])
    return _KINDS.get(annotation, "block")


def _bounds(metadata: list[Any]) -> list[str]:
    limits = {name: getattr(one, name) for one in metadata for name in ("ge", "gt", "le") if hasattr(one, name)}
    low = f"above {limits['gt']:,}" if "gt" in limits else f"from {limits['ge']:,}"
    return [low, f"to {limits['le']:,}"]


def shown(default: Any) -> str:
    """A default as somebody would write it."""
    if default is None or (isinstance(default, (str, tuple, dict)) and not default):
        return "not set"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, timedelta):
        amount, unit = next(
            (int(seconds // size), unit)
            for unit, size in _UNITS
            if (seconds := default.total_seconds()) >= size and not seconds % size
        )
        return f"{amount:,} {unit}{'s' if amount != 1 else ''}"
    if isinstance(default, (int, float)):
        return f"{default:,}"
    if isinstance(default, datetime):
        return f"{default:%Y-%m-%d}"
    if isinstance(default, tuple):
        return f"`[{', '.join(f'{one}s' for one in default)}]`"  # kinds of content, which people write in the plural
    return "see there" if isinstance(default, BaseModel) else f"`{default}`"


if __name__ == "__main__":
    main()
