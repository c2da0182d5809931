"""Files as tests write them down, engines over them, and the zone that grows from them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from pyspark.sql import Row, SparkSession

from topline_glue.aws import ObjectStore
from topline_glue.layout import DATASETS, zone_folder
from topline_glue.model import DataFile, Head, Source, Verdict
from topline_glue.plan import Limits, Plan
from topline_glue.spark import SparkEngine

HEADERS = {
    "songs": "track_id,artists,album_name,track_name,duration_ms,track_genre",
    "users": "user_id,user_name,user_age,user_country,created_at",
    "streams": "user_id,track_id,listen_time",
}

LENIENT = Limits(1 << 30, 1.0)


def csv(dataset: str, *records: str) -> bytes:
    return "".join(f"{line}\n" for line in (HEADERS[dataset], *records)).encode()


class Bench:
    """Engines on one Spark; every key that it makes is its own."""

    def __init__(self, spark: SparkSession, store: ObjectStore, bucket: str, plan: Plan) -> None:
        self.spark = spark
        self.store = store
        self.bucket = bucket
        self.plan = plan
        self.run = f"t-{uuid4().hex}"
        self.zone: dict[str, list[DataFile]] = {table: [] for table in DATASETS}
        self._engines: list[SparkEngine] = []
        self._intake = 0
        self._placed = 0

    def open(self, plan: Plan | None = None) -> SparkEngine:
        engine = SparkEngine(self.spark, self.store, self.bucket, plan or self.plan)
        self._engines.append(engine)
        return engine

    def close(self) -> None:
        for engine in self._engines:
            engine.close()

    def place(
        self, dataset: str, data: bytes, compression: str = "none", source_id: str | None = None
    ) -> Source:
        """A source whose header is that of `HEADERS`."""
        self._placed += 1
        source_id = source_id or f"{self.run[-12:]}{self._placed:04}"
        key = f"runs/{self.run}/input/{source_id}.csv{'.gz' if compression == 'gzip' else ''}"
        self.store.put(key, data)
        return Source(
            source_id,
            dataset,
            f"raw-data/{source_id}.csv",
            key,
            compression,
            len(data),
            head_of(HEADERS[dataset]),
        )

    def take(self, *sources: Source, limits: Limits = LENIENT) -> list[Verdict]:
        """One intake in a session of its own: verdicts, and the zone grown by what was accepted."""
        engine = self.open()
        verdicts = engine.ingest(sources, limits)
        self.write(engine)
        return verdicts

    def write(self, engine: SparkEngine) -> None:
        self._intake += 1
        for table in DATASETS:
            stem = f"{self.run}-{self._intake}"
            self.zone[table].extend(engine.write_rows(table, stem, self._intake))

    def rows_of(self, table: str, files: Sequence[DataFile]) -> list[Row]:
        """As they lie in the files."""
        urls = [f"s3://{self.bucket}/{zone_folder(table)}{file.path}" for file in files]
        read = self.spark.read.option("recursiveFileLookup", "true")
        return read.parquet(*urls).collect() if urls else []

    def quarantine(self, engine: SparkEngine, source: Source) -> list[Mapping[str, Any]]:
        return [json.loads(line) for line in self.quarantine_text(engine, source).splitlines()]

    def quarantine_text(self, engine: SparkEngine, source: Source) -> str:
        keys = engine.write_quarantine(source.source_id, f"quarantine/{source.source_id}/")
        return "".join(self.store.read(key).decode() for key in keys)


def head_of(record: str) -> Head:
    names = record.split(",")
    return Head(record, len(names), {name: at for at, name in enumerate(names)})


def source_of(told: Mapping[str, Any], input_key: str) -> Source:
    """As `EngineSource` is in JSON."""
    head = told["head"]
    return Source(
        told["sourceId"],
        told["dataset"],
        told["key"],
        input_key,
        told["compression"],
        told["size"],
        Head(head["record"], head["width"], head["positions"]),
    )
