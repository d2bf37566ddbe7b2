"""Settings of confluence-markdown-exporter, which it takes from a file and from its environment. For scripts that run beside this
file in an environment of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path


def point_exporter_at(url: str, token: str, folder: str) -> Path:
    """Before the exporter is imported: have it read a site with a token, and write below the folder.

    :returns: where it writes.
    """
    config, output = Path(folder) / "app_data.json", Path(folder) / "out"
    instance = {"username": "", "api_token": "", "pat": token}
    config.write_text(json.dumps({"auth": {"confluence": {url: instance}, "jira": {}}}))
    os.environ |= {
        "CI": "1",
        "CME_CONFIG_PATH": str(config),
        "CME_EXPORT__OUTPUT_PATH": str(output),
        "CME_EXPORT__LOG_LEVEL": "ERROR",
    }
    return output
