"""How a request to the API server can fail."""

from collections.abc import Mapping
from typing import Any

import msgspec


class ApiError(Exception):
    """The API server refused a request.

    Attributes
    ----------
    status
        The HTTP status.
    reason
        The machine-readable reason: `NotFound`, `AlreadyExists`, `Conflict`, `Forbidden`, `Invalid`.
    message
        The server's own words.
    retry_after
        Seconds to wait before asking again, where the server said so.
    details
        `details` of the Status object: kind, name, causes.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        retry_after: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after = retry_after
        self.details = details or {}


class ApiUnreachableError(Exception):
    """The API server did not answer: a write may or may not have happened."""


class NotLeaderError(Exception):
    """A write was not sent, because the lease might be another replica's by the time it arrives."""


_REFUSED = frozenset({400, 403, 413, 422})


def is_passing(error: Exception) -> bool:
    """Whether it is the API server's trouble or a lost race, over when it is tried again, and not the object's."""
    if isinstance(error, ApiError):
        return error.status not in _REFUSED and "too large" not in error.message  # etcd's limit is told by a 500
    return isinstance(error, ApiUnreachableError | NotLeaderError)


class _Status(msgspec.Struct):
    reason: str = ""
    message: str = ""
    details: dict[str, Any] | None = None
    code: int = 0


def from_answer(status: int, body: bytes, retry_after: str | None = None) -> ApiError:
    """Read an error answer: a Status object, or whatever a proxy in between has written.

    Parameters
    ----------
    status, body
        The answer.
    retry_after
        Its Retry-After header.
    """
    try:
        answer = msgspec.json.decode(body, type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = _Status(message=body[:500].decode(errors="replace"))
    details = answer.details or {}
    return ApiError(
        status or answer.code,
        answer.reason or "Unknown",
        answer.message,
        retry_after=_seconds(retry_after) or _seconds(details.get("retryAfterSeconds")),
        details=details,
    )


def from_stream(raw: bytes | msgspec.Raw) -> ApiError:
    """Read the Status object of an ERROR event in a watch.

    Parameters
    ----------
    raw
        The event's object.
    """
    error = from_answer(0, bytes(raw))
    error.status = error.status or 500
    return error


def _seconds(value: Any) -> float | None:
    """A delay in seconds; the date form of Retry-After is not used by API servers and is ignored."""
    try:
        return max(0.0, float(value)) or None
    except (TypeError, ValueError):
        return None
