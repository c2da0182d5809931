"""The rows of a source that were not accepted, as JSON lines in the store."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Protocol

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as f

from topline_glue.aws import ObjectStore, s3_client
from topline_glue.errors import ToplineError
from topline_glue.spark.lines import text_as_read
from topline_glue.spark.records import Block

_PART_BYTES = 64 * 1024**2
"""After so many the rows go on in another object."""


class _Row(Protocol):
    n: int
    record: int | None
    reason: str
    line: bytes


class RecordNumbers:
    """Numbers the lines of a source where each is a record; the header, the first, has 0."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._firsts = [block.first for block in blocks]
        self._before = [0, *accumulate(block.records for block in blocks)]

    def of(self, n: int) -> int:
        block = bisect_right(self._firsts, n) - 1
        return self._before[block] + n - self._firsts[block]


def write_quarantined(
    judged: DataFrame, bucket: str, key: str, prefix: str, blocks: Sequence[Block] | None
) -> list[str]:
    """Writes `<prefix>part-<n>.jsonl` in one task, in the source's order.

    `judged` holds the records of this source alone, which producers call `key`. `blocks` number
    them where each is a line; where not, they are counted. Returns the keys.
    """
    record = f.lit(None).cast("bigint")
    if blocks is None:
        record = (f.row_number().over(Window.partitionBy("source").orderBy("n")) - 1).cast("bigint")
    rows = (
        judged.withColumn("record", record)
        .where(f.col("reason").isNotNull())
        .select("n", "record", "reason", f.col("line").cast("binary").alias("line"))
        .repartition(1)
        .sortWithinPartitions("n")
    )
    numbers = None if blocks is None else RecordNumbers(blocks)

    def write(partition: Iterable[_Row]) -> Iterator[tuple[str, object]]:
        store = ObjectStore(s3_client(), bucket)
        return _written(store, prefix, json_lines(partition, key, numbers))

    written = rows.rdd.mapPartitions(write).collect()
    for kind, found in written:
        if kind == "fault":
            code, message, is_retryable = found
            raise ToplineError(code, message, is_retryable=is_retryable)
    return [found for _, found in written]


def json_lines(rows: Iterable[_Row], key: str, numbers: RecordNumbers | None) -> Iterator[bytes]:
    """Each as `JSON.stringify` writes it, with its LF."""
    for row in rows:
        record = row.record if numbers is None else numbers.of(row.n)
        if record == 0:
            continue
        text = text_as_read(bytes(row.line))
        told = {"key": key, "record": record, "reason": row.reason, "text": text}
        yield json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _written(
    store: ObjectStore, prefix: str, lines: Iterator[bytes]
) -> Iterator[tuple[str, object]]:
    try:
        for number, part in enumerate(parts(lines), start=1):
            key = f"{prefix}part-{number}.jsonl"
            store.put(key, part, content_type="application/x-ndjson")
            yield "key", key
    except ToplineError as error:
        yield "fault", (error.code, error.message, error.is_retryable)


def parts(lines: Iterable[bytes], part_bytes: int = _PART_BYTES) -> Iterator[bytes]:
    """Lines, as many together as one object holds."""
    part = bytearray()
    for line in lines:
        part += line
        if len(part) >= part_bytes:
            yield bytes(part)
            part = bytearray()
    if part:
        yield bytes(part)
