"""Lines as records, judged by the plan's SQL, and counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from topline_glue.model import Source
from topline_glue.plan import DatasetPlan
from topline_glue.relations import times_read
from topline_glue.spark.lines import KEPT, MAX_LINE
from topline_glue.spark.staging import Staged
from topline_glue.spark.workspace import release, settled

JOINS_LINES = frozenset({"songs", "users"})
"""Datasets of which a record may have several lines."""

BLOCK_BITS = 33
"""`monotonically_increasing_id` numbers the rows of a partition in so many bits."""


def staged_lines(frame: DataFrame, sources: Sequence[str]) -> DataFrame:
    """The lines of staged sources, numbered from 1."""
    own = frame.where(f.col("first") > 0).where(f.col("source").isin(list(sources)))
    lines = own.select("source", "first", f.posexplode(f.split("lines", "\n")).alias("at", "line"))
    return lines.select("source", (f.col("first") + f.col("at")).alias("n"), "line")


def plain_lines(spark: SparkSession, paths: Mapping[str, str], block_bytes: int) -> DataFrame:
    """The lines of objects as they lie, in as many parts as Spark likes.

    `paths` gives the path of each source; `block_bytes` is the least that Spark cuts a file into.
    Rows of a block are numbered one by one, blocks in their order: `n` orders all of a source.
    """
    text = spark.read.option("recursiveFileLookup", "true").text(list(paths.values()))
    found = text.select(
        f.col("value"),
        f.col("_metadata.file_path").alias("path"),
        f.col("_metadata.file_block_start").alias("start"),
    ).where(f.col("value") != "")
    block = f.shiftleft(f.expr(f"start DIV {block_bytes}"), BLOCK_BITS)
    row = f.monotonically_increasing_id().bitwiseAND(f.lit((1 << BLOCK_BITS) - 1))
    numbered = found.select("value", "path", block.bitwiseOR(row).alias("n"))
    known = spark.createDataFrame([(p, s) for s, p in paths.items()], "path STRING, source STRING")
    return numbered.join(f.broadcast(known), "path").select(
        "source", "n", f.expr(_HELD).alias("line")
    )


_HELD = f"""CASE
  WHEN octet_length(value) > {MAX_LINE} THEN concat(
    chr(0), 'c', CAST(octet_length(value) AS STRING), ':',
    CAST(substring(CAST(value AS BINARY), 1, {KEPT}) AS STRING))
  WHEN substring(value, 1, 1) = chr(0) THEN concat(chr(0), 'r', value)
  ELSE value END"""
"""A line as `lines` has it: marked where it is too long, or could pass for one that is marked."""


def judge(
    spark: SparkSession,
    dataset: DatasetPlan,
    lines: DataFrame,
    sources: Sequence[Source],
    staged: Mapping[str, Staged],
) -> DataFrame:
    """The records of the lines, kept for as long as they are needed."""
    lines.createOrReplaceTempView("lines")
    _heads(spark, dataset, sources, staged).createOrReplaceTempView("heads")
    texts = [*(relation.sql for relation in dataset.relations), dataset.sql]
    kept = []
    try:
        for relation in dataset.relations:
            rows = spark.sql(relation.sql)
            # Spark computes anew what a text names, as often as it does.
            if sum(times_read(text, relation.name) for text in texts) > 1:
                rows = settled(rows)
                kept.append(rows)
            rows.createOrReplaceTempView(relation.name)
        return settled(spark.sql(dataset.sql))
    finally:
        for rows in kept:
            release(rows)
        for relation in dataset.relations:
            spark.catalog.dropTempView(relation.name)


def _heads(
    spark: SparkSession,
    dataset: DatasetPlan,
    sources: Sequence[Source],
    staged: Mapping[str, Staged],
) -> DataFrame:
    columns = [column.name for column in dataset.columns]
    rows = [
        (
            source.source_id,
            source.head.record,
            source.head.width,
            source.source_id in staged and staged[source.source_id].is_plain,
            *(source.head.positions[name] + 1 for name in columns),
        )
        for source in sources
    ]
    positions = "".join(f", p_{name} INT" for name in columns)
    schema = f"source STRING, header STRING, width INT, is_plain BOOLEAN{positions}"
    return f.broadcast(spark.createDataFrame(rows, schema))


@dataclass(frozen=True)
class Block:
    """Rows of a source that lie one after another, by the least of their numbers."""

    first: int
    records: int


@dataclass
class Counted:
    """The records of one source."""

    has_header: bool
    records: int
    """The header not counted."""
    quarantined: dict[str, int]
    blocks: list[Block]
    """In the source's order; the header counted."""


def count_records(judged: DataFrame) -> dict[str, Counted]:
    """By source; a source without a line is not there."""
    block = f.shiftright("n", BLOCK_BITS).alias("block")
    rows = (
        judged.groupBy("source", block, "reason", "is_header")
        .agg(f.count("*").alias("records"), f.min("n").alias("first"))
        .collect()
    )
    by_source: dict[str, list] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    return {source: _counted(own) for source, own in by_source.items()}


def _counted(rows: Sequence) -> Counted:
    quarantined: dict[str, int] = {}
    blocks: dict[int, Block] = {}
    header = min((row.first for row in rows if row.is_header), default=None)
    for row in rows:
        one = blocks.get(row.block, Block(row.first, 0))
        blocks[row.block] = Block(min(one.first, row.first), one.records + row.records)
        # One record that equals the header is the header.
        count = row.records - (row.is_header and row.first == header)
        if row.reason is not None and count > 0:
            quarantined[row.reason] = quarantined.get(row.reason, 0) + count
    records = sum(row.records for row in rows) - (header is not None)
    in_order = [blocks[block] for block in sorted(blocks)]
    return Counted(header is not None, records, quarantined, in_order)
