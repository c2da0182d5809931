"""Spark as this job wants it. Where objects lie, and who may read them, is not its business."""

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession

SETTINGS: Mapping[str, str] = {
    # Timestamps of the zone are UTC: no text is read or written in another zone.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    # INT96, Spark's own default, comes back without a zone elsewhere.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.writeLegacyFormat": "false",
    "spark.sql.parquet.compression.codec": "snappy",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    # The plan's SQL is written for casts that yield NULL, and for decimals as DuckDB has them.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.legacy.charVarcharAsString": "false",
    "spark.sql.parser.quotedRegexColumnNames": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    # What cannot be read is a fault, never fewer rows.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    # Telling which of its encodings is shortest costs Spark more than the bytes.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.coalescePartitions.enabled": "true",
}
"""What figures and files depend on; each can be set while Spark runs."""


@contextmanager
def spark_session() -> Iterator[SparkSession]:
    """Spark for as long as the job runs."""
    builder = SparkSession.builder.appName("topline")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def own_session(spark: SparkSession) -> SparkSession:
    """A session with relations and settings of its own, on the same Spark."""
    session = spark.newSession()
    for key, value in SETTINGS.items():
        session.conf.set(key, value)
    return session


def engine_name(spark: SparkSession) -> str:
    """What runs: in every report and commit."""
    java = spark.sparkContext._jvm.java.lang.System.getProperty("java.version")
    return f"spark {spark.version} (java {java}, python {platform.python_version()})"


def fit_partitions(spark: SparkSession, data_bytes: int) -> None:
    """As many shuffle partitions as the data wants: the default of 200 is slow on little."""
    cores = spark.sparkContext.defaultParallelism
    partitions = max(cores, min(_MOST_PARTITIONS, data_bytes // _PARTITION_BYTES + 1))
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions))


_PARTITION_BYTES = 32 * 1024**2
_MOST_PARTITIONS = 8_000
