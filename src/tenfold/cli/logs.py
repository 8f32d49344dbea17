"""Log lines of server and worker: one JSON object each on stderr, like those of requests."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.stdlib import BoundLogger, LoggerFactory, ProcessorFormatter
from structlog.types import Processor

_KNOWN: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(key="at"),
]


def formatter() -> ProcessorFormatter:
    """Makes JSON of what structlog and the standard library's loggers say."""
    return ProcessorFormatter(
        foreign_pre_chain=_KNOWN,
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )


def configure(level: str) -> None:
    """Send everything that this process logs, from a level on, to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    structlog.configure(
        processors=[*_KNOWN, ProcessorFormatter.wrap_for_formatter],
        logger_factory=LoggerFactory(),
        wrapper_class=BoundLogger,
    )
