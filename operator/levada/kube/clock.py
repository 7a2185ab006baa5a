"""What time it is: the API server's time, which no step of this machine's clock moves.

What is waited for is counted from times that the API server wrote. If the machine's clock is set meanwhile (by NTP, by
hand, after a virtual machine was paused), Pods would seem to have waited for hours, and others would have to.
"""

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

TOLERANCE = 2.0
"""Seconds by which the server's time may differ before it is taken over: it comes in whole ones, and a little late."""


class Clock:
    """Goes on by itself from what the server said last."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._heard = ""

    def hear(self, date: str) -> None:
        """Take in the `Date` with which the server answered; one that cannot be read says nothing."""
        if date == self._heard:
            return
        self._heard = date
        try:
            offset = parsedate_to_datetime(date).timestamp() - time.monotonic()
        except ValueError:
            return
        if abs(offset - self._offset) > TOLERANCE:
            self._offset = offset

    def now(self) -> datetime:
        """The time, aware and in UTC, as everything that is compared with the API server's times must be."""
        return datetime.fromtimestamp(self._offset + time.monotonic(), UTC)


SERVER = Clock()
"""A process knows one API server, and has one time."""


def utc_now() -> datetime:
    """The server's time."""
    return SERVER.now()


def micro_time() -> str:
    """The server's time as leases and Events have it, to the microsecond."""
    return utc_now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
