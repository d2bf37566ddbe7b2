"""A mistake in a source, in one line: which field, what is wrong, what to write."""

from __future__ import annotations

import reprlib
from typing import Any, get_args

from pydantic import BaseModel

#: What to write, by pydantic's name of the mistake (https://docs.pydantic.dev/latest/errors/validation_errors/).
_WRITE = {
    "string_type": "write text, in quotes where it could be a number",
    "tuple_type": "write a list, such as [first, second]",
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "write a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "write a number, such as 0.2"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "write true or false"),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "datetime_object_invalid"),
        "write a date, such as 2026-01-01",
    ),
    "model_type": "write its fields below it, one a line",
}
_repr = reprlib.Repr()
_repr.maxlevel, _repr.maxlist, _repr.maxdict, _repr.maxstring, _repr.maxother = 2, 5, 5, 100, 100


def shown(value: Any) -> str:
    """A value as a message shows it: YAML can write down one that takes the whole memory to print."""
    try:
        return _repr.repr(value)
    except Exception:
        return f"a value of type {type(value).__name__}"


def explain(model: type[BaseModel], detail: Any) -> str:
    """One error of a ``pydantic.ValidationError`` of this model, for the person who wrote the source."""
    path: tuple[Any, ...] = detail["loc"]
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = f"unknown; allowed are {', '.join(_model_at(model, path[:-1]).model_fields)}"
    elif detail["type"] == "missing":
        message = "missing; every source needs it" if len(path) == 1 else "missing"
    elif not path and detail["type"] != "value_error":
        return (
            f"field 'name': missing; write 'name: docs' and the other fields one a line, not {shown(detail['input'])}"
        )
    elif detail["type"] != "value_error":
        message = f"{_WRITE.get(detail['type'], message)}, not {shown(detail['input'])}"
    where = ".".join(str(part) for part in path)
    if not path:
        where, _, message = message.partition(": ")
    return f"field '{where}': {message}"


def _model_at(model: type[BaseModel], path: tuple[Any, ...]) -> type[BaseModel]:
    """The model whose field a mistake is in: the given one, or one below it, such as ``alerts.jira``."""
    for part in path:
        annotation = model.model_fields[part].annotation
        for kind in (annotation, *get_args(annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
    return model
