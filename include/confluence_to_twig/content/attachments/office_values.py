"""Values of sheets and charts as a reader sees them, near enough: dates by ISO 8601, no digits that only a computer sees."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.datetime import from_excel


def shown(value: Any, number_format: str = "") -> str:
    """A value as text. :param number_format: of a number, as Excel writes it: ``0.0%``."""
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float() if "%" in number_format:
            return f"{value * 100:.10g}%"
        case float():
            return f"{value:.15g}"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("seconds")
    return str(value).strip()


def shown_number(text: str, number_format: str) -> str:
    """A number that a file stores as text; days since 1900 as the date that the format makes of them."""
    try:
        number = float(text)
        return shown(from_excel(number) if is_date_format(number_format) else number, number_format)
    except (ValueError, OverflowError):
        return text.strip()
