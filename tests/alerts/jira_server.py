"""As much of Jira as alerts need, over HTTP: search by label, new issues, comments."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class JiraServer:
    """What happened, and how Jira shall behave.

    :param cloud: True offers the new search only, False the old one only.
    """

    url: str = ""
    token: str = "jira-api-token-1234"
    cloud: bool = True
    refuse: dict[str, str] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        search = "/rest/api/3/search/jql" if self.cloud else "/rest/api/2/search"
        if method == "GET" and path == search:
            return 200, {"issues": [{"key": issue["key"]} for issue in self._found(query["jql"][0])]}
        if method == "GET" and path.startswith(("/rest/api/3/search", "/rest/api/2/search")):
            return (410 if self.cloud else 404), {"errorMessages": ["The requested API has been removed."]}
        if method == "POST" and path == "/rest/api/2/issue":
            return self._create(body["fields"])
        if match := re.fullmatch(r"/rest/api/2/issue/([A-Z]+-\d+)/comment", path):
            next(issue for issue in self.issues if issue["key"] == match[1])["comments"].append(body["body"])
            return 201, {"id": "1"}
        return 404, {}

    def _create(self, fields: dict[str, Any]) -> tuple[int, Any]:
        if self.refuse:
            return 400, {"errorMessages": [], "errors": self.refuse}
        issue = fields | {"key": f"{fields['project']['key']}-{len(self.issues) + 1}", "comments": [], "done": False}
        self.issues.append(issue)
        return 201, {"key": issue["key"]}

    def _found(self, jql: str) -> list[dict[str, Any]]:
        match = re.fullmatch(
            r'project = "(\w+)" AND labels = "(\S+)" AND statusCategory != Done ORDER BY created DESC', jql
        )
        assert match, jql
        return [
            issue
            for issue in reversed(self.issues)
            if issue["project"]["key"] == match[1] and match[2] in issue["labels"] and not issue["done"]
        ]


@contextmanager
def jira_serving() -> Iterator[JiraServer]:
    state = JiraServer()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            allowed = base64.b64encode(f"ops@example.com:{state.token}".encode()).decode()
            if self.headers.get("Authorization") != f"Basic {allowed}":
                status, body = 401, {"errorMessages": ["You are not authenticated."]}
            else:
                status, body = state.answer(
                    self.command, parts.path, parse_qs(parts.query), json.loads(sent) if sent else None
                )
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _handle

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
