"""Reading request bodies: size limits and compression (docs/twig-api-contract.md, section 6)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from sandbox.twig.wire import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

_GZIP = 16 + zlib.MAX_WBITS


async def read_body(request: Request, max_bytes: int, max_decoded_bytes: int) -> bytes:
    """The decompressed body.

    A body above the limit is read to its end all the same, since a client that is still sending would see a broken
    connection instead of the answer.

    :raises ApiError: 413 above a limit, 415 for an unknown encoding, 400 when it is not the gzip that it claims to be.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    received = bytearray()
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= max_bytes:
            received += part
    if size > max_bytes:
        raise _too_large(max_bytes)
    if encoding == "gzip":
        return gunzip(bytes(received), max_decoded_bytes)
    if encoding not in ("", "identity"):
        raise ApiError(415, "Content-Encoding must be gzip or identity")
    if size > max_decoded_bytes:
        raise _too_large(max_decoded_bytes)
    return bytes(received)


def gunzip(compressed: bytes, max_bytes: int) -> bytes:
    """Decompress one gzip member without ever holding more than ``max_bytes`` + 1.

    :raises ApiError: 413 or 400, see :func:`read_body`.
    """
    machine = zlib.decompressobj(_GZIP)
    try:
        plain = machine.decompress(compressed, max_bytes + 1)
    except zlib.error as error:
        raise ApiError(400, "The body is not valid gzip") from error
    if len(plain) > max_bytes:
        raise _too_large(max_bytes)
    if not machine.eof:
        raise ApiError(400, "The gzip body is cut off")
    return plain


def _too_large(limit: int) -> ApiError:
    return ApiError(413, f"Request body exceeds {limit} bytes", extra={"details": {"limitBytes": limit}})
