"""Reads the data files from which most reference pages are made."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from sandbox.sample_space.sources import PACKAGE

# libyaml reads the files in a tenth of the time; it is missing only where PyYAML was built without it
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_data(name: str) -> Any:
    """The content of ``data/<name>.yaml``."""
    text = (files(PACKAGE) / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
