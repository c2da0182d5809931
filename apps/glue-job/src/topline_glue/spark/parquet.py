"""Accepted rows as Parquet files of the zone.

Spark writes them outside the tables, and they are copied into place under the names that Topline
gives its files on every engine: `date=…/<stem>[-n].parquet`. Spark's committer makes folders and
moves files about; what a job that was killed leaves of that is never inside a table, where no
reader expects it and no vacuum finds it.
"""

import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from topline_glue.errors import ToplineError
from topline_glue.layout import zone_folder
from topline_glue.model import DataFile
from topline_glue.spark.copying import Copier
from topline_glue.spark.workspace import Workspace
from topline_glue.zone_tables import PARTITIONED_BY, ZONE_COLUMNS

FILE_ROWS = 16_000_000
"""Rows of one file: some 512 MB of listens. A partition of more is split."""

_COPIES = 16
_DATE = re.compile(r"date=([0-9-]+)/")


def accepted_rows(records: DataFrame, table: str, intake: int) -> DataFrame:
    """The zone table's columns, and `date` where it is parted by it."""
    values: dict[str, Column] = {
        "source_id": f.col("source").alias("source_id"),
        "intake": f.lit(intake).cast("bigint").alias("intake"),
    }
    columns = [values.get(column.name, f.col(column.name)) for column in ZONE_COLUMNS[table]]
    if PARTITIONED_BY[table]:
        columns.append(f.to_date("listen_time").alias("date"))
    return records.where(f.col("reason").isNull()).select(*columns)


@dataclass(frozen=True)
class Accepted:
    """Rows for one zone table."""

    table: str
    rows: DataFrame
    """As `accepted_rows` has them."""
    count: int
    """How many there are; at least one."""


def write_files(
    work: Workspace, accepted: Accepted, stem: str, file_rows: int = FILE_ROWS
) -> list[DataFile]:
    """Writes rows into the table's folder: one file a partition, or several of some `file_rows`.

    Raises `ENGINE_FAILED` when Spark wrote another number of rows.
    """
    bucket, table = work.bucket, accepted.table
    scratch = f"runs/{stem}/rows/{table}/"
    bucket.delete_all(scratch)
    try:
        with work.at(f"the Parquet files of {table}"):
            _write(_parted(accepted, file_rows), table, bucket.url(scratch), file_rows)
            records = _records_by_path(work, accepted, bucket.url(scratch))
        written = [
            _Written(found.key.removeprefix(scratch), found.size, records[bucket.url(found.key)])
            for found in bucket.store.objects(scratch)
            if bucket.url(found.key) in records
        ]
        _check(accepted, sum(one.records for one in written))
        return _placed(work, table, scratch, written, stem)
    finally:
        bucket.delete_all(scratch)


@dataclass(frozen=True)
class _Written:
    path: str
    """Below the folder that Spark wrote."""
    size: int
    records: int


def _parted(accepted: Accepted, file_rows: int) -> DataFrame:
    """A task writes whole partitions, unless one has rows for several files."""
    rows, keys = accepted.rows, PARTITIONED_BY[accepted.table]
    key = ZONE_COLUMNS[accepted.table][0].name
    if accepted.count <= file_rows:
        return rows.repartition(*keys) if keys else rows.repartition(1)
    if not keys:
        return rows.repartition(-(-accepted.count // file_rows), key)
    large = (
        rows.groupBy(*keys)
        .agg(f.count("*").alias("rows"))
        .where(f.col("rows") > file_rows)
        .select(*keys, f.ceil(f.col("rows") / file_rows).cast("int").alias("parts"))
    )
    part = f.pmod(f.xxhash64(key), f.coalesce("parts", f.lit(1)))
    placed = rows.join(f.broadcast(large), keys, "left").repartition(*keys, part)
    return placed.select(*rows.columns)


def _write(rows: DataFrame, table: str, url: str, file_rows: int) -> None:
    writer = rows.write.mode("append").option("maxRecordsPerFile", file_rows)
    writer = writer.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
    if PARTITIONED_BY[table]:
        writer = writer.partitionBy(*PARTITIONED_BY[table])
    writer.parquet(url)


def _records_by_path(work: Workspace, accepted: Accepted, url: str) -> dict[str, int]:
    """From the files' footers."""
    read = work.spark.read.schema(accepted.rows.schema).option("recursiveFileLookup", "true")
    files = read.parquet(url)
    counted = files.groupBy("_metadata.file_path").agg(f.count("*").alias("records")).collect()
    return {row.file_path: row.records for row in counted}


def _check(accepted: Accepted, found: int) -> None:
    if found != accepted.count:
        raise ToplineError(
            "ENGINE_FAILED",
            f"Spark wrote {found} rows of {accepted.table}; {accepted.count} were accepted. "
            "Nothing was taken in; this is a fault of the engine: please report it.",
        )


def _placed(
    work: Workspace, table: str, scratch: str, written: Sequence[_Written], stem: str
) -> list[DataFile]:
    copier = Copier(work.bucket.name)

    def place(one: _Written, path: str) -> DataFile:
        copier.copy(scratch + one.path, zone_folder(table) + path)
        date = _DATE.match(one.path)
        partition = {} if date is None else {"date": date[1]}
        return DataFile(path, one.size, int(time.time() * 1000), partition, one.records)

    ordered = sorted(written, key=lambda one: one.path)
    with ThreadPoolExecutor(_COPIES) as pool:
        return list(pool.map(place, ordered, named([one.path for one in ordered], stem)))


def named(paths: Sequence[str], stem: str) -> Iterator[str]:
    """Names of this stem in the folders of the paths."""
    made: dict[str, int] = {}
    for path in paths:
        folder = path[: path.rfind("/") + 1]
        made[folder] = made.get(folder, 0) + 1
        ordinal = "" if made[folder] == 1 else f"-{made[folder]}"
        yield f"{folder}{stem}{ordinal}.parquet"
