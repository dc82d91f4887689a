"""Log lines as JSON objects: time, level, what, and the ids of job, stage and segment. Never a word of a script."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType

from anchor.jobs.stray import log_stray

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line; whatever a call gives as `extra` is a key."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        facts: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "what": record.getMessage(),
            "process": record.process,
        }
        facts |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            facts["trace"] = self.formatException(record.exc_info)
        return json.dumps(facts, ensure_ascii=False, default=str)


def log_to_stderr(level: int = logging.INFO, *, stray: bool = False) -> None:
    """Send this process's log to stderr, line by line as JSON.

    Args:
        level: from which on Anchor's own lines are written.
        stray: what is written to stdout and stderr past the log becomes lines of it, too.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("anchor").setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    if stray:
        log_stray(handler)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("anchor").critical("ended by %s", kind.__name__, exc_info=(kind, error, trace))
