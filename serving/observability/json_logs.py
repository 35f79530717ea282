"""JSON logs: each release load, switch or error is one JSON line on stderr that contains no customer id."""

from __future__ import annotations

import sys
from traceback import extract_tb
from typing import TextIO
from zoneinfo import ZoneInfo

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from serving.moments import rfc3339
from serving.observability.clock import Clock

_UTC = ZoneInfo("UTC")


def json_log(clock: Clock, stream: TextIO | None = None) -> FilteringBoundLogger:
    """Return a logger that writes one JSON object per line, by default to stderr."""
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            _timestamp_processor(clock),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("INFO"),
    )
    return log


def log_error(log: FilteringBoundLogger, event: str, error: BaseException, **context: str) -> None:
    """Log the type and the origin of an error, but not its text, which may contain a customer id."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)[-3:]]
    log.error(event, error=type(error).__name__, where=" < ".join(reversed(frames)), **context)


def _timestamp_processor(clock: Clock) -> Processor:
    def add_timestamp(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {"timestamp": rfc3339(clock.now(_UTC)), **event}

    return add_timestamp
