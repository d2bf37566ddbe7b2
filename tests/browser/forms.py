"""Finding one's way in the forms of Airflow's UI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def group(dialog: Any, label: str) -> Any:
    """The field with this label, its box and its help text. Labels bear a star where Airflow wants a value."""
    marked = re.compile(rf"^{re.escape(label)}\s*\*?$")
    return dialog.get_by_role("group").filter(has=dialog.page.get_by_text(marked)).last


def close(ui: Any) -> None:
    """Leave no form open."""
    ui.keyboard.press("Escape")
    ui.get_by_role("dialog").wait_for(state="detached")


def form(ui: Any, conn_id: str, conn_type: str) -> Any:
    """*Add Connection* with the type chosen."""
    ui.get_by_role("button", name="Add Connection").click()
    dialog = ui.get_by_role("dialog")
    dialog.get_by_label("Connection ID").fill(conn_id)
    dialog.get_by_role("combobox", name="Connection Type").click()
    ui.keyboard.type(conn_type)
    ui.get_by_role("option", name=conn_type, exact=True).click()
    return dialog


def fill(dialog: Any, fields: Mapping[str, str], extras: Mapping[str, str]) -> None:
    """Fill in the form and save it. The boxes of extra fields carry no label of their own, so their group finds them."""
    for label, value in fields.items():
        dialog.get_by_label(label, exact=True).fill(value)
    dialog.get_by_role("button", name="Extra Fields", exact=True).click()
    for label, value in extras.items():
        group(dialog, label).get_by_role("textbox").fill(value)
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="hidden")
