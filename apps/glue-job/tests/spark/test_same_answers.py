"""Spark's verdicts, quarantine, rows and figures are DuckDB's, to the last digit."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from topline_glue.aws import ObjectStore, s3_client
from topline_glue.model import DateFigures, Source, Verdict
from topline_glue.plan import Limits, Plan
from topline_glue.spark import SparkEngine

from .bench import Bench, source_of
from .conftest import BUCKET

COUNTS = ("listens", "duplicates", "unknown_tracks", "unknown_users")


def told(answers: Path, name: str) -> Any:
    return json.loads((answers / name).read_text(encoding="utf-8"))


def placed(bench: Bench, answers: Path, source: Mapping[str, Any]) -> Source:
    suffix = ".csv.gz" if source["compression"] == "gzip" else ".csv"
    key = f"runs/{bench.run}/input/{source['sourceId']}{suffix}"
    bench.store.put(key, (answers / "input" / source["sourceId"]).read_bytes())
    return source_of(source, key)


class Files:
    """All files in one session, as a run has them."""

    def __init__(self, bench: Bench, answers: Path) -> None:
        document = told(answers, "files.json")
        limits = document["limits"]
        self.answers = document["answers"]
        self.sources = [placed(bench, answers, one["source"]) for one in self.answers]
        self.engine = bench.open()
        self.verdicts = self.engine.ingest(
            self.sources, Limits(limits["maxSourceBytes"], limits["maxQuarantineRatio"])
        )
        bench.write(self.engine)


@pytest.fixture(scope="module")
def files_bench(spark: SparkSession, plan: Plan):
    bench = Bench(spark, ObjectStore(s3_client(), BUCKET), BUCKET, plan)
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def files(files_bench: Bench, answers: Path) -> Files:
    return Files(files_bench, answers)


def test_every_verdict(files: Files):
    found = {
        one["name"]: spoken(verdict)
        for one, verdict in zip(files.answers, files.verdicts, strict=True)
    }
    assert found == {one["name"]: counted(one["verdict"]) for one in files.answers}


def test_every_accepted_row(files: Files, files_bench: Bench):
    rows: dict[str, Counter] = {one["source"]["sourceId"]: Counter() for one in files.answers}
    for table, live in files_bench.zone.items():
        for row in files_bench.rows_of(table, live):
            value = row.asDict()
            source = value.pop("source_id")
            value.pop("intake", None)
            if table == "streams":
                value["listen_time"] = str(micros(value["listen_time"]))
            rows[source][tuple(value.values())] += 1
    for one in files.answers:
        expected = Counter(tuple(row) for row in one["rows"])
        assert rows[one["source"]["sourceId"]] == expected, one["name"]


def test_every_row_of_the_quarantine(files: Files, files_bench: Bench):
    for one, source, verdict in zip(files.answers, files.sources, files.verdicts, strict=True):
        if any(verdict.quarantined.values()):
            found = files_bench.quarantine_text(files.engine, source)
            assert found.splitlines() == one["quarantine"].splitlines(), one["name"]
            assert found == one["quarantine"], one["name"]
        else:
            assert one["quarantine"] == ""


def micros(time) -> int:
    since = time.replace(tzinfo=UTC).timestamp()
    return round(since) * 1_000_000 + time.microsecond if time.microsecond == 0 else whole(time)


def whole(time) -> int:
    return round(time.replace(microsecond=0, tzinfo=UTC).timestamp()) * 1_000_000 + time.microsecond


def spoken(verdict: Verdict) -> dict[str, Any]:
    refused = None if verdict.refused is None else vars(verdict.refused)
    return {
        "sourceId": verdict.source_id,
        "records": verdict.records,
        "accepted": verdict.accepted,
        "quarantined": verdict.quarantined,
        "refused": refused,
    }


def counted(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Bigints are text in JSON."""
    quarantined = {reason: int(count) for reason, count in verdict["quarantined"].items()}
    numbers = {name: int(verdict[name]) for name in ("records", "accepted")}
    return {**verdict, **numbers, "quarantined": quarantined}


def test_figures_rows_and_touched_dates_after_each_intake(bench: Bench, answers: Path):
    for state in told(answers, "history.json"):
        before = {table: list(files) for table, files in bench.zone.items()}
        engine = bench.open()
        sources = [placed(bench, answers, source) for source in state["sources"]]
        engine.ingest(sources, Limits(1 << 30, 1.0))
        bench.write(engine)
        for touched in state["touched"]:
            found = engine.dates_touched(before, bench.zone, touched["views"])
            assert found == touched["dates"]
        figures, violations = engine.compute(bench.zone, state["dates"])
        assert violations == []
        assert figures == [
            DateFigures(one["date"], *(int(one[name]) for name in COUNTS))
            for one in state["figures"]
        ]
        check_rows(engine, bench.plan, state["rows"])


def check_rows(engine: SparkEngine, plan: Plan, expected: list[Mapping[str, Any]]) -> None:
    tables = {table.name: table for table in plan.tables}
    for one in expected:
        table = tables[one["table"]]
        integers = [column.name for column in table.columns if column.type == "integer"]
        rows = [row | {name: int(row[name]) for name in integers} for row in one["rows"]]
        found = engine.rows(table, one["date"])
        assert found == rows, f"{table.name} of {one['date']}"
        assert [[type(value) for value in row.values()] for row in found] == [
            [type(value) for value in row.values()] for row in rows
        ]
