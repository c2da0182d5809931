"""Copies → clean lines → records, judged by the plan's SQL → a verdict on each source."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

from topline_glue.layout import DATASETS
from topline_glue.model import Refusal, Source, Verdict
from topline_glue.plan import Limits
from topline_glue.spark.records import (
    JOINS_LINES,
    Block,
    Counted,
    count_records,
    judge,
    plain_lines,
    staged_lines,
)
from topline_glue.spark.session import fit_to
from topline_glue.spark.staging import Staged, StagedLines, stage
from topline_glue.spark.verdict import header_gone, lost, refused_unread, too_large, verdict_of
from topline_glue.spark.workspace import Workspace


@dataclass(frozen=True)
class Ingested:
    source: Source
    verdict: Verdict
    blocks: Sequence[Block] | None
    """By which its records are numbered; absent where they are not lines, or were not read."""


@dataclass(frozen=True)
class Intake:
    sources: Sequence[Ingested]
    """In the order of the sources given."""
    judged: Mapping[str, DataFrame]
    """The records of each dataset, kept until they are released."""


def ingest_sources(work: Workspace, sources: Sequence[Source], limits: Limits) -> Intake:
    """Raises `STATE_CORRUPT` for a copy without its header; `OBJECT_NOT_FOUND`."""
    fit_to(work.spark, sum(_text_bytes(source) for source in sources))
    refused = {
        source.source_id: too_large(source.key, limits.max_source_bytes)
        for source in sources
        if _is_plain(source) and source.size > limits.max_source_bytes
    }
    tasks = [source for source in sources if not _is_plain(source)]
    staged = stage(work, tasks, limits.max_source_bytes)
    for source_id, outcome in staged.outcomes.items():
        if outcome.refused is not None:
            refused[source_id] = outcome.refused
    judged: dict[str, DataFrame] = {}
    counted: dict[str, Counted] = {}
    try:
        for dataset in DATASETS:
            own = [one for one in sources if one.dataset == dataset]
            own = [one for one in own if one.source_id not in refused]
            if own:
                judged[dataset] = _judged(work, dataset, own, staged)
        with ThreadPoolExecutor(len(DATASETS)) as pool:
            for counts in pool.map(lambda item: _counted(work, *item), judged.items()):
                counted |= counts
    finally:
        staged.release()
    ingested = [_ingested(source, refused, counted, staged.outcomes, limits) for source in sources]
    return Intake(ingested, judged)


def _text_bytes(source: Source) -> int:
    """About: what gzip holds shows at its end."""
    return source.size * (1 if source.compression == "none" else _INFLATION)


_INFLATION = 20
"""More than gzip makes of most texts: what is much and passes for little is slow."""


def _is_plain(source: Source) -> bool:
    """Spark reads it as it lies, in as many parts as it likes."""
    return source.compression == "none" and source.dataset not in JOINS_LINES


def _judged(
    work: Workspace, dataset: str, sources: Sequence[Source], staged: StagedLines
) -> DataFrame:
    ids = [one.source_id for one in sources if one.source_id in staged.outcomes]
    paths = {
        one.source_id: work.bucket.url(one.input_key)
        for one in sources
        if one.source_id not in staged.outcomes
    }
    with work.at(f"the records of {dataset}"):
        lines = []
        if paths:
            lines.append(plain_lines(work.spark, paths, _least_block(work.spark)))
        if ids:
            assert staged.frame is not None
            lines.append(staged_lines(staged.frame, ids))
        all_lines = reduce(DataFrame.unionAll, lines)
        return judge(work.spark, work.plan.datasets[dataset], all_lines, sources, staged.outcomes)


def _counted(work: Workspace, dataset: str, records: DataFrame) -> dict[str, Counted]:
    with work.at(f"the records of {dataset}"):
        return count_records(records)


def _ingested(
    source: Source,
    refused: Mapping[str, Refusal],
    counted: Mapping[str, Counted],
    staged: Mapping[str, Staged],
    limits: Limits,
) -> Ingested:
    source_id = source.source_id
    if source_id in refused:
        return Ingested(source, refused_unread(source_id, refused[source_id]), None)
    found = counted.get(source_id)
    if found is None or not found.has_header:
        raise header_gone(source)
    verdict = verdict_of(source, found.records, found.quarantined, limits)
    if source_id not in staged:
        return Ingested(source, verdict, found.blocks)
    lines = staged[source_id].lines
    is_linewise = lines == found.records + 1
    if not is_linewise and source.dataset not in JOINS_LINES:
        raise lost(source, lines, found.records + 1)
    return Ingested(source, verdict, found.blocks if is_linewise else None)


def _least_block(spark: SparkSession) -> int:
    """The least of bytes that Spark cuts a file into, but for its end."""
    return min(_bytes_of(spark, name) for name in ("maxPartitionBytes", "openCostInBytes"))


def _bytes_of(spark: SparkSession, name: str) -> int:
    utils = spark.sparkContext._jvm.org.apache.spark.network.util.JavaUtils
    return utils.byteStringAsBytes(spark.conf.get(f"spark.sql.files.{name}"))
