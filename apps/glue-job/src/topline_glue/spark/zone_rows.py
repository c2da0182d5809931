"""Live Parquet files of the zone as the plan's input relations: exactly these, never a listing."""

import re
from collections.abc import Collection, Sequence
from uuid import uuid4

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from topline_glue.errors import ToplineError
from topline_glue.layout import zone_folder
from topline_glue.model import DataFile
from topline_glue.spark.copying import Copier
from topline_glue.spark.workspace import Workspace
from topline_glue.zone_tables import PARTITIONED_BY, ZONE_COLUMNS

_TYPES = {"string": "STRING", "integer": "INT", "long": "BIGINT", "timestamp": "TIMESTAMP"}

_PLAIN = re.compile(r"(?:[A-Za-z0-9=-][A-Za-z0-9=._-]*/)*[A-Za-z0-9=-][A-Za-z0-9=._-]*")
"""Paths that Hadoop takes as they are: it reads patterns, escapes and hidden names into others."""


class ZoneRows:
    """Reads files of the zone; of those with odd names, a copy under a plain one."""

    def __init__(self, work: Workspace) -> None:
        self._work = work
        self._scratch = f"runs/spark-{uuid4().hex}/zone/"
        self._copies: dict[str, str] = {}

    def expose(self, table: str, files: Sequence[DataFile]) -> None:
        """Makes `<table>_rows` the rows of these files, with `date` as text where it has it.

        Raises `OBJECT_NOT_FOUND`.
        """
        with self._work.at(f"the rows of {table}"):
            rows = self._rows(table, files) if files else self._empty(table)
            rows.createOrReplaceTempView(f"{table}_rows")

    def close(self) -> None:
        if self._copies:
            self._work.bucket.delete_all(self._scratch)

    def _empty(self, table: str) -> DataFrame:
        date = ", date STRING" if PARTITIONED_BY[table] else ""
        return self._work.spark.createDataFrame([], _schema(table) + date)

    def _rows(self, table: str, files: Sequence[DataFile]) -> DataFrame:
        spark = self._work.spark
        dates = {self._url(table, file): file.partition.get("date") for file in files}
        read = spark.read.schema(_schema(table)).option("recursiveFileLookup", "true")
        rows = read.parquet(*dates)
        _check(table, rows, dates)
        columns = [f.col(column.name) for column in ZONE_COLUMNS[table]]
        if not PARTITIONED_BY[table]:
            return rows.select(*columns)
        if len(set(dates.values())) == 1:
            date = f.lit(next(iter(dates.values()))).cast("string").alias("date")
            return rows.select(*columns, date)
        known = spark.createDataFrame(list(dates.items()), "path STRING, date STRING")
        placed = rows.select(*columns, f.col("_metadata.file_path").alias("path"))
        return placed.join(f.broadcast(known), "path").select(*columns, "date")

    def _url(self, table: str, file: DataFile) -> str:
        key = zone_folder(table) + file.path
        if _PLAIN.fullmatch(file.path) is None:
            if key not in self._copies:
                copy = f"{self._scratch}{len(self._copies)}.parquet"
                Copier(self._work.bucket.name).copy(key, copy)
                self._copies[key] = copy
            key = self._copies[key]
        return self._work.bucket.url(key)


def _check(table: str, rows: DataFrame, paths: Collection[str]) -> None:
    """Spark leaves out what it takes for hidden, and spells odd paths otherwise."""
    left = set(paths) - set(rows.inputFiles())
    if left:
        raise ToplineError(
            "ENGINE_FAILED",
            f"Spark does not read {len(left)} of {len(paths)} files of {table}, such as "
            f"{min(left)}; this is a fault of the engine: please report it.",
        )


def _schema(table: str) -> str:
    return ", ".join(f"{column.name} {_TYPES[column.type]}" for column in ZONE_COLUMNS[table])
