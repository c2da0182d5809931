"""Runs the plan's relations over the zone, a batch of dates at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as f

from topline_glue.model import DataFile, DateFigures, Violation
from topline_glue.plan import Relation
from topline_glue.relations import divided, read_often
from topline_glue.spark.reference import ReferenceRelations
from topline_glue.spark.relation_shape import check_keys
from topline_glue.spark.session import fit_to
from topline_glue.spark.workspace import Workspace, ZoneFiles, release
from topline_glue.spark.zone_rows import ZoneRows

_BATCH_ROWS = 5_000_000
"""Rows of `streams` for each core that are computed at a time, unless one date alone has more."""

_TOLD = 20
"""Violations of one audit that are told of one batch: the first says what is wrong."""

_FIGURES = ("listens", "duplicates", "unknown_tracks", "unknown_users")


@dataclass(frozen=True)
class Computed:
    figures: list[DateFigures]
    violations: list[Violation]
    rows: dict[str, dict[str, list[Row]]]
    """By relation and date."""


class Computing:
    """One computation, and what its batches yield."""

    def __init__(self, work: Workspace, zone: ZoneRows, reference: ReferenceRelations) -> None:
        self._work = work
        self._spark = work.spark
        self._plan = work.plan
        self._zone = zone
        self._reference = reference
        self._often = read_often(work.plan)
        self._found = Computed([], [], {table.relation: {} for table in work.plan.tables})

    def over(self, files: ZoneFiles, dates: Sequence[str]) -> Computed:
        _, per_date = divided(self._plan)
        reference_bytes = sum(one.size for one in [*files["songs"], *files["users"]])
        for batch in batches(files["streams"], dates, _BATCH_ROWS * self._work.cores):
            fit_to(self._spark, reference_bytes + sum(one.size for one in batch.files))
            self._reference.expose(files)
            self._batch(per_date, batch)
        for table in self._plan.tables:
            by_date = self._found.rows[table.relation]
            check_keys(table, [row for rows in by_date.values() for row in rows])
        figures = {one.date: one for one in self._found.figures}
        ordered = [figures.get(date, DateFigures(date)) for date in dates]
        return Computed(ordered, self._found.violations, self._found.rows)

    def _batch(self, per_date: Sequence[Relation], batch: "DateBatch") -> None:
        self._zone.expose("streams", batch.files)
        kept: list[DataFrame] = []
        try:
            for relation in per_date:
                is_kept = relation.name in self._often or relation.name in self._found.rows
                rows = self._work.relate(relation, is_kept=is_kept)
                if is_kept:
                    kept.append(rows)
            for name, by_date in self._found.rows.items():
                with self._work.at(f"relation {name}"):
                    for row in self._spark.table(name).collect():
                        by_date.setdefault(row["date"], []).append(row)
            self._found.figures.extend(self._figures())
            if self._is_violated():
                for audit in self._plan.audits:
                    self._found.violations.extend(self._violations(audit))
        finally:
            for rows in kept:
                release(rows)

    def _figures(self) -> list[DateFigures]:
        counts = [f.col(name).cast("bigint").alias(name) for name in _FIGURES]
        with self._work.at(f"relation {self._plan.figures.name}"):
            rows = self._spark.sql(self._plan.figures.sql).select("date", *counts).collect()
        return [DateFigures(*row) for row in rows]

    def _is_violated(self) -> bool:
        """Whether an audit has rows: asked of all at once, since none should have."""
        audits = self._plan.audits
        if not audits:
            return False
        with self._work.at(f"relation{'s' if len(audits) > 1 else ''} {_named(audits)}"):
            found = [self._spark.sql(audit.sql).select("audit") for audit in audits]
            return reduce(DataFrame.unionAll, found).count() > 0

    def _violations(self, audit: Relation) -> list[Violation]:
        columns = [f.col(name).cast("string") for name in ("audit", "date", "detail")]
        with self._work.at(f"relation {audit.name}"):
            rows = self._spark.sql(audit.sql).select(*columns)
            told = rows.orderBy(*(f.asc_nulls_last(name) for name in rows.columns)).limit(_TOLD)
            return [Violation(*row) for row in told.collect()]


def _named(relations: Sequence[Relation]) -> str:
    return ", ".join(one.name for one in relations)


@dataclass(frozen=True)
class DateBatch:
    dates: list[str]
    files: list[DataFile]

    @property
    def name(self) -> str:
        first, last = self.dates[0], self.dates[-1]
        return first if first == last else f"{len(self.dates)} dates, {first} to {last}"


def batches(
    files: Sequence[DataFile], dates: Sequence[str], batch_rows: int
) -> Iterator[DateBatch]:
    """Whole dates that have files, of some `batch_rows` rows together."""
    by_date: dict[str | None, list[DataFile]] = {}
    for file in files:
        by_date.setdefault(file.partition.get("date"), []).append(file)
    batch = DateBatch([], [])
    rows = 0
    for date in dates:
        own = by_date.get(date, [])
        more = sum(file.records for file in own)
        if more == 0:
            continue
        if rows > 0 and rows + more > batch_rows:
            yield batch
            batch, rows = DateBatch([], []), 0
        batch.dates.append(date)
        batch.files.extend(own)
        rows += more
    if rows > 0:
        yield batch
