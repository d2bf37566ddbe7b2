"""The wheel alone, in an environment of its own with the oldest Airflow, beside a project that has an ``include`` of its own.

The environment is kept in uv's cache as far as packages go, so that the test works without a network after its first time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.airflow_home import STARTUP

ROOT = Path(__file__).resolve().parents[2]
OLDEST = "3.3.0"
UV = next(
    (path for path in (str(ROOT / ".uv" / "bin" / "uv"), shutil.which("uv")) if path and Path(path).exists()), None
)

pytestmark = [
    pytest.mark.packaging,
    pytest.mark.timeout(1_200),
    pytest.mark.skipif(UV is None, reason="uv is not installed"),
]

THEIRS = """
from airflow.sdk import dag, task
from include.naming import NAME


@dag(dag_id=NAME, schedule=None)
def theirs():
    @task
    def hello():
        return 1

    hello()


theirs()
"""

# One process that tells everything: a process of Airflow takes seconds to start.
PROBE = """
import json
import airflow
from airflow import plugins_manager
from airflow.dag_processing.dagbag import DagBag
from airflow.providers_manager import ProvidersManager
import include.naming, confluence_to_twig
plugins, plugin_errors = plugins_manager._get_plugins()
views, _ = plugins_manager._get_ui_plugins()
apps, middlewares = plugins_manager.get_fastapi_plugins()
bag = DagBag()
manager = ProvidersManager()
import os
print(json.dumps({
    "airflow": airflow.__version__,
    "plugins": [plugin.name for plugin in plugins],
    "plugin_errors": plugin_errors,
    "views": [view["url_route"] for view in views],
    "apps": [app["url_prefix"] for app in apps],
    "static": os.path.exists(os.path.join(os.path.dirname(confluence_to_twig.__file__), "web", "static", "index.html")),
    "middlewares": [str(middleware["middleware"].__name__) for middleware in middlewares],
    "kinds": [kind for kind in manager.hooks if kind in ("confluence", "twig")],
    "fields": sorted(name for name in manager.connection_form_widgets if name.startswith("extra__twig__")),
    "dags": {dag_id: [task.task_id for task in dag.tasks] for dag_id, dag in bag.dags.items()},
    "import_errors": bag.import_errors,
    "links": sorted(manager.extra_links_class_names),
    "since": bag.dags["confluence_to_twig__docs"].params.get_param("since").schema.get("format"),
    "include": include.naming.NAME,
}))
"""


@dataclass(frozen=True)
class Place:
    """An environment with the wheel, and another project's folder."""

    bin: Path
    project: Path
    environment: dict[str, str]

    def run(self, *command: str, path: str = "") -> str:
        environment = self.environment | ({"PYTHONPATH": path} if path else {})
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.project, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout[-3_000:]}{done.stderr[-3_000:]}"
        return done.stdout

    def probe(self, path: str = "") -> dict[str, Any]:
        return dict(json.loads(self.run("python", "-c", PROBE, path=path).splitlines()[-1]))


def uv(*arguments: str) -> None:
    """Run uv, first with what its cache has, so that nothing but the first time needs a network."""
    for offline in (["--offline"], []):
        done = subprocess.run([str(UV), *arguments, *offline], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    pytest.fail(f"uv {' '.join(arguments)}: {done.stderr[-3_000:]}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what the checkout holds now, without its build folders."""
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def place(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("theirs")
    environment = folder / "venv"
    uv("venv", "--quiet", "--python", sys.executable, str(environment))
    python = str(environment / "bin" / "python")
    uv("pip", "install", "--quiet", "--python", python, f"apache-airflow=={OLDEST}", str(wheel))
    (packages,) = environment.glob("lib/*/site-packages")
    shutil.copy(STARTUP / "sitecustomize.py", packages)  # a tenth less work for each process
    project = folder / "project"
    for name, text in {
        "include/__init__.py": "",
        "include/naming.py": "NAME = 'theirs'\n",
        "include/sources.yaml": "sources:\n  - name: docs\n    space_key: PROD\n",
        "dags/theirs.py": THEIRS,
        "dags/spaces.py": "from confluence_to_twig import build_dags  # for Airflow\nbuild_dags()\n",
        "dags/problems.py": "from confluence_to_twig import raise_problems  # for Airflow: no dag\nraise_problems()\n",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SSL_CERT_FILE") if name in os.environ}
    settings = {
        "AIRFLOW_HOME": str(project),
        "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    return Place(environment / "bin", project, kept | settings)


def test_the_wheel_has_the_package_its_static_files_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"confluence_to_twig"}
    for name in ("py.typed", "web/static/index.html", "web/static/app.js", "web/static/style.css"):
        assert f"confluence_to_twig/{name}" in names


def test_airflow_works_beside_a_project_with_an_include_of_its_own(place: Place) -> None:
    before = str(place.project)
    place.run("airflow", "db", "migrate", path=before)
    providers = place.run("airflow", "providers", "list", "--output", "json", path=before)
    assert providers.count('"confluence-to-twig"') == 1
    listed = json.loads(
        place.run("airflow", "dags", "list", "--local", "--output", "json", path=before).splitlines()[-1]
    )
    assert {row["dag_id"] for row in listed} == {"confluence_to_twig__docs", "theirs"}


@pytest.mark.parametrize("where", ["before", "after"])
def test_everything_is_there_once_and_without_import_errors(place: Place, where: str) -> None:
    """Before the wheel on the path by PYTHONPATH, after it by a line in a ``.pth`` file."""
    (packages,) = place.bin.parent.glob("lib/*/site-packages")
    after = packages / "zzz_their_project.pth"
    if where == "after":
        after.write_text(f"{place.project}\n", encoding="utf-8")
    try:
        found = place.probe(str(place.project) if where == "before" else "")
    finally:
        after.unlink(missing_ok=True)
    assert found["airflow"] == OLDEST
    assert found["import_errors"] == {}
    assert found["plugin_errors"] == {}
    assert found["plugins"].count("confluence_to_twig") == 1
    assert sorted(found["views"]) == ["confluence-to-twig", "confluence-to-twig-source"]
    assert found["apps"] == ["/confluence-to-twig"]
    assert found["static"] is True
    assert found["middlewares"] == ["PortlessTest"]
    assert sorted(found["kinds"]) == ["confluence", "twig"]
    assert "extra__twig__org_id" in found["fields"]
    assert len([link for link in found["links"] if link.startswith("confluence_to_twig.")]) == 2
    assert found["dags"]["theirs"] == ["hello"]
    assert found["dags"]["confluence_to_twig__docs"] == [
        "validate", "discover", "extract", "transform", "load", "prune", "verify",
    ]  # fmt: skip
    assert found["since"] == "date-time"


def test_the_console_script_starts(place: Place) -> None:
    assert "sync" in place.run("confluence-to-twig", "--help")
