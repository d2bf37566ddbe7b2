"""``confluence-to-twig sync``: connections from the caller's Airflow, exit status, report, two at once."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from sandbox import confluence, twig
from tests.cli.conftest import SECONDS, Commands, Ended, ended

Servers = tuple[confluence.SandboxConfluence, twig.ServedTwig]


@pytest.mark.timeout(3 * SECONDS)
def test_two_syncs_at_once_in_one_folder_do_not_disturb_each_other(
    commands: Commands, servers: Servers, here: Callable[..., Ended]
) -> None:
    served, served_twig = servers
    good = served.connection()
    commands.environment = {
        "AIRFLOW_CONN_CONFLUENCE_DEFAULT": json.dumps(good),
        "AIRFLOW_CONN_REVOKED": json.dumps(good | {"password": "wrong-token-of-somebody"}),
    }
    fields = served_twig.connection()
    commands.store("twig_default", fields | {"extra": json.dumps(fields["extra"])})
    source = {"space_key": "SMALL", "schedule": "manual"}
    first = commands.sources(source | {"name": "one"}, source | {"name": "two", "confluence_conn_id": "revoked"})
    second = commands.sources(source | {"name": "three"}, name="second.yaml")

    started = (
        commands.start("sync", "--sources", first, "--report", "out.json"),
        commands.start("sync", "--sources", second),
    )
    one, three = map(ended, started)

    assert one.returncode == 1, one.stdout + one.stderr
    assert one.stdout.splitlines()[0] == (
        f"one: space SMALL of {served.base_url} (confluence_default) → {served_twig.base_url} (twig_default)"
    )
    assert "one: 12 pages → 12 chunks (12 changed, 0 removed, 0 failed)" in one.stdout
    assert "401 Unauthorized" in one.stderr.splitlines()[-1]
    assert "wrong-token-of-somebody" not in one.stdout + one.stderr
    reports = json.loads((commands.folder / "out.json").read_text(encoding="utf-8"))
    assert (reports["one"]["state"], reports["two"]["state"]) == ("success", "failed")
    assert reports["one"]["result"]["pages"] == 12
    assert reports["one"]["plan"]["fetch"] == {"new to Twig": 12}
    assert reports["one"]["figures"]["requests"] > 5
    tasks = {"validate", "discover", "extract", "transform", "load", "verify"}
    assert set(reports["one"]["tasks"]) == tasks

    assert three.returncode == 0, three.stdout + three.stderr
    assert "three: 12 pages → 12 chunks (12 changed, 0 removed, 0 failed)" in three.stdout
    assert three.stderr == ""
    assert "unrunnable" not in three.stdout

    again = here("sync", "one", "--sources", first, confluence_default=good, twig_default=fields)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing to do" in again.stdout


def test_a_port_where_nobody_listens_is_named_and_the_exit_status_is_1(
    commands: Commands, here: Callable[..., Ended]
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        fields = {
            "conn_type": "confluence",
            "host": f"http://127.0.0.1:{port}",
            "login": "a@b.example",
            "password": "t0k",
        }
        twig_fields = {"conn_type": "twig", "host": f"http://127.0.0.1:{port}", "password": "twigsk_test"}
        commands.sources({"name": "docs", "space_key": "PROD"})
        done = here("sync", confluence_default=fields, twig_default=twig_fields)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == (
        f"docs: space PROD of http://127.0.0.1:{port} (confluence_default) → http://127.0.0.1:{port} (twig_default)\n"
    )
    told = done.stderr.splitlines()
    assert len(told) == 2
    assert all(f"127.0.0.1:{port}" in line for line in told)
    assert "Check the address in the connection" in told[-1]
