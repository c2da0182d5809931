"""What the parts of the job speak of: files of the zone, leases, sources, verdicts.

The shapes are those of `@topline/core`'s ports, under the names of Python.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

KpiValue = str | int | float | None
"""`int` for integers of any size, `float` for doubles alone, `None` for an absent attribute."""

KpiRow = Mapping[str, KpiValue]


@dataclass(frozen=True)
class DataFile:
    """One live Parquet file of a zone table."""

    path: str
    """Relative to the table's folder, as the object's key spells it."""
    size: int
    """Bytes."""
    modification_time: int
    """Epoch milliseconds."""
    partition: Mapping[str, str | None]
    """`{"date": "2024-06-25"}` in `streams`, `{}` in the others."""
    records: int


@dataclass(frozen=True)
class CommitInfo:
    run_id: str
    operation: str
    engine: str
    """Name and version of what wrote the files."""
    plan_hash: str
    timestamp: int
    """Epoch milliseconds."""


@dataclass(frozen=True)
class ZoneSnapshot:
    table: str
    version: int
    """The last commit that this shows; -1 while the table does not exist."""
    files: Sequence[DataFile]
    fence: int
    """The greatest fencing token that has committed; 0 when none has."""


@dataclass(frozen=True)
class ZoneCommit:
    """What one commit did."""

    version: int
    info: CommitInfo | None
    """Absent in commits that others wrote without it."""
    added: Sequence[DataFile]
    removed: Sequence[DataFile]
    data_change: bool
    """False when the set of rows stayed as it was (compaction)."""


@dataclass(frozen=True)
class ZoneActions:
    add: Sequence[DataFile]
    remove: Sequence[DataFile]
    """Files that are live in the snapshot."""
    data_change: bool = True


Decide = Callable[[ZoneSnapshot, Sequence[ZoneCommit]], ZoneActions | None]
"""Called with the newest state, again after every lost race. `None`: nothing is to be committed."""


@dataclass(frozen=True)
class Lease:
    """The right to change things, for a while."""

    token: int
    """Greater with every taking, whoever takes it: the fencing token."""
    holder: str
    expires_at: datetime


@dataclass(frozen=True)
class Cursor:
    """What the KPI tables show: these versions of the zone under this plan."""

    zone: Mapping[str, int]
    plan_hash: str


@dataclass(frozen=True)
class Head:
    """A source's header, as `validate` has read it. Positions count from 0."""

    record: str
    width: int
    positions: Mapping[str, int]


@dataclass(frozen=True)
class Source:
    """One frozen file, as the engine is to read it."""

    source_id: str
    dataset: str
    key: str
    """Under the producer's name: what quarantined rows carry and messages say."""
    input_key: str
    """Where the run's own copy lies."""
    compression: str
    """`none` or `gzip`."""
    size: int
    """Bytes as stored."""
    head: Head


@dataclass(frozen=True)
class Refusal:
    code: str
    message: str


@dataclass(frozen=True)
class Verdict:
    """`records = accepted + Σ quarantined`, exactly, unless the source is refused."""

    source_id: str
    records: int
    """The header not counted. For a refused source: as far as it was counted."""
    accepted: int
    quarantined: Mapping[str, int] = field(default_factory=dict)
    refused: Refusal | None = None


@dataclass(frozen=True)
class Violation:
    audit: str
    date: str
    detail: str


@dataclass(frozen=True)
class DateFigures:
    date: str
    listens: int = 0
    duplicates: int = 0
    unknown_tracks: int = 0
    unknown_users: int = 0


@dataclass(frozen=True)
class Counts:
    """What publishing one date of one table did."""

    put: int
    deleted: int
    unchanged: int
