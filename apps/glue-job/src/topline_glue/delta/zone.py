"""The zone as Delta Lake tables (reader version 1, writer version 2) in an object store."""

from topline_glue.aws.object_store import ObjectStore
from topline_glue.delta.action_cache import ActionCache
from topline_glue.delta.checkpoint import checkpoint_reader
from topline_glue.delta.commit import CommitRequest, commit
from topline_glue.delta.log import DeltaLog, ReadCheckpoint
from topline_glue.delta.snapshot import history
from topline_glue.model import CommitInfo, Decide, ZoneCommit, ZoneSnapshot


class DeltaZone:
    """Three tables, changed by atomic commits.

    Holds no state but parsed log files; any number of processes may work over one store.
    """

    def __init__(self, store: ObjectStore, read_checkpoint: ReadCheckpoint | None = None) -> None:
        self._store = store
        self._cache = ActionCache()
        self._read_checkpoint = read_checkpoint or checkpoint_reader()

    def snapshot(self, table: str, version: int | None = None) -> ZoneSnapshot:
        """Of the newest version, or of one that is asked for.

        Raises `VERSION_UNREADABLE` when the log no longer tells that version; `STATE_CORRUPT` when
        an entry is not a Delta log's, or the table asks for a newer protocol; `CONFIG_INVALID`
        where the log can only be read from a checkpoint, and pyarrow is missing.
        """
        log = self._log(table)
        listing = log.list()
        at = listing.newest if version is None else version
        return history(log, listing, at, at).state.snapshot()

    def commits(self, table: str, from_version: int, to_version: int) -> list[ZoneCommit]:
        """Those after version `from_version` up to and with `to_version`, oldest first.

        Raises `VERSION_UNREADABLE`; `STATE_CORRUPT`; `CONFIG_INVALID`.
        """
        log = self._log(table)
        return list(history(log, log.list(), from_version, to_version).commits)

    def commit(self, table: str, info: CommitInfo, fence: int, since: int, decide: Decide) -> int:
        """Puts the next log entry if nobody else has; otherwise rereads and decides again.

        Returns the version after it: that of the commit, or the newest when nothing was to be
        committed. `decide` gets what was committed after version `since`. Raises `LEASE_LOST` when
        the log holds a greater fencing token than `fence`; `INTERNAL` for removals of files that
        are not live, and for additions under a path that the log has named before.
        """
        return commit(self._log(table), CommitRequest(info, fence, since, decide))

    def _log(self, table: str) -> DeltaLog:
        return DeltaLog(self._store, table, self._cache, self._read_checkpoint)
