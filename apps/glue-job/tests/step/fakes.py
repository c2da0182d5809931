"""Ports in memory, so that the step's order of work can be seen, and stopped, at every point."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from topline_glue.errors import ToplineError
from topline_glue.logs import Logger, stderr_logger
from topline_glue.model import (
    CommitInfo,
    Counts,
    Cursor,
    DataFile,
    DateFigures,
    Decide,
    KpiRow,
    Lease,
    Source,
    Verdict,
    Violation,
    ZoneCommit,
    ZoneSnapshot,
)
from topline_glue.plan import Limits, Plan, TableSpec
from topline_glue.step.context import Context


class Killed(BaseException):
    """Stands for SIGKILL: nothing that handles faults may handle it."""


class MemoryStore:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def read_text(self, key: str) -> str | None:
        found = self.objects.get(key)
        return None if found is None else found.decode()

    def put(
        self, key: str, body: bytes, content_type: str | None = None, if_none_match: bool = False
    ) -> None:
        assert content_type is not None
        if if_none_match and key in self.objects:
            raise ToplineError("OBJECT_EXISTS", key)
        self.objects[key] = body

    def list(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in self.objects if key.startswith(prefix)))

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)


class MemoryZone:
    def __init__(self) -> None:
        self.log: dict[str, list[ZoneCommit]] = {"songs": [], "users": [], "streams": []}
        self.fences = {"songs": 0, "users": 0, "streams": 0}

    def snapshot(self, table: str, version: int | None = None) -> ZoneSnapshot:
        commits = self.log[table] if version is None else self.log[table][: version + 1]
        files: dict[str, DataFile] = {}
        for commit in commits:
            for file in commit.removed:
                del files[file.path]
            files.update({file.path: file for file in commit.added})
        return ZoneSnapshot(table, len(commits) - 1, list(files.values()), self.fences[table])

    def commits(self, table: str, from_version: int, to_version: int) -> Sequence[ZoneCommit]:
        return self.log[table][from_version + 1 : to_version + 1]

    def commit(self, table: str, info: CommitInfo, fence: int, since: int, decide: Decide) -> int:
        if self.fences[table] > fence:
            raise ToplineError("LEASE_LOST", "a newer token committed")
        latest = self.snapshot(table)
        actions = decide(latest, self.commits(table, since, latest.version))
        if actions is None:
            return latest.version
        version = latest.version + 1
        self.log[table].append(
            ZoneCommit(version, info, actions.add, actions.remove, actions.data_change)
        )
        self.fences[table] = fence
        return version


class MemoryLedger:
    def __init__(self, open_run: str | None) -> None:
        self.opened = open_run
        self.token = 100
        self.held: Lease | None = None
        self.cursor: Cursor | None = None
        self.summaries: list[Mapping[str, object]] = []
        self.renewals = 0

    def acquire(self, holder: str, seconds: int) -> Lease:
        if self.held is not None:
            raise ToplineError("LEASE_HELD", f"The lease is held by {self.held.holder}.")
        self.token += 1
        self.held = Lease(self.token, holder, datetime.now(UTC) + timedelta(seconds=seconds))
        return self.held

    def renew(self, lease: Lease, seconds: int) -> Lease:
        self.verify(lease)
        self.renewals += 1
        return lease

    def release(self, lease: Lease) -> None:
        if self.held == lease:
            self.held = None

    def verify(self, lease: Lease) -> None:
        if self.token != lease.token:
            raise ToplineError("LEASE_LOST", f"Token {self.token} is newer than {lease.token}.")

    def open_run(self) -> str | None:
        return self.opened

    def move_cursor(self, cursor: Cursor, lease: Lease) -> None:
        self.verify(lease)
        self.cursor = cursor

    def record(self, summary: Mapping[str, object], lease: Lease) -> None:
        self.verify(lease)
        self.summaries.append(summary)

    def take_over(self) -> None:
        """Somebody else takes the lease, after it has expired."""
        self.token += 1
        self.held = Lease(self.token, "another", datetime.now(UTC))


class MemoryKpis:
    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Sequence[KpiRow]] = {}

    def dates(self, table: TableSpec) -> Iterator[str]:
        return iter([date for name, date in self.items if name == table.name])

    def publish(self, table: TableSpec, date: str, rows: Sequence[KpiRow], lease: Lease) -> Counts:
        before = self.items.get((table.name, date), [])
        same = sum(1 for row in rows if row in before)
        self.items[table.name, date] = list(rows)
        return Counts(len(rows) - same, max(0, len(before) - len(rows)), same)


class ScriptedEngine:
    """Takes every record for a listen of one date. `stops` names the call at which it fails."""

    name = "scripted 1"

    def __init__(self, quarantined: int = 0, violations: Sequence[Violation] = ()) -> None:
        self.calls: list[str] = []
        self.stops: dict[str, BaseException] = {}
        self.quarantined = quarantined
        self.violations = violations
        self.touched: Sequence[str] = ()

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.stops:
            raise self.stops.pop(name)

    def ingest(self, sources: Sequence[Source], limits: Limits) -> Sequence[Verdict]:
        self._call("ingest")
        bad = self.quarantined
        return [
            Verdict(one.source_id, 10, 10 - bad, {"malformed": bad} if bad else {})
            for one in sources
        ]

    def write_quarantine(self, source_id: str, prefix: str) -> Sequence[str]:
        self._call("write_quarantine")
        return [f"{prefix}part-1.jsonl"]

    def write_rows(self, table: str, stem: str, intake: int) -> Sequence[DataFile]:
        self._call(f"write_rows {table}")
        partition = {"date": "2024-06-25"} if table == "streams" else {}
        return [DataFile(f"{stem}.parquet", 1, 1, partition, 10)]

    def dates_touched(
        self,
        before: Mapping[str, Sequence[DataFile]],
        after: Mapping[str, Sequence[DataFile]],
        views: Sequence[str],
    ) -> Sequence[str]:
        self._call(f"dates_touched {' '.join(views)}")
        return self.touched

    def compute(
        self, zone: Mapping[str, Sequence[DataFile]], dates: Sequence[str]
    ) -> tuple[Sequence[DateFigures], Sequence[Violation]]:
        self._call("compute")
        return [DateFigures(date, listens=10) for date in dates], self.violations

    def rows(self, table: TableSpec, date: str) -> Sequence[KpiRow]:
        self._call("rows")
        return [{"date": date, table.sort_key: "rock", "listen_count": 10}]

    def cancel(self) -> None:
        self._call("cancel")


class TestClock:
    """A second passes at every look."""

    __test__ = False

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class World:
    """One pipeline whose parts a test can look into."""

    def __init__(self, run_id: str = "run-1") -> None:
        self.store = MemoryStore()
        self.zone = MemoryZone()
        self.kpis = MemoryKpis()
        self.ledger = MemoryLedger(run_id)
        self.engine = ScriptedEngine()
        self.clock = TestClock()
        self.logger: Logger = stderr_logger()
        self.engines_opened = 0

    def context(self, *, waits_for_lease: bool = False, lease_seconds: int = 30) -> Context:
        @contextmanager
        def open_engine(_plan: Plan) -> Iterator[ScriptedEngine]:
            self.engines_opened += 1
            yield self.engine

        return Context(
            store=self.store,
            zone=self.zone,
            kpis=self.kpis,
            ledger=self.ledger,
            open_engine=open_engine,
            clock=self.clock,
            logger=self.logger,
            table_prefix="test-",
            holder="a test",
            lease_seconds=lease_seconds,
            waits_for_lease=waits_for_lease,
        )
