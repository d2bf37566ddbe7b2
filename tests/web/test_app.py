from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from confluence_to_twig.sources.source import SOURCES_VARIABLE
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from sandbox.twig import Settings, serve
from tests.twig.world import Page, World, local_staging
from tests.web.roles import PASSWORDS, app_with_roles
from tests.web.samples import NOW, SITE, SampleSource, document, page, planned

TOKEN, KEY, LOGIN = "ATATT3xFfGF0-very-secret-token", "twigsk_live_very_secret", "sync.account@example.com"
CONNECTION = {
    "connection_id": "page_confluence",
    "conn_type": "confluence",
    "host": "https://h.invalid",
    "login": LOGIN,
    "password": TOKEN,
    "extra": json.dumps({"token_expires_on": "2030-01-01", "api_key": KEY}),
}
DOCS = "confluence_to_twig__docs"
READING = [
    f"/confluence-to-twig/api/sources/{DOCS}",
    f"/confluence-to-twig/api/sources/{DOCS}/history",
    f"/confluence-to-twig/api/sources/{DOCS}/plan",
    f"/confluence-to-twig/api/sources/{DOCS}/trouble",
    f"/confluence-to-twig/api/sources/{DOCS}/plans",
    f"/confluence-to-twig/api/sources/{DOCS}/spaces",
]
CSV = f"/confluence-to-twig/api/sources/{DOCS}/plan.csv"
ASKING = f"/confluence-to-twig/api/sources/{DOCS}/ask"


class Airflow:
    """A real Airflow API server with four users, in this process."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.tokens: dict[str, str] = {}

    def __call__(self, user: str | None, method: str, path: str, **kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token(user)}"} if user else {}
        return self.client.request(method, path, headers=headers, **kwargs)

    def get(self, user: str | None, path: str, **params: Any) -> Any:
        return self(user, "GET", path, params=params)

    def token(self, user: str) -> str:
        if user not in self.tokens:
            body = {"username": user, "password": PASSWORDS[user]}
            answer = self.client.post("/auth/token", json=body)
            self.tokens[user] = answer.raise_for_status().json()["access_token"]
        return self.tokens[user]


@pytest.fixture(scope="module")
def airflow(airflow_db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "sources.yaml").write_text(
        "sources:\n"
        "  - {name: docs, space_key: PROD, confluence_conn_id: page_confluence, twig_conn_id: page_twig}\n"
        "  - {name: files, space_key: PROD, delivery: files, files_path: /nowhere, kept_out_titles: editors}\n"
        "  - {name: broken, space_key: 'x y'}\n",
        encoding="utf-8",
    )
    with app_with_roles(folder) as app, TestClient(app, base_url="http://127.0.0.1") as client:
        airflow = Airflow(client)
        airflow("admin", "POST", "/api/v2/connections", json=CONNECTION).raise_for_status()
        yield airflow
        airflow("admin", "DELETE", "/api/v2/connections/page_confluence")


@pytest.fixture
def sample(airflow: Airflow) -> SampleSource:
    source = SampleSource(os.environ[ROOT_VARIABLE])
    if source.staging.home.exists():
        source.staging.home.rmdir(recursive=True)
    return source


@pytest.mark.parametrize("path", ["/confluence-to-twig/api/sources", *READING])
def test_anonymous_callers_get_401(airflow: Airflow, path: str) -> None:
    assert airflow.get(None, path).status_code == 401


def test_anonymous_callers_may_not_ask(airflow: Airflow) -> None:
    assert airflow(None, "POST", ASKING, json={"question": "x"}).status_code == 401


def test_a_made_up_token_opens_nothing(airflow: Airflow) -> None:
    answer = airflow.client.get(READING[0], headers={"Authorization": "Bearer abc.def.ghi"})
    assert answer.status_code in {401, 403}


@pytest.mark.parametrize("path", READING)
def test_users_without_a_role_get_403(airflow: Airflow, path: str) -> None:
    assert airflow.get("stranger", path).status_code == 403


def test_users_without_a_role_see_no_source(airflow: Airflow) -> None:
    assert airflow.get("stranger", "/confluence-to-twig/api/sources").json()["sources"] == []


@pytest.mark.parametrize("user", ["viewer", "user", "admin"])
@pytest.mark.parametrize("path", READING)
def test_everybody_who_may_read_the_dag_may_read_its_page(airflow: Airflow, user: str, path: str) -> None:
    assert airflow.get(user, path).status_code == 200


@pytest.mark.parametrize(
    ("dag", "user", "named"),
    [
        ("docs", "viewer", False),
        ("docs", "user", False),
        ("docs", "admin", False),
        ("files", "viewer", False),
        ("files", "user", True),
        ("files", "admin", True),
    ],
)
def test_a_page_that_is_kept_out_is_named_to_editors_only_and_only_where_the_source_says_so(
    airflow: Airflow, sample: SampleSource, dag: str, user: str, named: bool
) -> None:
    source = SampleSource(os.environ[ROOT_VARIABLE], dag)
    secret = planned("skip", "restricted", 7, title="Takeover of Acme", url=f"{SITE}/takeover-of-acme")
    failure = {key: value for key, value in page(7, title=secret["title"], url=secret["url"]).items() if key != "kind"}
    failure |= {"stage": "load", "error_type": "PermanentError", "error": "it failed"}
    problem = f"{secret['title']} ({secret['url']}): load failed"
    source.run(
        "manual__1", NOW, plan=[secret], quarantine=[failure], state="failed", problems=[problem], warnings=[problem]
    )
    texts = []
    for path in ["/confluence-to-twig/api/sources", *READING[:4], CSV]:
        answer = airflow.get(user, path.replace(DOCS, f"confluence_to_twig__{dag}"))
        assert answer.status_code == 200
        texts.append(answer.text)
    source.staging.home.rmdir(recursive=True)
    assert [("akeover" in text) for text in texts] == [named] * len(texts)
    assert '"withheld":{"quarantined":' + str(int(not named)) in texts[4]
    assert '"counts":{"fetch":{},"delete":{},"leave":{},"skip":{"restricted":1}}' in texts[3]


@pytest.mark.parametrize(("user", "allowed"), [("viewer", False), ("user", True), ("admin", True)])
def test_asking_needs_the_right_to_trigger(airflow: Airflow, sample: SampleSource, user: str, allowed: bool) -> None:
    assert airflow.get(user, READING[0]).json()["may_ask"] is allowed
    answer = airflow(user, "POST", ASKING, json={"question": "gateway"})
    assert answer.status_code == (409 if allowed else 403)  # 409: nothing was loaded yet
    to_the_agent = airflow(user, "POST", ASKING.replace("/ask", "/answer"), json={"question": "gateway"})
    assert to_the_agent.status_code == (502 if allowed else 403)  # 502: this server has no such connection


@pytest.mark.parametrize(
    ("source", "user", "status"),
    [
        ("docs", "viewer", 403),
        ("docs", "user", 403),
        ("docs", "admin", 403),
        ("files", "viewer", 403),
        ("files", "user", 409),  # 409: nothing was loaded yet
        ("files", "admin", 409),
    ],
)
def test_asking_for_few_people_needs_the_right_to_edit_and_the_setting(
    airflow: Airflow, sample: SampleSource, source: str, user: str, status: int
) -> None:
    path = f"/confluence-to-twig/api/sources/confluence_to_twig__{source}"
    body = {"question": "gateway", "audiences": ["", "aa11"]}
    assert airflow(user, "POST", f"{path}/ask", json=body).status_code == status
    assert airflow.get(user, f"{path}/audiences").status_code == (403 if user == "viewer" else 200)


SAMPLE = "{name: docs, space_key: PROD, twig_conn_id: page_twig, restricted_pages: %s, kept_out_titles: %s}"
OTHER = "{name: other, space_key: OTHER, twig_conn_id: %s, restricted_pages: audiences}"


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Other sources for this test."""

    def write(*entries: str) -> None:
        (tmp_path / "sources.yaml").write_text(f"sources: [{', '.join(entries)}]", encoding="utf-8")
        monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "sources.yaml"))

    return write


@pytest.mark.parametrize(
    ("entries", "user", "status"),
    [
        ([SAMPLE % ("skip", "hidden")], "user", 502),  # 502: this server has no such connection
        ([SAMPLE % ("include", "hidden")], "admin", 403),
        ([SAMPLE % ("audiences", "hidden")], "admin", 403),
        ([SAMPLE % ("audiences", "editors")], "viewer", 403),
        ([SAMPLE % ("include", "editors")], "user", 502),
        ([SAMPLE % ("audiences", "editors")], "user", 502),
        ([SAMPLE % ("skip", "editors"), OTHER % "page_twig"], "user", 403),  # its agent may read the other one, too
        ([SAMPLE % ("skip", "hidden"), OTHER % "another"], "user", 502),
    ],
)
def test_an_agent_that_may_know_restricted_pages_answers_those_who_are_shown_them(
    airflow: Airflow, configure: Callable[..., None], entries: list[str], user: str, status: int
) -> None:
    configure(*entries)
    answer = airflow(user, "POST", ASKING.replace("/ask", "/answer"), json={"question": "gateway"})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("titles", "shown", "refused"), [("hidden", ["1001"], True), ("editors", ["1001", "1002"], False)]
)
def test_passages_of_restricted_pages_are_for_those_who_are_shown_them(
    airflow: Airflow,
    sample: SampleSource,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    titles: str,
    shown: list[str],
    refused: bool,
) -> None:
    configure(SAMPLE % ("include", titles))
    plan = [planned("leave", "unchanged", 1), planned("leave", "unchanged", 2, restricted=True)]
    sample.run("manual__1", NOW, plan=plan)
    with serve(settings=Settings(write_per_minute=None)) as served:
        monkeypatch.setenv("AIRFLOW_CONN_PAGE_TWIG", json.dumps(served.connection()))
        world = World(served, local_staging(Path(os.environ[ROOT_VARIABLE]), "docs"))
        world.load(Page("1001", ("gateway for all",)), Page("1002", ("gateway for few",)))
        with world.client() as client:
            client.process(world.source().id)
        answer = airflow("user", "POST", ASKING, json={"question": "gateway"}).raise_for_status().json()
    assert sorted(passage["page_id"] for passage in answer["passages"]) == shown
    assert answer["withheld"] == 2 - len(shown)
    assert (answer["refusal"] is not None) is refused


@pytest.mark.parametrize(("user", "status"), [(None, 401), ("stranger", 403), ("viewer", 403), ("user", 403)])
@pytest.mark.parametrize("what", ["spaces", "check"])
def test_a_connection_is_used_only_for_those_who_may_read_it(
    airflow: Airflow, user: str | None, status: int, what: str
) -> None:
    body = {"conn_id": "page_confluence", "name": "x", "space_key": "X", "confluence_conn_id": "page_confluence"}
    answer = airflow(user, "POST", f"/confluence-to-twig/api/adding/{what}", json=body)
    assert answer.status_code == status
    hidden = body | {"confluence_conn_id": "", "more": "confluence_conn_id: page_confluence"}
    assert airflow(user, "POST", f"/confluence-to-twig/api/adding/{what}", json=hidden).status_code in {status, 422}


def test_an_admin_is_told_what_is_wrong_with_a_connection_and_no_secret(airflow: Airflow) -> None:
    answer = airflow("admin", "POST", "/confluence-to-twig/api/adding/spaces", json={"conn_id": "nowhere"})
    assert answer.status_code == 502
    assert answer.json()["detail"]["summary"].startswith("There is no connection nowhere")


def test_signs_in_with_the_cookie_of_the_ui(airflow: Airflow) -> None:
    cookie = {"Cookie": f"_token={airflow.token('viewer')}"}
    assert airflow.client.get(READING[0], headers=cookie).status_code == 200


def test_a_dag_that_is_not_ours_is_not_found(airflow: Airflow) -> None:
    assert airflow.get("admin", "/confluence-to-twig/api/sources/another_dag").status_code == 404


def test_lists_the_sources_and_counts_mistakes(airflow: Airflow, sample: SampleSource) -> None:
    sample.run("manual__1", NOW, plan=[planned("fetch", "new to Twig", 1)])
    answer = airflow.get("viewer", "/confluence-to-twig/api/sources").json()
    assert [source["name"] for source in answer["sources"]] == ["docs", "files"]
    assert answer["mistakes"] == 1
    docs = answer["sources"][0]
    assert docs["held"] == {"pages": 245, "files": 0, "chunks": 1200}
    assert docs["freshness"]["waiting"] == 1
    assert docs["synced_at"] == NOW.isoformat()


def test_shows_when_the_token_of_the_last_run_expires_and_nothing_of_the_connection(
    airflow: Airflow, sample: SampleSource
) -> None:
    plan, documents = [planned("fetch", "new to Twig", 1)], [document(1, tolerant=True)]
    sample.run("manual__1", NOW, plan=plan, documents=documents, token_expires_on="2031-05-06")
    source = airflow.get("admin", READING[0]).json()
    assert source["token"]["expires_on"] == "2031-05-06"
    for path in ["/confluence-to-twig/api/sources", *READING]:
        text = airflow.get("admin", path).text
        assert not any(secret in text for secret in (TOKEN, KEY, LOGIN, "h.invalid", "2030-01-01"))


def test_a_connection_that_only_this_server_lacks_is_nobodys_problem(airflow: Airflow) -> None:
    files = airflow.get("viewer", "/confluence-to-twig/api/sources").json()["sources"][1]
    assert (files["token"]["state"], files["standing"]) == ("unknown", {"state": "pending", "reasons": []})


def test_a_backfill_neither_mends_nor_breaks_what_the_last_sync_left(airflow: Airflow, sample: SampleSource) -> None:
    error = {"task": "validate", "shard": None, "error": "CredentialsError: 401 Unauthorized\nMake a new token."}
    sample.run("scheduled__1", NOW.replace(hour=1), state="failed", errors=[error])
    sample.run("backfill__2", NOW.replace(hour=2), run_type="backfill")
    docs = airflow.get("viewer", READING[0]).json()
    assert docs["standing"]["state"] == "failed"
    assert docs["standing"]["reasons"] == [{"summary": "401 Unauthorized", "remedy": "Make a new token."}]
    assert (docs["last"]["run_id"], docs["newest"]["run_id"]) == ("scheduled__1", "backfill__2")
    assert docs["newest"]["kind"] == "backfill"


def test_a_source_with_damaged_staging_hides_no_other(airflow: Airflow, sample: SampleSource) -> None:
    sample.bind()
    with (sample.staging.home / "twig.json").open("w") as file:
        file.write("{")
    docs, files = airflow.get("viewer", "/confluence-to-twig/api/sources").json()["sources"]
    assert "twig.json is not readable" in docs["damage"]["summary"]
    assert docs.keys() == files.keys()
    assert files["damage"] is None
    assert airflow.get("viewer", READING[3]).status_code in {200, 502}


def test_history_is_limited_to_the_newest(airflow: Airflow, sample: SampleSource) -> None:
    for number in range(3):
        sample.run(f"manual__{number}", NOW.replace(hour=number))
    answer = airflow.get("viewer", READING[1], limit=2).json()
    assert answer["total"] == 3
    assert [run["run_id"] for run in answer["runs"]] == ["manual__1", "manual__2"]


def test_shows_the_newest_plan_or_the_one_asked_for(airflow: Airflow, sample: SampleSource) -> None:
    sample.run("manual__a:1", NOW.replace(hour=1), plan=[planned("fetch", "new to Twig", 1)])
    sample.run("manual__b:2", NOW.replace(hour=2), plan=[planned("leave", "unchanged", 1)])
    sample.run("manual__c:3", NOW.replace(hour=3))
    newest = airflow.get("viewer", READING[2]).json()
    assert (newest["run"], newest["rows"][0]["reason"]) == ("manual__b_2", "unchanged")
    older = airflow.get("viewer", READING[2], run="manual__a:1").json()
    assert older["rows"][0]["reason"] == "new to Twig"
    assert airflow.get("viewer", READING[2], run="../../other").json()["rows"] == []


def test_a_plan_is_saved_with_what_the_viewer_may_see_and_no_formula(airflow: Airflow, sample: SampleSource) -> None:
    rows = [planned("fetch", "new to Twig", 1, title="=1+1"), planned("skip", "restricted", 2, title="Secret")]
    sample.run("manual__1", NOW, plan=rows)
    answer = airflow.get("viewer", CSV)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="plan-docs-manual__1.csv"'
    head, *lines = answer.text.splitlines()
    assert head.startswith('\ufeff"page_id","kind","action","reason","outcome","title"')
    assert [line.split(",")[5] for line in lines] == ['"\'=1+1"']
    assert airflow.get("viewer", CSV, run="manual__0").status_code == 404
    assert airflow.get("stranger", CSV).status_code == 403
    assert airflow.get(None, CSV).status_code == 401


def test_lists_the_runs_whose_plan_is_kept(airflow: Airflow, sample: SampleSource) -> None:
    sample.run("manual__1", NOW.replace(hour=1), plan=[planned("leave", "unchanged", 1)])
    sample.run("manual__2", NOW.replace(hour=2))
    (run,) = airflow.get("viewer", READING[4]).json()["runs"]
    assert run == {
        "folder": "manual__1",
        "kind": "sync",
        "state": "success",
        "ended_at": NOW.replace(hour=1).isoformat(),
    }


def test_a_source_that_never_ran_has_empty_answers(airflow: Airflow, sample: SampleSource) -> None:
    assert airflow.get("viewer", READING[0]).json()["last"] is None
    assert airflow.get("viewer", READING[1]).json() == {"total": 0, "runs": [], "events": []}
    assert airflow.get("viewer", READING[2]).json()["run"] is None
    nothing: dict[str, Any] = {"quarantined": [], "conversions": [], "warnings": []}
    nothing |= {"withheld": {"quarantined": 0, "conversions": 0}}
    nothing |= {"doctor": None, "open": []}
    assert airflow.get("viewer", READING[3]).json() == nothing


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 501}, {"offset": -1}, {"search": "x" * 201}])
def test_refuses_what_it_cannot_page(airflow: Airflow, params: dict[str, Any]) -> None:
    assert airflow.get("viewer", READING[2], **params).status_code == 422


@pytest.mark.parametrize("body", [{}, {"question": ""}, {"question": "x" * 2001}, {"question": "x", "limit": 21}])
def test_refuses_questions_that_are_none(airflow: Airflow, body: dict[str, Any]) -> None:
    assert airflow("user", "POST", ASKING, json=body).status_code == 422


def test_a_question_is_answered_with_passages(
    airflow: Airflow, sample: SampleSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(settings=Settings(write_per_minute=None)) as served:
        fields = {"conn_type": "twig", "host": served.base_url, "password": served.api_key}
        monkeypatch.setenv("AIRFLOW_CONN_PAGE_TWIG", json.dumps(fields | {"extra": {"org_id": served.org_id}}))
        world = World(served, local_staging(Path(os.environ[ROOT_VARIABLE]), "docs"))
        world.load(Page("1", ("Mount the <b>bracket</b>",), title="Gateway"))
        with world.client() as client:
            client.process(world.source().id)
        answer = airflow("user", "POST", ASKING, json={"question": "mount a bracket"})
        served_key = served.api_key
    assert answer.status_code == 200
    (passage,) = answer.json()["passages"]
    assert (passage["title"], passage["text"]) == ("Gateway", "Mount the <b>bracket</b>")
    assert served_key not in answer.text


def test_says_what_is_wrong_when_twig_cannot_be_asked(
    airflow: Airflow, sample: SampleSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample.bind("http://127.0.0.1:9")
    monkeypatch.setenv("AIRFLOW_CONN_PAGE_TWIG", json.dumps({"conn_type": "twig", "host": "http://twig.invalid"}))
    answer = airflow("user", "POST", ASKING, json={"question": "gateway"})
    assert answer.status_code == 502
    assert answer.json()["detail"]["summary"].startswith("Twig connection")


def test_an_unknown_connection_is_named(airflow: Airflow, sample: SampleSource) -> None:
    sample.bind()
    answer = airflow("user", "POST", ASKING, json={"question": "gateway"})
    assert answer.status_code == 502
    assert answer.json()["detail"]["summary"].startswith("There is no connection page_twig")


def test_the_page_itself_holds_no_data(airflow: Airflow) -> None:
    answer = airflow.client.get("/confluence-to-twig/")
    assert answer.status_code == 200
    assert "docs" not in answer.text


@pytest.mark.parametrize("path", ["/confluence-to-twig/", "/confluence-to-twig/static/app.js", *READING])
def test_every_answer_carries_the_protective_headers(airflow: Airflow, path: str) -> None:
    headers = airflow.get("viewer", path).headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == ("no-store" if "/api/" in path else "no-cache")


@pytest.mark.parametrize("path", ["docs", "redoc", "openapi.json"])
def test_shows_no_documentation_of_its_endpoints(airflow: Airflow, path: str) -> None:
    assert airflow.client.get(f"/confluence-to-twig/{path}").status_code == 404


def test_the_page_loads_nothing_from_elsewhere() -> None:
    static = Path(__file__).resolve().parents[2] / "include" / "confluence_to_twig" / "web" / "static"
    for path in static.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path
        assert "https://" not in text, path
        assert "innerHTML" not in text, path


def test_the_page_asks_for_every_script_at_once() -> None:
    static = Path(__file__).resolve().parents[2] / "include" / "confluence_to_twig" / "web" / "static"
    page = (static / "index.html").read_text(encoding="utf-8")
    assert all(f'"static/{script.name}"' in page for script in static.glob("*.js"))
