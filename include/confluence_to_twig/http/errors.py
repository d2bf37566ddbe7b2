"""What can go wrong with an exchange before anybody looks at what the answer says."""

from __future__ import annotations

from confluence_to_twig.errors import PermanentError, TransientError


class CertificateError(PermanentError):
    """The TLS certificate of the server is not trusted."""


class RateLimitedError(TransientError):
    """The server refuses for now, for longer than this request may wait."""


class UnavailableError(TransientError):
    """5xx, a time-out or a broken connection, after all tries."""


class TooSlowError(UnavailableError):
    """No whole answer in the time allowed."""


class BrokenAnswerError(UnavailableError):
    """An answer that stops in the middle or is not what it claims to be."""


class AnswerTooLargeError(UnavailableError):
    """An answer above the size limit. The same request gives the same answer; asking for less at a time helps."""


class ClientClosedError(TransientError):
    """The client was closed while this request waited or before it began."""
