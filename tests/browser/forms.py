"""Finding one's way in the forms of Airflow's UI."""

from __future__ import annotations

import re
from typing import Any


def group(dialog: Any, label: str) -> Any:
    """The field with this label, its box and its help text. Labels bear a star where Airflow wants a value."""
    marked = re.compile(rf"^{re.escape(label)}\s*\*?$")
    return dialog.get_by_role("group").filter(has=dialog.page.get_by_text(marked)).last
