"""Topline's engine on Spark: each call is a file of this folder."""

from collections.abc import Sequence
from functools import reduce
from threading import Lock

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from topline_glue.aws import ObjectStore
from topline_glue.errors import ToplineError
from topline_glue.layout import DATASETS
from topline_glue.model import DataFile, DateFigures, KpiRow, Source, Verdict, Violation
from topline_glue.plan import Limits, Plan, TableSpec
from topline_glue.spark.binding import bind_relations
from topline_glue.spark.compute import Computed, Computing
from topline_glue.spark.ingest import Ingested, ingest_sources
from topline_glue.spark.parquet import Accepted, accepted_rows, write_files
from topline_glue.spark.quarantine import write_quarantined
from topline_glue.spark.reference import ReferenceRelations
from topline_glue.spark.relation_shape import in_order, kpi_row
from topline_glue.spark.session import engine_name, own_session
from topline_glue.spark.touched import Touching
from topline_glue.spark.workspace import Bucket, Workspace, ZoneFiles, release
from topline_glue.spark.zone_rows import ZoneRows


class SparkEngine:
    """Work space for one transform: what `ingest` has read is there for the calls after it.

    Owns a session of its own on `spark`, which others may go on using. Raises `RELATION_INVALID`
    for a plan whose SQL does not run, before anything is read.
    """

    def __init__(
        self,
        spark: SparkSession,
        store: ObjectStore,
        bucket: str,
        plan: Plan,
        scheme: str = "s3",
    ) -> None:
        self.name = engine_name(spark)
        self._work = Workspace(own_session(spark), Bucket(store, bucket, scheme), plan)
        self._zone = ZoneRows(self._work)
        self._reference = ReferenceRelations(self._work, self._zone)
        self._judged: dict[str, list[DataFrame]] = {dataset: [] for dataset in DATASETS}
        self._ingested: dict[str, Ingested] = {}
        self._written: set[str] = set()
        self._computed: Computed | None = None
        self._alone = Lock()
        bind_relations(self._work, self._zone)

    def ingest(self, sources: Sequence[Source], limits: Limits) -> list[Verdict]:
        """Reads every source, and reaches a verdict on each, in their order. Writes nothing.

        Raises `STATE_CORRUPT` for a copy without its header; `OBJECT_NOT_FOUND`.
        """
        intake = ingest_sources(self._work, sources, limits)
        for one in intake.sources:
            self._ingested[one.source.source_id] = one
        for dataset, records in intake.judged.items():
            self._judged[dataset].append(records)
        return [one.verdict for one in intake.sources]

    def write_quarantine(self, source_id: str, prefix: str) -> list[str]:
        """Writes the rows of one source that were not accepted; returns the keys. Threads may."""
        one = self._ingested.get(source_id)
        if one is None:
            raise ToplineError(
                "INTERNAL",
                f"Source {source_id} was not ingested in this session; ingest it first.",
            )
        verdict = one.verdict
        if verdict.refused is not None or verdict.accepted == verdict.records:
            return []
        records = [
            judged.where(f.col("source") == source_id)
            for judged in self._judged[one.source.dataset]
        ]
        with self._work.at(f"the quarantine of {one.source.key}"):
            return write_quarantined(
                reduce(DataFrame.unionAll, records),
                self._work.bucket.name,
                one.source.key,
                prefix,
                one.blocks,
            )

    def write_rows(self, table: str, stem: str, intake: int) -> list[DataFile]:
        """Writes the accepted rows of every source that was not refused, once a table."""
        with self._alone:
            if table in self._written:
                raise ToplineError(
                    "INTERNAL",
                    f"The rows of {table} were written already in this session; "
                    "ingest them again in another.",
                )
            self._written.add(table)
        own = [one for one in self._ingested.values() if one.source.dataset == table]
        count = sum(one.verdict.accepted for one in own if one.verdict.refused is None)
        if count == 0:
            return []
        refused = [one.source.source_id for one in own if one.verdict.refused is not None]
        records = reduce(DataFrame.unionAll, self._judged[table])
        kept = records.where(~f.col("source").isin(refused)) if refused else records
        rows = accepted_rows(kept, table, intake)
        return write_files(self._work, Accepted(table, rows, count), stem)

    def dates_touched(self, before: ZoneFiles, after: ZoneFiles, views: Sequence[str]) -> list[str]:
        """Ascending: with listens of tracks (users) whose rows differ between the two states."""
        touching = Touching(self._work, self._zone, self._reference)
        return touching.dates(before, after, views)

    def compute(
        self, zone: ZoneFiles, dates: Sequence[str]
    ) -> tuple[list[DateFigures], list[Violation]]:
        """Computes every relation for `dates`, and audits the result."""
        computing = Computing(self._work, self._zone, self._reference)
        self._computed = computing.over(zone, dates)
        return self._computed.figures, self._computed.violations

    def rows(self, table: TableSpec, date: str) -> list[KpiRow]:
        """The computed rows of one table and date, in the table's order."""
        if self._computed is None:
            raise ToplineError("INTERNAL", "Nothing was computed in this session yet.")
        found = self._computed.rows[table.relation].get(date, [])
        return [kpi_row(table, row) for row in in_order(table, found)]

    def cancel(self) -> None:
        """Ends what is under way, from another thread; nothing can be done after it."""
        self._work.cancel()

    def close(self) -> None:
        for frames in self._judged.values():
            for judged in frames:
                release(judged)
        self._reference.close()
        self._zone.close()
