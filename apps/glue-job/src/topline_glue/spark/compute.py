"""Runs the plan's relations over the zone, a batch of dates at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as f

from topline_glue.errors import ToplineError
from topline_glue.layout import DATASETS
from topline_glue.model import DataFile, DateFigures, Violation
from topline_glue.plan import Relation
from topline_glue.spark.relation_shape import check_keys, check_shape, shapes
from topline_glue.spark.relations import divided, read_often
from topline_glue.spark.session import fit_partitions
from topline_glue.spark.workspace import Workspace, ZoneFiles
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


def bind_relations(work: Workspace, zone: ZoneRows) -> None:
    """Runs the plan over no rows, so that what is wrong with a relation shows before any is read.

    Raises `RELATION_INVALID`.
    """
    plan = work.plan
    for table in DATASETS:
        zone.expose(table, [])
    for relation in [*plan.relations, *plan.audits, plan.figures]:
        try:
            rows = relate(work, relation)
        except ToplineError as error:
            if error.code != "ENGINE_FAILED":
                raise
            raise ToplineError(
                "RELATION_INVALID",
                f"The SQL of relation {relation.name} does not run: {error.message}",
            ) from error
        for shape in shapes(plan, relation.name):
            check_shape(relation.name, rows, shape)
    for table in plan.tables:
        if all(relation.name != table.relation for relation in plan.relations):
            raise ToplineError(
                "RELATION_INVALID",
                f"Table {table.name} publishes relation {table.relation}, "
                "which the plan does not have.",
            )


def relate(work: Workspace, relation: Relation) -> DataFrame:
    """What a relation yields once its inputs are as they are now, under its name."""
    with work.at(f"relation {relation.name}"):
        rows = work.spark.sql(relation.sql)
        rows.createOrReplaceTempView(relation.name)
        return rows


class Computing:
    """One computation: relations that stay for all batches, and what the batches yield."""

    def __init__(self, work: Workspace, zone: ZoneRows) -> None:
        self._work = work
        self._spark = work.spark
        self._plan = work.plan
        self._zone = zone
        self._often = read_often(work.plan)
        self._found = Computed([], [], {table.relation: {} for table in work.plan.tables})

    def over(self, files: ZoneFiles, dates: Sequence[str]) -> Computed:
        timeless, per_date = divided(self._plan)
        reference = [*files["songs"], *files["users"]]
        for table in ("songs", "users"):
            self._zone.expose(table, files[table])
        kept: list[DataFrame] = []
        try:
            kept += self._keep(timeless)
            for batch in batches(files["streams"], dates, _BATCH_ROWS * self._work.cores):
                fit_partitions(self._spark, sum(one.size for one in [*reference, *batch.files]))
                self._batch(per_date, batch)
        finally:
            _release(kept)
        for table in self._plan.tables:
            by_date = self._found.rows[table.relation]
            check_keys(table, [row for rows in by_date.values() for row in rows])
        figures = {one.date: one for one in self._found.figures}
        ordered = [figures.get(date, DateFigures(date)) for date in dates]
        return Computed(ordered, self._found.violations, self._found.rows)

    def _batch(self, per_date: Sequence[Relation], batch: "DateBatch") -> None:
        self._zone.expose("streams", batch.files)
        kept = self._keep(per_date)
        try:
            with self._work.at(f"the relations of {batch.name}"):
                for relation, by_date in self._found.rows.items():
                    for row in self._spark.table(relation).collect():
                        by_date.setdefault(row["date"], []).append(row)
                self._found.figures.extend(self._figures())
                self._found.violations.extend(self._violations())
        except ToplineError as error:
            if error.code == "ENGINE_FAILED":
                self._name_culprit(per_date)
            raise
        finally:
            _release(kept)

    def _keep(self, relations: Sequence[Relation]) -> list[DataFrame]:
        """Makes the relations; keeps the rows of those that several others read."""
        kept = []
        for relation in relations:
            rows = relate(self._work, relation)
            if relation.name in self._often:
                kept.append(rows.persist(StorageLevel.MEMORY_AND_DISK))
        return kept

    def _figures(self) -> list[DateFigures]:
        counts = [f.col(name).cast("bigint").alias(name) for name in _FIGURES]
        rows = self._spark.sql(self._plan.figures.sql).select("date", *counts).collect()
        return [DateFigures(*row) for row in rows]

    def _violations(self) -> list[Violation]:
        found = None
        for audit in self._plan.audits:
            columns = [f.col(name).cast("string") for name in ("audit", "date", "detail")]
            rows = self._spark.sql(audit.sql).select(*columns)
            told = rows.orderBy(*(f.asc_nulls_last(name) for name in rows.columns)).limit(_TOLD)
            found = told if found is None else found.unionAll(told)
        return [] if found is None else [Violation(*row) for row in found.collect()]

    def _name_culprit(self, per_date: Sequence[Relation]) -> None:
        """Spark computes all of them at once; which one fails shows one by one."""
        for relation in [*per_date, *self._plan.audits, self._plan.figures]:
            with self._work.at(f"relation {relation.name}"):
                self._spark.sql(relation.sql).write.format("noop").mode("overwrite").save()


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


def _release(kept: Sequence[DataFrame]) -> None:
    for rows in kept:
        rows.unpersist()
