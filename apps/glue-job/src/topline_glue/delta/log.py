"""The files of one table's log.

Whole listings are taken, and so `_last_checkpoint`, which saves a reader from listing, is not
needed.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from topline_glue.aws.object_store import ObjectStore
from topline_glue.delta.action_cache import ActionCache
from topline_glue.delta.actions import LogActions, read_actions
from topline_glue.delta.fields import corrupt
from topline_glue.errors import ToplineError
from topline_glue.layout import log_folder

ReadCheckpoint = Callable[[bytes], Iterable[object]]
"""One object a row of a classic checkpoint (Parquet), shaped like a line of the JSON log."""

_ENTRY = re.compile(r"([0-9]{20})\.json")
_CHECKPOINT = re.compile(r"([0-9]{20})\.checkpoint\.parquet")


@dataclass(frozen=True)
class LogListing:
    """What a listing of `_delta_log/` shows."""

    entries: Mapping[int, str]
    """ETags of the log entries, by version."""
    checkpoints: Mapping[int, str]
    """ETags of the classic checkpoints, by version."""

    @property
    def first(self) -> int | None:
        """The oldest entry; `None` where there is none."""
        return min(self.entries, default=None)

    @property
    def newest(self) -> int:
        """The newest version that the log tells of; -1 where there is no table."""
        return max([*self.entries, *self.checkpoints], default=-1)


class DeltaLog:
    def __init__(
        self,
        store: ObjectStore,
        table: str,
        cache: ActionCache,
        read_checkpoint: ReadCheckpoint | None,
    ) -> None:
        self.table = table
        self._store = store
        self._cache = cache
        self._read_checkpoint = read_checkpoint
        self._folder = log_folder(table)

    @property
    def reads_checkpoints(self) -> bool:
        return self._read_checkpoint is not None

    def list(self) -> LogListing:
        entries: dict[int, str] = {}
        checkpoints: dict[int, str] = {}
        for found in self._store.objects(self._folder):
            name = found.key.removeprefix(self._folder)
            if entry := _ENTRY.fullmatch(name):
                entries[int(entry[1])] = found.etag
            if checkpoint := _CHECKPOINT.fullmatch(name):
                checkpoints[int(checkpoint[1])] = found.etag
        return LogListing(entries, checkpoints)

    def entry(self, version: int, listing: LogListing) -> LogActions:
        """Raises `VERSION_UNREADABLE`, `STATE_CORRUPT`."""
        key = self._entry_key(version)
        etag = listing.entries.get(version)
        found = self._read(key, etag, lambda body: _json_lines(key, body))
        if found is not None:
            return found
        if etag is None:
            raise corrupt(key, "an entry is missing between others")
        raise gone(self.table, version, "its log entry was removed while it was read; ask again")

    def checkpoint(self, version: int, listing: LogListing) -> LogActions:
        """Raises `CONFIG_INVALID` without a reader of Parquet; `VERSION_UNREADABLE`."""
        key = f"{self._folder}{version:020}.checkpoint.parquet"
        if self._read_checkpoint is None:
            raise _reader_missing(key, listing)
        found = self._read(key, listing.checkpoints[version], self._read_checkpoint)
        if found is None:
            raise gone(self.table, version, "its checkpoint was removed while it was read")
        return found

    def text(self, version: int) -> bytes | None:
        """The entry as it was written, or `None` while nobody has."""
        return self._store.read(self._entry_key(version))

    def put(self, version: int, text: bytes) -> None:
        """Raises `OBJECT_EXISTS` when somebody else has put that entry."""
        self._store.put(
            self._entry_key(version), text, content_type="application/json", if_none_match=True
        )

    def _entry_key(self, version: int) -> str:
        return f"{self._folder}{version:020}.json"

    def _read(
        self, key: str, etag: str | None, rows: Callable[[bytes], Iterable[object]]
    ) -> LogActions | None:
        """`etag` is the listed one; what was put since the listing has none."""
        cached = None if etag is None else self._cache.get(key, etag)
        if cached is not None:
            return cached
        body = self._store.read(key)
        if body is None:
            return None
        actions = read_actions(key, rows(body))
        if etag is not None:
            self._cache.put(key, etag, len(body), actions)
        return actions


def gone(table: str, version: int, why: str) -> ToplineError:
    return ToplineError(
        "VERSION_UNREADABLE",
        f"Version {version} of the zone table {table} cannot be read: {why}.",
    )


def _json_lines(key: str, body: bytes) -> Iterator[object]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise corrupt(key, "it is not UTF-8") from error
    for at, line in enumerate(text.split("\n"), start=1):
        if line.strip() == "":
            continue
        try:
            yield json.loads(line, parse_constant=_refuse)
        except ValueError as error:
            raise corrupt(f"{key}, line {at}", "it is not JSON") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _reader_missing(key: str, listing: LogListing) -> ToplineError:
    first = listing.first
    begin = "has no entries" if first is None else f"begins at entry {first}"
    return ToplineError(
        "CONFIG_INVALID",
        f"The log {begin}, so it can only be read from its checkpoint {key}, and there is nothing "
        "to read Parquet with. Install pyarrow.",
    )
