"""Line coverage of ``make test``: slipcover measures, coverage judges. ``python -m tests.line_coverage FILE``.

On Python 3.11 coverage has itself told each line of each module, ours or not, every time: the tests then cost 1.9
times the processor. slipcover puts its marks into the modules of the package alone and takes them out again once they
were passed, for 1.2 times. But it counts each line of a statement, and coverage counts statements. So its lines are
handed to coverage, which knows statements, exclusions and the floor from ``pyproject.toml``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from coverage import Coverage


def judge(measured: Path) -> str | None:
    """Print the files with lines that no test reached; returns what is wrong when there are too many.

    :param measured: what ``slipcover --json`` wrote; it has the modules that nothing imported, too.
    """
    files = json.loads(measured.read_text(encoding="utf-8"))["files"]
    coverage = Coverage(data_file=None)
    data = coverage.get_data()
    data.add_lines({str(Path(name).resolve()): found["executed_lines"] for name, found in files.items()})
    data.touch_files([str(Path(name).resolve()) for name in files])
    total = coverage.report(skip_covered=True)
    floor = float(str(coverage.get_option("report:fail_under")))
    return f"{total:.2f} % of the lines are covered, and the floor is {floor} %" if total < floor else None


if __name__ == "__main__":
    sys.exit(judge(Path(sys.argv[1])))
