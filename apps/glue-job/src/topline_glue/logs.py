"""Structured logs: one JSON object a line on stderr, each with the run's id."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime


class Logger:
    """Narration, never results. Fields are small and JSON-able."""

    def __init__(self, log: logging.Logger, fields: Mapping[str, object] | None = None) -> None:
        self._log = log
        self._fields = dict(fields or {})

    def info(self, message: str, **fields: object) -> None:
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._write(logging.ERROR, message, fields)

    def child(self, **fields: object) -> "Logger":
        """The same log with these fields on every line."""
        return Logger(self._log, {**self._fields, **fields})

    def _write(self, level: int, message: str, fields: Mapping[str, object]) -> None:
        self._log.log(level, message, extra={"fields": {**self._fields, **fields}})


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {
            "level": record.levelname.lower(),
            "time": time.replace("+00:00", "Z"),
            **getattr(record, "fields", {}),
            "msg": record.getMessage(),
        }
        return json.dumps(entry, ensure_ascii=False, default=str)


def stderr_logger() -> Logger:
    log = logging.getLogger("topline")
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonLines())
        log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    return Logger(log)
