"""A StatsD server on the loopback that only listens."""

from __future__ import annotations

import re
import socket
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: Name, tags in InfluxDB's form, value, kind: ``airflow.confluence_to_twig.pages_sent,source=docs:3|c``.
PACKET = re.compile(r"airflow\.confluence_to_twig\.(\w+)((?:,\w+=[^,:]+)*):([\d.-]+)\|(c|g|ms)")
Seen = dict[str, list[tuple[str, str, dict[str, str]]]]


@dataclass
class StatsdSocket:
    """What arrived on a UDP socket."""

    receiver: socket.socket
    packets: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """Airflow's settings that lead here."""
        host, port = self.receiver.getsockname()
        settings = {"ON": "True", "HOST": host, "PORT": str(port), "PREFIX": "airflow", "INFLUXDB_ENABLED": "True"}
        return {f"AIRFLOW__METRICS__STATSD_{name}": value for name, value in settings.items()}

    def seen(self, least: int = 0, seconds: float = 5.0) -> Seen:
        """The metrics of this project by name: value, kind, tags. Waits until there are ``least`` of them."""
        deadline = time.monotonic() + seconds
        while len(found := [match for packet in self._received() if (match := PACKET.fullmatch(packet))]) < least:
            assert time.monotonic() < deadline, f"only {len(found)} of {least} metrics came: {self.packets}"
            time.sleep(0.02)
        metrics: Seen = defaultdict(list)
        for match in found:
            tags = dict(pair.split("=", 1) for pair in match[2].split(",") if pair)
            metrics[match[1]].append((match[3], match[4], tags))
        return metrics

    def _received(self) -> list[str]:
        while True:
            try:
                self.packets += self.receiver.recv(65_536).decode().splitlines()
            except BlockingIOError:
                return self.packets


@contextmanager
def statsd_socket() -> Iterator[StatsdSocket]:
    """A free port, with room for a whole run."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        yield StatsdSocket(receiver)
