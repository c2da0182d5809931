"""Parsed log files. They never change, so what was parsed stays true for its ETag."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from topline_glue.delta.actions import LogActions

CACHE_BYTES = 32 * 1024**2
"""How much log text stays parsed in memory, for all tables of a zone together."""


@dataclass(frozen=True)
class _Cached:
    etag: str
    size: int
    actions: LogActions


class ActionCache:
    """The longest unused leave first. May be used by many threads."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._files: OrderedDict[str, _Cached] = OrderedDict()
        self._limit = limit
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: str, etag: str) -> LogActions | None:
        with self._lock:
            found = self._files.get(key)
            if found is None or found.etag != etag:
                return None
            self._files.move_to_end(key)
            return found.actions

    def put(self, key: str, etag: str, size: int, actions: LogActions) -> None:
        with self._lock:
            self._drop(key)
            self._files[key] = _Cached(etag, size, actions)
            self._bytes += size
            while self._bytes > self._limit:
                self._drop(next(iter(self._files)))

    def _drop(self, key: str) -> None:
        found = self._files.pop(key, None)
        if found is not None:
            self._bytes -= found.size
