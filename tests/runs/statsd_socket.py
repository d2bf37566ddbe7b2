"""A StatsD server on the loopback that only listens."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

#: Name, tags in InfluxDB's form, value, kind: ``airflow.confluence_to_twig.pages_sent,source=docs:3|c``.
PACKET = re.compile(r"airflow\.confluence_to_twig\.(\w+)((?:,\w+=[^,:]+)*):([\d.-]+)\|(c|g|ms)")
Seen = dict[str, list[tuple[str, str, dict[str, str]]]]


@dataclass
class StatsdSocket:
    """What arrived on a UDP socket."""

    receiver: socket.socket
    packets: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def environment(self) -> dict[str, str]:
        """Airflow's settings that lead here."""
        host, port = self.receiver.getsockname()
        settings = {"ON": "True", "HOST": host, "PORT": str(port), "PREFIX": "airflow", "INFLUXDB_ENABLED": "True"}
        ours_only = {"AIRFLOW__METRICS__METRICS_ALLOW_LIST": "confluence_to_twig"}
        return ours_only | {f"AIRFLOW__METRICS__STATSD_{name}": value for name, value in settings.items()}

    def seen(self, least: int = 0, seconds: float = 5.0) -> Seen:
        """The metrics of this project by name: value, kind, tags. Waits until there are ``least`` of them."""
        deadline = time.monotonic() + seconds
        while len(found := [match for packet in list(self.packets) if (match := PACKET.fullmatch(packet))]) < least:
            assert time.monotonic() < deadline, f"only {len(found)} of {least} metrics came: {self.packets}"
            time.sleep(0.02)
        metrics: Seen = defaultdict(list)
        for match in found:
            tags = dict(pair.split("=", 1) for pair in match[2].split(",") if pair)
            metrics[match[1]].append((match[3], match[4], tags))
        return metrics

    def listen(self) -> None:
        """Take in what comes: the kernel keeps only some hundred packets."""
        while not self.ended.is_set():
            with suppress(TimeoutError):
                self.packets += self.receiver.recv(65_536).decode().splitlines()


@contextmanager
def statsd_socket() -> Iterator[StatsdSocket]:
    """A free port, and a thread that listens on it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.1)
        server = StatsdSocket(receiver)
        listener = threading.Thread(target=server.listen)
        listener.start()
        try:
            yield server
        finally:
            server.ended.set()
            listener.join()
