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


def fit_to(spark: SparkSession, data_bytes: int) -> None:
    """Has Spark go about as much data as there is: by default it is slow on little."""
    is_little = data_bytes < _LITTLE_BYTES
    cores = spark.sparkContext.defaultParallelism
    partitions = max(cores, min(_MOST_PARTITIONS, data_bytes // _PARTITION_BYTES + 1))
    spark.conf.set("spark.sql.shuffle.partitions", "1" if is_little else str(partitions))
    for key, value in (_ON_LITTLE if is_little else _ON_MUCH).items():
        spark.conf.set(key, value)


def is_fit_to_little(spark: SparkSession) -> bool:
    return spark.conf.get("spark.sql.adaptive.enabled") == "false"


_LITTLE_BYTES = 4 * 1024**2
_PARTITION_BYTES = 32 * 1024**2
_MOST_PARTITIONS = 8_000

_ON_MUCH: Mapping[str, str] = {
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
}
_ON_LITTLE: Mapping[str, str] = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Planning anew after every stage, and compiling each of them, outlast the work on little."""
