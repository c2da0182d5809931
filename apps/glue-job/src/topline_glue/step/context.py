"""What the step works on: ports that others can replace, as in `@topline/core`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from topline_glue.clock import Clock
from topline_glue.logs import Logger
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


class ObjectStore(Protocol):
    def read_text(self, key: str) -> str | None: ...
    def put(
        self, key: str, body: bytes, content_type: str | None = None, if_none_match: bool = False
    ) -> None: ...
    def list(self, prefix: str) -> Iterator[str]: ...
    def delete(self, key: str) -> None: ...


class RunLedger(Protocol):
    def acquire(self, holder: str, seconds: int) -> Lease: ...
    def renew(self, lease: Lease, seconds: int) -> Lease: ...
    def release(self, lease: Lease) -> None: ...
    def verify(self, lease: Lease) -> None: ...
    def open_run(self) -> str | None: ...
    def move_cursor(self, cursor: Cursor, lease: Lease) -> None: ...
    def record(self, summary: Mapping[str, object], lease: Lease) -> None: ...


class KpiStore(Protocol):
    def dates(self, table: TableSpec) -> Iterator[str]: ...
    def publish(
        self, table: TableSpec, date: str, rows: Sequence[KpiRow], lease: Lease
    ) -> Counts: ...


class Zone(Protocol):
    def snapshot(self, table: str, version: int | None = None) -> ZoneSnapshot: ...
    def commits(self, table: str, from_version: int, to_version: int) -> Sequence[ZoneCommit]: ...
    def commit(
        self, table: str, info: CommitInfo, fence: int, since: int, decide: Decide
    ) -> int: ...


ZoneFiles = Mapping[str, Sequence[DataFile]]
"""The live files of each table at the versions that are being published."""


class Engine(Protocol):
    """Work space for one transform: what `ingest` has read is there for the calls after it."""

    name: str

    def ingest(self, sources: Sequence[Source], limits: Limits) -> Sequence[Verdict]: ...
    def write_quarantine(self, source_id: str, prefix: str) -> Sequence[str]: ...
    def write_rows(self, table: str, stem: str, intake: int) -> Sequence[DataFile]: ...
    def dates_touched(
        self, before: ZoneFiles, after: ZoneFiles, views: Sequence[str]
    ) -> Sequence[str]: ...
    def compute(
        self, zone: ZoneFiles, dates: Sequence[str]
    ) -> tuple[Sequence[DateFigures], Sequence[Violation]]: ...
    def rows(self, table: TableSpec, date: str) -> Sequence[KpiRow]: ...
    def cancel(self) -> None:
        """Ends what is under way, from another thread."""


@dataclass(frozen=True)
class Context:
    store: ObjectStore
    zone: Zone
    kpis: KpiStore
    ledger: RunLedger
    open_engine: Callable[[Plan], AbstractContextManager[Engine]]
    clock: Clock
    logger: Logger
    table_prefix: str
    holder: str
    lease_seconds: int
    waits_for_lease: bool
