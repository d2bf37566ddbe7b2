from __future__ import annotations

import pytest

from sandbox.airflow_settings import AirflowSettings
from sandbox.run import PORTS, at_ports, main


def test_points_the_sandbox_connections_at_the_ports_it_got_and_no_other() -> None:
    settings = AirflowSettings(
        connections={
            "c": {"host": "http://127.0.0.1:8090", "extra": {"gateway_url": "http://127.0.0.1:8090"}},
            "real": {"host": "https://site.atlassian.net"},
        },
        variables={},
        pools={},
    )
    moved = at_ports(settings, PORTS | {"confluence": 9_123})
    assert moved.connections["c"]["host"] == "http://127.0.0.1:9123"
    assert moved.connections["c"]["extra"]["gateway_url"] == "http://127.0.0.1:9123"
    assert moved.connections["real"] == {"host": "https://site.atlassian.net"}


def test_an_unknown_source_is_told_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--once", "--source", "dosc"]) == 1
    assert "'dosc'" in capsys.readouterr().out
