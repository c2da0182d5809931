"""The actions of a Delta log, as far as Topline needs them (PROTOCOL.md, "Actions").

What is not known is left out, as the protocol asks; what is needed and not found is a fault.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from topline_glue.delta.fields import Fields, corrupt, is_whole
from topline_glue.delta.paths import from_log_path
from topline_glue.delta.schema import TableMetadata
from topline_glue.model import CommitInfo, DataFile

APP_ID = "topline"
"""The `appId` under which Topline's fencing tokens stand in the log."""


@dataclass(frozen=True)
class Protocol:
    min_reader_version: int
    min_writer_version: int
    reader_features: Sequence[str]
    """Table features by name: from reader version 3, and writer version 7, on."""
    writer_features: Sequence[str]


@dataclass(frozen=True)
class AddedFile:
    file: DataFile
    data_change: bool


@dataclass(frozen=True)
class RemovedFile:
    path: str
    data_change: bool


@dataclass
class LogActions:
    """What one log entry, or one checkpoint, says."""

    protocol: Protocol | None = None
    metadata: TableMetadata | None = None
    fence: int | None = None
    """The fencing token of Topline's `txn`."""
    info: CommitInfo | None = None
    """Only where `commitInfo` has Topline's own fields."""
    added: list[AddedFile] = field(default_factory=list)
    removed: list[RemovedFile] = field(default_factory=list)


def read_actions(key: str, rows: Iterable[object]) -> LogActions:
    """Of the file at `key`, one row an action. Raises `STATE_CORRUPT`."""
    found = LogActions()
    for at, row in enumerate(rows, start=1):
        action = Fields(f"{key}, action {at}", "", row)
        if protocol := action.optional("protocol"):
            found.protocol = _read_protocol(protocol)
        if metadata := action.optional("metaData"):
            found.metadata = _read_metadata(metadata)
        if (txn := action.optional("txn")) and txn.text("appId") == APP_ID:
            found.fence = txn.whole("version")
        if info := action.anything("commitInfo"):
            found.info = _read_commit_info(info)
        if add := action.optional("add"):
            found.added.append(_read_add(add))
        if remove := action.optional("remove"):
            path = _read_path(remove)
            found.removed.append(RemovedFile(path, remove.flag("dataChange")))
    return found


def for_features(names: Sequence[str]) -> str:
    """` for the features a, b`, where a protocol names some."""
    return f" for the features {', '.join(names)}" if names else ""


def _read_protocol(found: Fields) -> Protocol:
    return Protocol(
        found.whole("minReaderVersion"),
        found.whole("minWriterVersion"),
        found.texts("readerFeatures") or [],
        found.texts("writerFeatures") or [],
    )


def _read_metadata(found: Fields) -> TableMetadata:
    provider = found.nested("format").text("provider")
    if provider != "parquet":
        raise corrupt(found.where, f"the table's format is {provider}, not parquet")
    columns = found.texts("partitionColumns")
    if columns is None:
        raise found.unlike("partitionColumns", "a list of text")
    return TableMetadata(found.text("schemaString"), columns, found.text_map("configuration") or {})


def _read_commit_info(found: object) -> CommitInfo | None:
    if not isinstance(found, Mapping):
        return None
    texts = [found.get(name) for name in ("runId", "operation", "engineInfo", "planHash")]
    timestamp = found.get("timestamp")
    if not all(isinstance(text, str) for text in texts) or not is_whole(timestamp):
        return None
    return CommitInfo(*texts, int(timestamp))


def _read_add(add: Fields) -> AddedFile:
    path = _read_path(add)
    partition = add.text_map("partitionValues")
    if partition is None:
        raise add.unlike("partitionValues", "a map of text")
    file = DataFile(
        path=path,
        size=add.whole("size"),
        modification_time=add.whole("modificationTime"),
        partition={column: value or None for column, value in partition.items()},
        records=_read_records(add, path),
    )
    return AddedFile(file, add.flag("dataChange"))


def _read_path(found: Fields) -> str:
    log_path = found.text("path")
    if found.anything("deletionVector") is not None:
        raise corrupt(
            found.where,
            f"{log_path} has a deletion vector, which reader version 1 does not know; rewrite the "
            "table without deletion vectors",
        )
    path = from_log_path(log_path)
    if path is None:
        raise corrupt(
            found.where,
            f"{json.dumps(log_path, ensure_ascii=False)} is no URL-encoded path relative to the "
            "table's folder",
        )
    return path


def _read_records(add: Fields, path: str) -> int:
    found: Any = None
    stats = add.anything("stats")
    if isinstance(stats, str):
        try:
            found = json.loads(stats)
        except ValueError:
            found = None
    records = found.get("numRecords") if isinstance(found, Mapping) else None
    if not is_whole(records) or records < 0:
        raise corrupt(
            add.where,
            f"{path} has no stats.numRecords, which Topline needs though Delta does not; write the "
            "file again with statistics",
        )
    return int(records)
