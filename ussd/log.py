"""Logs: they name things and never carry values. One event a line on stderr, JSON in `serve`, readable elsewhere.

A traceback is written as its frames and the exception's type, without its message: messages repeat what was typed.
"""

import json
import logging
import sys
from collections.abc import Callable
from traceback import extract_tb
from typing import Any, Literal

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

Form = Literal["json", "readable"]


def configure(form: Form, level: str) -> None:
    """Set up the logs of this process; `level` as in the standard library, in any case."""
    least = logging.getLevelNamesMapping()[level.upper()]
    writer: Processor = structlog.processors.JSONRenderer(serializer=_line)
    lines: Callable[..., WrappedLogger] = structlog.BytesLoggerFactory(file=sys.stderr.buffer)
    if form == "readable":
        writer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        lines = structlog.WriteLoggerFactory(file=sys.stderr)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _frames,
            writer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lines,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Library()], level=max(least, logging.WARNING), force=True)


def _line(event: EventDict, **options: Any) -> bytes:
    """An event as JSON; also what orjson does not take: half a surrogate, as in names of files, or 2**64."""
    try:
        return orjson.dumps(event, **options)
    except TypeError:
        return json.dumps(event, **options).encode()


def _frames(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace an exception by where it came from."""
    raised: Any = event.pop("exc_info", None)
    fault = sys.exc_info()[1] if raised is True else raised
    if isinstance(fault, BaseException):
        event["exception"] = type(fault).__qualname__
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(fault.__traceback__)]
    return event


class _Library(logging.Handler):
    """What libraries log by the standard library: who and how bad, without their message, which may hold a request."""

    def emit(self, record: logging.LogRecord) -> None:
        log: FilteringBoundLogger = structlog.get_logger("library")
        fault = record.exc_info and record.exc_info[0]
        if fault and fault.__module__ == "aiohttp.http_exceptions":
            # What is no HTTP is its sender's fault: no frames of ours, which would fill the log at anybody's will.
            log.warning("no_http", fault=fault.__name__)
            return
        log.log(record.levelno, "library_said", library=record.name, exc_info=record.exc_info and record.exc_info[1])
