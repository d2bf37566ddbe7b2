"""What each Python process of an Airflow of the sandbox does first: let the garbage collector look more seldom.

Such a process imports 3,000 modules, which stay. To look through them again and again while they come takes a tenth of its start.
"""

from __future__ import annotations

import gc
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

gc.set_threshold(50_000, 20, 100)

_HERE = Path(__file__).parent
# Python takes the first module of this name, and the installation may have one of its own.
_theirs = PathFinder.find_spec(__name__, [path for path in sys.path if Path(path) != _HERE])
if _theirs and _theirs.loader:
    _theirs.loader.exec_module(module_from_spec(_theirs))
