"""JSON logs: one object per line, with namespace, run and task on every one."""

import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from pythonjsonlogger.msgspec import MsgspecFormatter

FIELDS = ("namespace", "run", "task")
_NOTHING: Mapping[str, str] = dict.fromkeys(FIELDS, "")
_bound: ContextVar[Mapping[str, str]] = ContextVar("levada_log_fields", default=_NOTHING)


@contextmanager
def bind(**fields: str) -> Iterator[None]:
    """Put `namespace`, `run` or `task` on every line logged inside, also by the tasks started there.

    Parameters
    ----------
    **fields
        Their values. What is not given stays as it was. One line alone takes them through `extra={"task": ...}`.
    """
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


class Formatter(MsgspecFormatter):
    """The JSON of one line."""

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Time, level and logger first, then the three fields, then the message and what else the record has."""
        log_data["time"] = self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{record.msecs:03.0f}Z"
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data.update(_bound.get())
        super().add_fields(log_data, record, message_dict)

    @staticmethod
    def converter(seconds: float | None) -> Any:
        """UTC, whatever the machine's time zone is."""
        import time  # noqa: PLC0415

        return time.gmtime(seconds)


def configure(level: str = "INFO") -> None:
    """Send all logs to standard error as JSON, uncaught exceptions of any thread included.

    Parameters
    ----------
    level
        The least level to log; aiohttp and asyncio log from WARNING on, unless this is DEBUG.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for chatty in ("aiohttp", "asyncio", "kubernetes"):
        logging.getLogger(chatty).setLevel(level if level in {"DEBUG", "ERROR"} else "WARNING")
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("levada").critical("uncaught exception", exc_info=(kind, error, trace))
