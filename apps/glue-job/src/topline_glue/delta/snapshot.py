"""A table at one version: what replaying its log gives (PROTOCOL.md, "Action Reconciliation")."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from topline_glue.delta.actions import LogActions, Protocol, for_features
from topline_glue.delta.fields import corrupt
from topline_glue.delta.log import DeltaLog, LogListing, gone
from topline_glue.delta.schema import TableMetadata
from topline_glue.model import DataFile, ZoneCommit, ZoneSnapshot

PARALLEL = 16
"""How many log entries are read at once."""


@dataclass
class TableState:
    table: str
    version: int = -1
    protocol: Protocol | None = None
    metadata: TableMetadata | None = None
    fence: int = 0
    files: dict[str, DataFile] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    """Every path that the replayed files name, live or gone."""

    def apply(self, actions: LogActions) -> ZoneCommit:
        """A removal of a path that is not live changes nothing, and so is no part of the commit."""
        self.version += 1
        self.protocol = actions.protocol or self.protocol
        self.metadata = actions.metadata or self.metadata
        self.fence = max(self.fence, actions.fence or 0)
        removed = []
        for action in actions.removed:
            file = self.files.pop(action.path, None)
            if file is not None:
                removed.append(file)
            self.named.add(action.path)
        for action in actions.added:
            self.files[action.file.path] = action.file
            self.named.add(action.file.path)
        return ZoneCommit(
            version=self.version,
            info=actions.info,
            added=[action.file for action in actions.added],
            removed=removed,
            data_change=any(action.data_change for action in [*actions.added, *actions.removed]),
        )

    def snapshot(self) -> ZoneSnapshot:
        return ZoneSnapshot(self.table, self.version, list(self.files.values()), self.fence)


@dataclass(frozen=True)
class History:
    state: TableState
    """The table at the last version."""
    commits: Sequence[ZoneCommit]
    """After the first version, oldest first."""


def history(log: DeltaLog, listing: LogListing, begin: int, end: int) -> History:
    """The commits after version `begin` up to and with `end`, and the table at `end`.

    Raises `VERSION_UNREADABLE`; `STATE_CORRUPT`; `CONFIG_INVALID` where only a checkpoint leads
    there, and nothing reads it.
    """
    _assert_known(log.table, listing, begin)
    _assert_known(log.table, listing, end)
    state = _replay_to(log, listing, begin)
    commits = [state.apply(actions) for actions in _entries(log, listing, begin, end)]
    if state.version >= 0:
        _assert_readable(state)
    return History(state, commits)


def _replay_to(log: DeltaLog, listing: LogListing, version: int) -> TableState:
    """The table as it is before its first entry, or as a checkpoint shows it, entry by entry."""
    state = TableState(log.table)
    base = _base_of(log, listing, version)
    if base >= 0:
        state.apply(log.checkpoint(base, listing))
        state.version = base
    for actions in _entries(log, listing, base, version):
        state.apply(actions)
    return state


def _base_of(log: DeltaLog, listing: LogListing, version: int) -> int:
    """The version to replay from: that of a checkpoint, or -1 for the beginning."""
    first = listing.first
    if version < 0 or (first == 0 and not log.reads_checkpoints):
        return -1
    base = max((at for at in listing.checkpoints if at <= version), default=-1)
    if base == version or (first is not None and first <= base + 1):
        return base
    raise gone(
        log.table,
        version,
        f"its log begins at entry {'Infinity' if first is None else first}, and no classic "
        "checkpoint leads up to it",
    )


def _entries(log: DeltaLog, listing: LogListing, after: int, to: int) -> list[LogActions]:
    versions = range(after + 1, to + 1)
    if len(versions) < 2:
        return [log.entry(version, listing) for version in versions]
    with ThreadPoolExecutor(min(PARALLEL, len(versions))) as pool:
        return list(pool.map(lambda version: log.entry(version, listing), versions))


def _assert_known(table: str, listing: LogListing, version: int) -> None:
    newest = listing.newest
    if -1 <= version <= newest:
        return
    why = "the table does not exist yet" if newest == -1 else f"the newest version is {newest}"
    raise gone(table, version, why)


def _assert_readable(state: TableState) -> None:
    where = f"The Delta log of {state.table}"
    protocol = state.protocol
    if protocol is None:
        raise corrupt(where, "no entry names its protocol")
    if state.metadata is None:
        raise corrupt(where, "no entry holds the table's metaData")
    if protocol.min_reader_version <= 1:
        return
    raise corrupt(
        where,
        f"it asks for reader version {protocol.min_reader_version}"
        f"{for_features(protocol.reader_features)}, and this one has 1 (no column mapping, "
        "deletion vectors or other table features)",
    )
