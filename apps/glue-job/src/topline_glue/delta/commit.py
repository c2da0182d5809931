"""Committing: put-if-absent of the next log entry; the loser rereads and decides again."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from topline_glue.delta.actions import APP_ID, for_features
from topline_glue.delta.fields import corrupt
from topline_glue.delta.log import DeltaLog
from topline_glue.delta.paths import from_log_path, to_log_path
from topline_glue.delta.schema import (
    assert_takes_rows,
    compact_json,
    partition_columns,
    schema_string,
    table_id,
)
from topline_glue.delta.snapshot import TableState, history
from topline_glue.errors import ToplineError
from topline_glue.exact_json import MAX_SAFE_INTEGER, to_json
from topline_glue.model import CommitInfo, DataFile, Decide, ZoneActions

READER = 1
WRITER = 2

_MOST_RACES = 100
"""Lost races in a row after which something other than a race must be at work."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CommitRequest:
    info: CommitInfo
    fence: int
    """The committer's fencing token."""
    since: int
    """The committer asks for what was committed after this version."""
    decide: Decide


def commit(log: DeltaLog, request: CommitRequest) -> int:
    """Every round sees the log as it is, so a fence or a commit that came between counts."""
    table = log.table
    for _ in range(_MOST_RACES):
        listing = log.list()
        found = history(log, listing, request.since, listing.newest)
        state = found.state
        _assert_newest(state, request.fence)
        actions = request.decide(state.snapshot(), found.commits)
        if actions is None:
            return state.version
        if state.version >= 0:
            _assert_writable(state, actions)
        _assert_files(state, actions)
        version = state.version + 1
        if _put_entry(log, version, _entry_text(state, request, actions).encode()):
            return version
        _logger.info(
            "Another committer was first with version %s of %s: deciding again", version, table
        )
    raise ToplineError(
        "STORE_UNAVAILABLE",
        f"Each of {_MOST_RACES} attempts to commit to {table} found its log entry taken. Look for "
        "a process that commits to the zone without pause, then run again.",
    )


def _put_entry(log: DeltaLog, version: int, text: bytes) -> bool:
    """Whether the entry is this committer's, also where the store's answer to the put was lost."""
    try:
        log.put(version, text)
    except ToplineError as error:
        if error.code not in {"OBJECT_EXISTS", "STORE_UNAVAILABLE"}:
            raise
        found = log.text(version)
        if found is None and error.code == "STORE_UNAVAILABLE":
            raise
        return found == text
    return True


def _entry_text(state: TableState, request: CommitRequest, actions: ZoneActions) -> str:
    """One action a line. Run, token and file names make the text this committer's alone."""
    info = request.info
    token = _safe_token(request.fence)
    lines: list[Mapping[str, object]] = [
        {
            "commitInfo": {
                "timestamp": info.timestamp,
                "operation": info.operation,
                "operationParameters": {
                    "partitionBy": compact_json(partition_columns(state.table))
                },
                "engineInfo": info.engine,
                "runId": info.run_id,
                "planHash": info.plan_hash,
                "fence": token,
            }
        }
    ]
    if state.version < 0:
        lines.extend(_creation(state.table, info.timestamp))
    lines.append({"txn": {"appId": APP_ID, "version": token, "lastUpdated": info.timestamp}})
    lines.extend(_removal(file, info.timestamp, actions.data_change) for file in actions.remove)
    lines.extend(_addition(file, actions.data_change) for file in actions.add)
    return "".join(f"{compact_json(line)}\n" for line in lines)


def _creation(table: str, created_time: int) -> list[Mapping[str, object]]:
    return [
        {"protocol": {"minReaderVersion": READER, "minWriterVersion": WRITER}},
        {
            "metaData": {
                "id": table_id(table),
                "name": table,
                "format": {"provider": "parquet", "options": {}},
                "schemaString": schema_string(table),
                "partitionColumns": partition_columns(table),
                "configuration": {},
                "createdTime": created_time,
            }
        },
    ]


def _removal(file: DataFile, timestamp: int, data_change: bool) -> Mapping[str, object]:
    return {
        "remove": {
            "path": to_log_path(file.path),
            "deletionTimestamp": timestamp,
            "dataChange": data_change,
            "extendedFileMetadata": True,
            "partitionValues": dict(file.partition),
            "size": file.size,
        }
    }


def _addition(file: DataFile, data_change: bool) -> Mapping[str, object]:
    return {
        "add": {
            "path": to_log_path(file.path),
            "partitionValues": dict(file.partition),
            "size": file.size,
            "modificationTime": file.modification_time,
            "dataChange": data_change,
            "stats": to_json({"numRecords": file.records}),
        }
    }


def _safe_token(token: int) -> int:
    if 0 <= token <= MAX_SAFE_INTEGER:
        return token
    raise _misuse(f"the fencing token {token} is not between 0 and {MAX_SAFE_INTEGER}")


def _assert_newest(state: TableState, fence: int) -> None:
    if state.fence <= fence:
        return
    raise ToplineError(
        "LEASE_LOST",
        f"Zone table {state.table} was committed to under token {state.fence}, newer than this "
        f"one's {fence}: another process has taken over. Nothing more was changed.",
    )


def _assert_writable(state: TableState, actions: ZoneActions) -> None:
    """What a writer of version 2 must respect, and what its files must fit."""
    where = f"The Delta log of {state.table}"
    protocol, metadata = state.protocol, state.metadata
    if protocol is None or metadata is None:
        raise corrupt(where, "it has no metaData")
    if protocol.min_writer_version > WRITER:
        raise corrupt(
            where,
            f"it asks for writer version {protocol.min_writer_version}"
            f"{for_features(protocol.writer_features)}, and this one has {WRITER}; nothing was "
            "committed",
        )
    if actions.remove and metadata.configuration.get("delta.appendOnly") == "true":
        raise corrupt(where, "delta.appendOnly is set, so nothing can be removed from it")
    assert_takes_rows(state.table, metadata)


def _assert_files(state: TableState, actions: ZoneActions) -> None:
    """Removed files are live, each once; added ones bear names that the log has never seen."""
    table = state.table
    removed = set()
    for file in actions.remove:
        if file.path not in state.files or file.path in removed:
            raise _misuse(f"{file.path} is to be removed from {table} and is not live in it (once)")
        removed.add(file.path)
    named = set()
    for file in actions.add:
        if file.path in state.named or file.path in named:
            raise _misuse(f"{file.path} is to be added to {table}, whose log names it already")
        named.add(file.path)
        _assert_file(table, file)


def _assert_file(table: str, file: DataFile) -> None:
    if from_log_path(to_log_path(file.path)) != file.path:
        path = json.dumps(file.path, ensure_ascii=False)
        raise _misuse(f"{path} is not a path relative to the folder of {table}")
    columns = ", ".join(sorted(file.partition))
    expected = ", ".join(sorted(partition_columns(table)))
    if columns != expected:
        raise _misuse(
            f"{file.path} gives partition values for ({columns}), and {table} has ({expected})"
        )


def _misuse(what: str) -> ToplineError:
    return ToplineError("INTERNAL", f"A commit to the zone was asked for that must not be: {what}.")
