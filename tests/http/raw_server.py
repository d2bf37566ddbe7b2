"""A server that sends exactly these bytes, at exactly this pace: what no HTTP library would send."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def raw_server(pieces: Sequence[bytes], pause_s: float = 0.0) -> Iterator[str]:
    """Answer every request with ``pieces``, each after a pause, then close. Yields the base URL."""
    stopping = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            for piece in pieces:
                if stopping.wait(pause_s):
                    return
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    def listen() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=listen, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stopping.set()


def dripping_headers(pause_s: float = 0.1) -> tuple[list[bytes], float]:
    """A status line, then header lines that never end, a byte at a time."""
    return [b"HTTP/1.1 200 OK\r\n", *[b"x"] * 10_000], pause_s


def dripping_body(pause_s: float = 0.1) -> tuple[list[bytes], float]:
    """Headers at once, then a body a byte at a time."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n"
    return [head, *[b" "] * 10_000], pause_s


def endless_chunks(pause_s: float = 0.1) -> tuple[list[bytes], float]:
    """A chunked body whose chunk header never ends."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return [head, *[b"0"] * 10_000], pause_s


def seconds_since(start: float) -> float:
    """Wall time since ``start``, a monotonic time."""
    return time.monotonic() - start
