"""Spark on two cores, a bucket, and what DuckDB made of the same files.

The environment says where they are: `TOPLINE_ANSWERS` is a folder that `test/spark/answers.ts`
wrote; how Spark reaches the bucket is in `PYSPARK_SUBMIT_ARGS`.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from topline_glue.aws import ObjectStore, s3_client
from topline_glue.plan import Plan, parse_plan
from topline_glue.spark import spark_session

from .bench import Bench

BUCKET = "topline"


@pytest.fixture(scope="session")
def answers() -> Path:
    return Path(os.environ["TOPLINE_ANSWERS"])


@pytest.fixture(scope="session")
def plan(answers: Path) -> Plan:
    """Topline's own, and a custom KPI that reads users."""
    return parse_plan(_json(answers / "plan.json"), "plan.json")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    with spark_session() as spark:
        yield spark


@pytest.fixture
def bench(spark: SparkSession, plan: Plan) -> Iterator[Bench]:
    bench = Bench(spark, ObjectStore(s3_client(), BUCKET), BUCKET, plan)
    yield bench
    bench.close()


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
