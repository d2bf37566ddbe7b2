"""A plain Airflow: the wheel in an environment of its own, set up by nothing but what ``docs/walk.md`` says.

The environment has the packages of the lock file, so that they come out of uv's cache.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.airflow_api import READY, AirflowApi
from sandbox.processes import free_port, started

ROOT = Path(__file__).resolve().parents[2]
WALK = ROOT / "docs" / "walk.md"
UV = next(
    (path for path in (str(ROOT / ".uv" / "bin" / "uv"), shutil.which("uv")) if path and Path(path).exists()), None
)
#: Airflow's own defaults are for a machine that does nothing else, and for people who can wait half a minute.
#: A page that stays open while runs go on would ask every three seconds.
HASTE = {
    "AIRFLOW__API__AUTO_REFRESH_INTERVAL": "30",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "15",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}


@dataclass(frozen=True)
class PlainAirflow:
    """A running Airflow whose home was empty.

    :param site: the address of the sandbox Confluence. :param twig: of the sandbox Twig.
    """

    home: Path
    api: AirflowApi
    site: str
    twig: str

    @property
    def sources(self) -> Path:
        """The sources file that the walk makes."""
        return self.home / "include" / "sources.yaml"


def files_of_the_walk() -> dict[str, str]:
    """Path below AIRFLOW_HOME → text, of each block with a title."""
    blocks = re.findall(r'^```\w+ title="\$AIRFLOW_HOME/([^"]+)"\n(.*?)^```$', _walk(), re.MULTILINE | re.DOTALL)
    return dict(blocks)


def settings_of_the_walk() -> dict[str, str]:
    """What the walk exports, without AIRFLOW_HOME."""
    return dict(re.findall(r"^export (AIRFLOW__\w+)=(\S+)$", _walk(), re.MULTILINE))


def _walk() -> str:
    return WALK.read_text(encoding="utf-8")


@contextlib.contextmanager
def plain_airflow(folder: Path) -> Iterator[PlainAirflow]:
    """Build the wheel, install it, start Airflow and both sandbox servers; stop them when the block ends."""
    bin_folder = install(folder)
    home = folder / "airflow"
    for name, text in files_of_the_walk().items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    first = free_port(22_100 + os.getpid() % 1_800)
    airflow, confluence, twig = first, free_port(first + 1), free_port(first + 2)
    url = f"http://127.0.0.1:{airflow}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "CONFLUENCE_TWIG"))}
    ours = {
        "AIRFLOW_HOME": str(home),
        "PATH": os.pathsep.join([str(bin_folder), os.environ["PATH"]]),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(airflow),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
    }
    environment: Mapping[str, str] = kept | settings_of_the_walk() | HASTE | ours
    with contextlib.ExitStack() as stack:
        for name, port in {"confluence": confluence, "twig": twig}.items():
            command = [sys.executable, "-m", f"sandbox.{name}", "--port", str(port)]
            log = folder / f"{name}.log"
            server = stack.enter_context(started(name, command, log, kept | {"PYTHONPATH": str(ROOT)}))
            server.wait_until_up(f"http://127.0.0.1:{port}/", 60)
        command = [str(bin_folder / "airflow"), "standalone"]
        server = stack.enter_context(started("Airflow", command, folder / "standalone.log", environment))
        for path in READY:
            server.wait_until_up(f"{url}/{path}", 600)
        api = AirflowApi(url)
        api.sign_in()
        yield PlainAirflow(home, api, f"http://127.0.0.1:{confluence}", f"http://127.0.0.1:{twig}")


def install(folder: Path) -> Path:
    """The wheel and what it needs in ``folder/venv``; returns its folder of programs."""
    environment = folder / "venv"
    _uv(
        *("sync", "--frozen", "--no-dev", "--no-install-project", "--python", sys.executable),
        UV_PROJECT_ENVIRONMENT=str(environment),
    )
    _uv("build", "--wheel", "--out-dir", str(folder / "wheel"), str(ROOT))
    (wheel,) = (folder / "wheel").glob("*.whl")
    _uv("pip", "install", "--no-deps", "--python", str(environment / "bin" / "python"), str(wheel))
    _share_bytecode(environment)
    return environment / "bin"


def _uv(*arguments: str, **more: str) -> None:
    """Run uv with what its cache has, and with a network only where that is not enough."""
    if UV is None:
        pytest.skip("uv is not installed")
    for offline in (["--offline"], []):
        command = [UV, *arguments, "--quiet", *offline]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | more, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    pytest.fail(f"uv {' '.join(arguments)}: {done.stderr[-3_000:]}")


def _share_bytecode(environment: Path) -> None:
    """Give the new environment the bytecode of the same files in ours. Compiling it again costs a minute of two processors."""
    ours = Path(pytest.__file__).parents[1]
    (theirs,) = environment.glob("lib/*/site-packages")
    for cache in ours.rglob("__pycache__"):
        target = theirs / cache.relative_to(ours)
        if target.parent.is_dir() and not target.exists():
            shutil.copytree(cache, target, copy_function=os.link)
