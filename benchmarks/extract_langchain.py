"""One timed load of a space by LangChain's ConfluenceLoader; runs in an environment of its own."""

import json
import logging
import re
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

from langchain_community.document_loaders import ConfluenceLoader  # noqa: E402


def main() -> None:
    url, email, token, space, check = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    loader = ConfluenceLoader(
        url=f"{url}/wiki",
        username=email,
        api_key=token,
        space_key=space,
        include_restricted_content=check != "skip",
        include_labels=True,
        limit=100,
        max_pages=1_000_000,
    )
    pages = sum(1 for _ in loader.lazy_load())
    seconds = time.monotonic() - started
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(json.dumps({"pages": pages, "seconds": seconds, "peak_kb": int(peak[1])}))


if __name__ == "__main__":
    main()
