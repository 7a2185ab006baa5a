"""How long things took, in the records of runs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def seconds(record: Mapping[str, Any]) -> float | None:
    """Seconds that a run or task took, or has been running; None when it has not started."""
    begin = moment(record.get("startTime"))
    if begin is None:
        return None
    end = moment(record.get("completionTime")) or datetime.now(UTC)
    return max(0.0, (end - begin).total_seconds())


def duration(record: Mapping[str, Any]) -> str:
    """`seconds` for people; empty when it has not started."""
    return in_words(seconds(record))


def in_words(span: float | None) -> str:
    """`1h2m3s`, `2m3s`, `3s`; empty for None."""
    if span is None:
        return ""
    minutes, rest = divmod(int(span), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"


def moment(text: str | None) -> datetime | None:
    """A time of a record."""
    return datetime.fromisoformat(text) if text else None
