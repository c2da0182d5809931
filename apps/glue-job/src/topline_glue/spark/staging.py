"""Sources that one task each streams from the store: gzip, and those whose records may have lines.

Their lines come as texts of many lines, which Spark takes apart itself: a row a line would cost
Python more than all the rest.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import DataFrame

from topline_glue.aws import ObjectStore, s3_client
from topline_glue.errors import ToplineError
from topline_glue.model import Refusal, Source
from topline_glue.spark.gunzip import DamagedGzip, gunzip
from topline_glue.spark.lines import LineCleaner
from topline_glue.spark.verdict import damaged_gzip, too_large
from topline_glue.spark.workspace import Workspace

_READ_BYTES = 1024 * 1024
_SCHEMA = "source STRING, first BIGINT, lines STRING"
"""`first` numbers the first of the lines, from 1; at 0 `lines` is the source's outcome."""


@dataclass(frozen=True)
class Staged:
    """What staging found out about a source."""

    lines: int
    is_plain: bool
    refused: Refusal | None


@dataclass(frozen=True)
class StagedLines:
    """`frame` has the schema above, kept on disks until it is released; `None` of no source."""

    frame: DataFrame | None
    outcomes: Mapping[str, Staged]

    def release(self) -> None:
        if self.frame is not None:
            self.frame.unpersist()


def stage(work: Workspace, sources: Sequence[Source], max_bytes: int) -> StagedLines:
    """Streams each source once. Raises what the store raised."""
    if not sources:
        return StagedLines(None, {})
    spark, bucket = work.spark, work.bucket.name
    rdd = spark.sparkContext.parallelize(sources, len(sources)).flatMap(
        lambda source: staged_rows(ObjectStore(s3_client(), bucket), source, max_bytes)
    )
    frame = spark.createDataFrame(rdd, _SCHEMA, verifySchema=False)
    if len(sources) < work.cores:
        # The lines of a few large sources are judged by many tasks all the same.
        frame = frame.repartition(work.cores, "source", "first")
    frame = frame.persist(StorageLevel.DISK_ONLY)
    with work.at("staging lines"):
        rows = frame.where("first = 0").select("source", "lines").collect()
    return StagedLines(frame, {row.source: _outcome(json.loads(row.lines)) for row in rows})


def staged_rows(
    store: ObjectStore, source: Source, max_bytes: int
) -> Iterator[tuple[str, int, str]]:
    """The rows of one source; the last is its outcome. Runs where Spark's tasks do."""
    found = {"lines": 0, "is_plain": True, "refused": None, "fault": None}
    cleaner = LineCleaner()
    read = 0

    def numbered(all_lines: Iterator) -> Iterator[tuple[str, int, str]]:
        for lines in all_lines:
            yield source.source_id, found["lines"] + 1, lines.text
            found["lines"] += lines.count
            found["is_plain"] = found["is_plain"] and lines.is_plain

    try:
        for piece in _pieces(store, source):
            read += len(piece)
            if read > max_bytes:
                found["refused"] = vars(too_large(source.key, max_bytes))
                break
            yield from numbered(cleaner.push(piece))
        else:
            yield from numbered(cleaner.end())
    except DamagedGzip as damage:
        found["refused"] = vars(damaged_gzip(source.key, str(damage)))
    except ToplineError as error:
        # As data, since Spark makes text of what a task raises.
        found["fault"] = [error.code, error.message, error.is_retryable]
    yield source.source_id, 0, json.dumps(found)


def _pieces(store: ObjectStore, source: Source) -> Iterator[bytes]:
    with store.open(source.input_key) as body:
        raw = iter(lambda: body.read(_READ_BYTES), b"")
        yield from gunzip(raw, body.size) if source.compression == "gzip" else raw


def _outcome(found: Mapping) -> Staged:
    if found["fault"] is not None:
        code, message, is_retryable = found["fault"]
        raise ToplineError(code, message, is_retryable=is_retryable)
    refused = None if found["refused"] is None else Refusal(**found["refused"])
    return Staged(found["lines"], found["is_plain"], refused)
