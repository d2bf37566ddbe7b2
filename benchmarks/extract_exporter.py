"""One timed export of a space by confluence-markdown-exporter; runs in an environment of its own.

It takes a host that is not ``*.atlassian.net`` for a Data Center site, so it is pointed at a Data Center sandbox.
"""

import contextlib
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from exporter_settings import point_exporter_at


def main() -> None:
    url, token, space, workers = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        output = point_exporter_at(url, token, folder)
        os.environ["CME_CONNECTION_CONFIG__MAX_WORKERS"] = workers
        from confluence_markdown_exporter.main import app

        sys.argv = ["cme", "spaces", f"{url}/spaces/{space}"]
        stdout, sys.stdout = sys.stdout, sys.stderr
        started = time.monotonic()
        with contextlib.suppress(SystemExit):
            app()
        seconds = time.monotonic() - started
        pages = sum(1 for _ in output.rglob("*.md"))
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        print(json.dumps({"pages": pages, "seconds": seconds, "peak_kb": int(peak[1])}), file=stdout)


if __name__ == "__main__":
    main()
